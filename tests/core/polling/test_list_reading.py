"""When the list is read."""

import pytest

from regwatch.core.model import FAR_OFF, Instant, Listing
from regwatch.core.polling.list_reading import RETRY_SECONDS, ListRead, ListReading
from regwatch.core.polling.selection import Discovery


def test_at_once_and_then_again_and_again_never_twice_at_a_time() -> None:
    reading = ListReading(900.0)
    assert reading.due_at < 0
    reading.begin()
    assert reading.due_at == FAR_OFF
    reading.done(read_at=Instant(5.0))
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
    reading.done(read_at=Instant(5.0))
    reading.put_off(Instant(0.0), now=Instant(5.0))
    assert reading.due_at == FAR_OFF


@pytest.mark.parametrize(
    ("discovery", "now", "serves"),
    [
        pytest.param(Discovery(every_seconds=900.0), 904.0, True, id="it is fresh"),
        pytest.param(Discovery(every_seconds=900.0), 905.0, False, id="it is to be read again"),
        pytest.param(Discovery(every_seconds=60.0), 65.0, False, id="by now it is to be fresher"),
        pytest.param(Discovery(type="fax"), 6.0, False, id="it is of others"),
        pytest.param(Discovery(status=None), 6.0, False, id="it leaves some out"),
        pytest.param(None, 6.0, False, id="no list counts any more"),
    ],
)
def test_a_list_serves_who_comes_next_while_it_is_fresh(
    discovery: Discovery | None, now: float, serves: bool
) -> None:
    read = ListRead(Discovery(every_seconds=900.0), Listing((), complete=True), Instant(5.0))
    assert read.serves(discovery, now=Instant(now)) is serves
