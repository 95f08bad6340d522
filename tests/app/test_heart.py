"""When the heart may beat, whatever the wall clock is set to."""

import pytest
from fakes.clocks import STEPS
from fakes.values import START, at

from regwatch.app.heart import Heart
from regwatch.core.heartbeat import STUCK_SECONDS, Pulse
from regwatch.core.model import AccountName, Instant


class Watcher:
    """Polls all the time."""

    def pulse(self, *, now: Instant) -> Pulse:
        return Pulse(AccountName("acme"), now, 60.0)


@pytest.mark.parametrize("step", STEPS)
def test_a_message_waits_as_long_as_it_does_though_the_clock_is_set(step: float) -> None:
    passed, set_by = 0.0, 0.0
    heart = Heart(
        clock=lambda: at(passed + set_by),
        steady=lambda: Instant(START + passed),
    )
    heart.look_at([Watcher()], every=60.0)
    heart.note_backlog({"chat": (1, at(0)), "pager": (0, None)})
    set_by, passed = step, STUCK_SECONDS - 1
    heart.note_backlog({"chat": (1, at(0)), "pager": (0, None)})
    assert heart.may_beat()
    passed = STUCK_SECONDS + 1
    heart.note_backlog({"chat": (1, at(0)), "pager": (0, None)})
    assert heart.problem() == "a message waits for chat since 10 min 1 s"
    heart.note_backlog({"chat": (0, None), "pager": (0, None)})
    assert heart.may_beat()


def test_what_was_made_in_the_future_waits_from_now_on() -> None:
    heart = Heart(clock=lambda: at(0), steady=lambda: Instant(START))
    heart.note_backlog({"chat": (1, at(5000))})
    assert heart.may_beat()


def test_where_a_bug_keeps_how_it_is_from_being_known_the_heart_is_silent() -> None:
    class Buggy:
        def pulse(self, *, now: Instant) -> Pulse:
            raise ZeroDivisionError

    met: list[Exception] = []
    heart = Heart(clock=lambda: at(0), steady=lambda: Instant(START), on_bug=met.append)
    heart.look_at([Buggy()], every=60.0)
    assert not heart.may_beat()
    assert heart.problem().startswith("how regwatch is cannot be known: ZeroDivisionError at ")
    assert [type(error) for error in met] == [ZeroDivisionError] * 2
