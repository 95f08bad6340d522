"""When the heart may beat, and what is said when it may not."""

import pytest
from fakes.values import ACME, at

from regwatch.core.heartbeat import Backlog, Pulse, silent_because
from regwatch.core.model import AccountName, Instant


def pulse(
    whole_poll: float | None, pause: float = 60.0, name: str = "acme", *, stalled: bool = False
) -> Pulse:
    moment = None if whole_poll is None else Instant(at(whole_poll))
    return Pulse(AccountName(name), moment, pause, stalled)


@pytest.mark.parametrize(
    ("pulses", "backlog", "reason"),
    [
        ([pulse(990)], {}, ""),
        ([pulse(880)], {}, ""),
        ([pulse(879)], {}, "no poll of acme was answered whole for 2 min 1 s"),
        ([pulse(800, pause=100)], {}, ""),
        ([pulse(None)], {}, "no poll of acme was answered whole yet"),
        ([pulse(990), pulse(100, name="b")], {}, "no poll of b was answered whole for 15 min"),
        ([pulse(990)], {"pager": (3, at(400)), "chat": (0, None)}, ""),
        ([pulse(990)], {"pager": (3, at(399))}, "a message waits for pager since 10 min 1 s"),
        ([pulse(990, stalled=True)], {}, "polling stands still for acme"),
        ([], {}, ""),
    ],
    ids=[
        "all well", "just in time", "too long ago", "in time at a slow pace", "not yet",
        "one of two accounts", "messages that wait a little", "a message that is stuck",
        "a plan that lost its way", "nothing to watch",
    ],
)  # fmt: skip
def test_when_the_heart_is_silent(pulses: list[Pulse], backlog: Backlog, reason: str) -> None:
    assert silent_because(pulses, backlog, every=60.0, now=at(1000)) == reason


def test_it_is_never_more_impatient_than_it_beats() -> None:
    seldom = silent_because([pulse(500, pause=10)], {}, every=600.0, now=at(1000))
    often = silent_because([pulse(500, pause=10)], {}, every=30.0, now=at(1000))
    assert (seldom, bool(often)) == ("", True)
    assert ACME in often
