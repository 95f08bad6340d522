import pytest
from fakes.clocks import both
from fakes.values import START, at

from regwatch.core.model import (
    Extension,
    ExtensionId,
    ExtensionState,
    Registration,
    RegistrationId,
    Timestamp,
    Watched,
)
from regwatch.core.phones.appointments import (
    CLEANUP_SECONDS,
    ROUNDING_SECONDS,
    next_appointment,
)
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.memory import Memory
from regwatch.core.polling.agenda import Appointment, Purpose

HALFWAY = Habit(
    refreshes=4, lease_low=600.0, lease_high=600.0, usual=300.0, earliest=299.0, latest=301.0
)
"""Refreshes every 300 of 600 seconds: 331 seconds after the last one it is late."""


def registration(name: str, ends_in: float | None) -> Registration:
    ends_at = None if ends_in is None else at(ends_in)
    return Registration(RegistrationId(name), "Phone", "", "", ends_at)


def watched(*registrations: Registration, **more: object) -> Watched:
    values = {"registrations": registrations, "state": ExtensionState.REGISTERED} | more
    return Watched(Extension(ExtensionId(1), "000*101"), **values)  # type: ignore[arg-type]


def appointment(
    of: Watched, habits: dict[str, Habit] | None = None, now: float = 0
) -> Appointment | None:
    return next_appointment(
        of,
        Memory(habits={RegistrationId(i): h for i, h in (habits or {}).items()}),
        DeviceModels(),
        now=both(at(now)),
    )


def test_without_a_habit_it_is_the_leases_end() -> None:
    assert appointment(watched(registration("a", 500))) == Appointment(at(500 + ROUNDING_SECONDS))


def test_a_known_habit_tells_earlier() -> None:
    found = appointment(watched(registration("a", 500)), {"a": HALFWAY})
    assert found == Appointment(at(500 - 600 + 301 + 30), purpose=Purpose.REFRESH)


def test_after_a_refresh_did_not_come_the_leases_end_is_firm() -> None:
    found = appointment(watched(registration("a", 200)), {"a": HALFWAY})
    assert found == Appointment(at(200 + ROUNDING_SECONDS), is_firm=True)


@pytest.mark.parametrize(("ago", "until"), [(0, CLEANUP_SECONDS), (1, 2), (10, 10), (60, 60)])
def test_a_lease_that_has_ended_and_is_still_shown_is_looked_after_less_and_less_often(
    ago: float, until: float
) -> None:
    found = appointment(watched(registration("a", -ago - ROUNDING_SECONDS)))
    assert found is not None
    assert found.at == pytest.approx(at(until), abs=ROUNDING_SECONDS)


def test_of_several_registrations_the_soonest_counts_and_a_permanent_one_does_not() -> None:
    found = appointment(
        watched(registration("a", 900), registration("b", 500), registration("c", None))
    )
    assert found == Appointment(at(500 + ROUNDING_SECONDS))


@pytest.mark.parametrize("state", [ExtensionState.REGISTERED, ExtensionState.UNREGISTERED])
def test_where_no_lease_is_known_nothing_is_foreseen(state: ExtensionState) -> None:
    assert appointment(watched(registration("a", None))) is None
    assert appointment(watched(state=state)) is None


@pytest.mark.parametrize(("away", "until"), [(0, 10), (100, 25), (3600, 120)])
def test_a_lost_one_is_looked_after_soon_at_first(away: float, until: float) -> None:
    last = Timestamp(START - away)
    found = appointment(watched(state=ExtensionState.LOST, last_registered_at=last))
    assert found == Appointment(at(until), purpose=Purpose.CONFIRMATION)
