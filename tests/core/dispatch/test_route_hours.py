"""Which routes are open when."""

from datetime import UTC

from regwatch.core.dispatch.route_hours import RouteHours
from regwatch.core.dispatch.routing import Route
from regwatch.core.model import FAR_OFF, Timestamp
from regwatch.core.schedules import Hours, Schedule

MIDNIGHT = 1_700_006_400.0
"""The first of a Wednesday, UTC."""
OFFICE = Schedule("office", frozenset(range(7)), (Hours(8 * 60, 18 * 60),), UTC)
LATE = Schedule("late", frozenset(range(7)), (Hours(17 * 60, 20 * 60),), UTC)
CHAT = Route(key="chat", receivers=("chat",), active=OFFICE)
DESK = Route(key="desk", receivers=("desk",), active=LATE)
REST = Route(key="rest", receivers=("pager",))


def clock(hour: float) -> Timestamp:
    return Timestamp(MIDNIGHT + 3600.0 * hour)


def keys(hours: RouteHours) -> str:
    return " ".join(route.key for route in hours.open)


def test_they_open_and_close_in_their_order_to_the_second() -> None:
    hours, told = RouteHours([CHAT, DESK, REST]), []
    at = clock(0)
    while at < clock(24):
        hours.look(at)
        told.append(((at - MIDNIGHT) / 3600.0, keys(hours)))
        assert not hours.look(at)
        assert not hours.look(Timestamp(hours.turns_at - 1.0))
        at = hours.turns_at
    assert told == [
        (0.0, "rest"),
        (8.0, "chat rest"),
        (17.0, "chat desk rest"),
        (18.0, "desk rest"),
        (20.0, "rest"),
    ]


def test_a_clock_that_is_set_back_opens_them_again() -> None:
    hours = RouteHours([CHAT, REST])
    hours.look(clock(19))
    assert keys(hours) == "rest"
    assert hours.look(clock(17))
    assert keys(hours) == "chat rest"


def test_at_any_other_moment_they_are_as_they_will_be() -> None:
    hours = RouteHours([CHAT, DESK, REST])
    hours.look(clock(3))
    assert [route.key for route in hours.at(clock(17.5))] == ["chat", "desk", "rest"]
    assert keys(hours) == "rest"


def test_without_hours_nothing_ever_turns() -> None:
    hours = RouteHours([REST])
    assert not hours.any
    assert not hours.look(clock(1))
    assert (hours.turns_at, keys(hours)) == (FAR_OFF, "rest")
