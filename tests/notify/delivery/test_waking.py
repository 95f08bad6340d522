"""What ends a pause early, and what does not."""

import pytest
from fakes.clocks import both
from fakes.notifications import NEW, NOW, RESOLVED
from fakes.waiting import Waiting, entry

from regwatch.core.model import FAR_OFF, Instant, Now, Severity
from regwatch.notify.delivery.waking import WAKES_AFTER, Waking
from regwatch.notify.errors import ReceiverUnavailableError

LATER = ReceiverUnavailableError("busy")
ASKED = ReceiverUnavailableError("busy", retry_after=40.0)
CAME = entry(1, "a", (NEW, 1))
"""A second after `NOW`."""


def now(seconds: float) -> Now:
    return both(NOW + seconds)


def woken(waking: Waking, *entries: Waiting, when: float = 2) -> float:
    return waking.at(entries, now=now(when)) - NOW


def test_something_critical_ends_a_pause_ten_seconds_after_it_came() -> None:
    waking = Waking()
    waking.failed(LATER, now=now(0).steady)
    assert woken(waking, CAME) == 1 + WAKES_AFTER
    assert woken(waking, entry(7, "b", (NEW, 2)), CAME) == 1 + WAKES_AFTER


def test_once_it_was_tried_since_then_the_pauses_are_as_they_were() -> None:
    waking = Waking()
    waking.failed(LATER, now=now(1 + WAKES_AFTER).steady)
    assert woken(waking, CAME, when=20) == FAR_OFF - NOW


def test_what_the_receiver_asked_to_wait_is_waited() -> None:
    waking = Waking()
    waking.failed(ASKED, now=now(0).steady)
    assert woken(waking, CAME) == 40


@pytest.mark.parametrize(
    "waiting",
    [
        pytest.param([], id="nothing"),
        pytest.param([entry(1, "a", (RESOLVED, 1))], id="an end"),
        pytest.param([entry(1, "a", (NEW, 1), attempts=1)], id="what was tried"),
        pytest.param([entry(1, "a", (NEW, 1), refused=-9)], id="what was refused"),
    ],
)
def test_all_else_waits(waiting: list[Waiting]) -> None:
    assert woken(Waking(), *waiting) == FAR_OFF - NOW


def test_the_clock_may_be_set_meanwhile() -> None:
    """What is stored is moved along before; that an attempt was made since stays known."""
    waking = Waking()
    waking.failed(LATER, now=Instant(NOW + 20))
    an_hour_ahead = Now(Instant(NOW + 30), both(NOW + 3630).wall)
    came = entry(3601, "a", (NEW, 1))
    assert came.notification.severity is Severity.CRITICAL
    assert waking.at([came], now=an_hour_ahead) == FAR_OFF
