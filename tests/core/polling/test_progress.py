"""When polling counts as standing still."""

from regwatch.core.model import Instant
from regwatch.core.polling.progress import GRACE_SECONDS, Progress


def test_it_stalls_once_the_grace_after_what_was_expected_is_over() -> None:
    progress = Progress()
    assert not progress.is_stalled(now=Instant(1e9)), "nothing was expected"
    progress.expect(Instant(100.0))
    assert not progress.is_stalled(now=Instant(100.0 + GRACE_SECONDS))
    assert progress.is_stalled(now=Instant(100.1 + GRACE_SECONDS))
    progress.expect(Instant(400.0))
    assert not progress.is_stalled(now=Instant(500.0))


def test_a_plan_that_lost_its_way_is_a_stall_at_once_until_it_finds_it() -> None:
    progress = Progress()
    progress.lose()
    assert progress.is_stalled(now=Instant(0.0))
    progress.expect_nothing()
    assert not progress.is_stalled(now=Instant(1e9))


def test_what_was_due_while_nobody_looked_is_late_by_that() -> None:
    progress = Progress()
    progress.slept(900.0)
    assert not progress.is_stalled(now=Instant(1e9)), "nothing was expected"
    progress.expect(Instant(100.0))
    progress.slept(900.0)
    assert not progress.is_stalled(now=Instant(1000.0 + GRACE_SECONDS))
    assert progress.is_stalled(now=Instant(1000.1 + GRACE_SECONDS))
