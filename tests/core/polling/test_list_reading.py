"""When the list is read."""

import pytest

from regwatch.core.model import FAR_OFF, Instant
from regwatch.core.polling.list_reading import RETRY_SECONDS, ListReading


def test_at_once_and_then_again_and_again_never_twice_at_a_time() -> None:
    reading = ListReading(900.0)
    assert reading.due_at < 0
    reading.begin()
    assert reading.due_at == FAR_OFF
    reading.done(now=Instant(5.0))
    assert reading.due_at == 905.0


@pytest.mark.parametrize(("quiet_until", "due_at"), [(0.0, 5.0 + RETRY_SECONDS), (605.0, 605.0)])
def test_after_a_failure_soon_but_not_while_nothing_may_be_asked(
    quiet_until: float, due_at: float
) -> None:
    reading = ListReading(900.0)
    reading.put_off(Instant(quiet_until), now=Instant(5.0))
    assert reading.due_at == due_at


def test_never_where_none_is_to_be_read() -> None:
    reading = ListReading(None)
    reading.done(now=Instant(5.0))
    reading.put_off(Instant(0.0), now=Instant(5.0))
    assert reading.due_at == FAR_OFF
