"""What is wrong with an extension or one of its devices, from what is remembered of it."""

import pytest
from fakes.values import ACME, EVERY_ALERT, at, extension, registration
from msgspec.structs import replace

from regwatch.core.alerts.conditions import registration_lost
from regwatch.core.alerts.incidents import advance
from regwatch.core.alerts.presence_conditions import (
    DEVICE_FORGOTTEN_SECONDS,
    device_conditions,
    is_device_back,
    presence_condition,
)
from regwatch.core.model import AlertName, Incident, Registration, Watched
from regwatch.core.phones.identity import Track
from regwatch.core.phones.lateness import Lateness
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Loss, Memory

HELD = registration("uloc-1", ends=600)
HOUR = 3600.0


def loss(reason: str, held: Registration = HELD) -> Loss:
    return Loss(held, reason, at(0), at(60))


def alert_of(
    who: Watched, memory: Memory, *, is_awaited: bool = False, when: float = 60
) -> AlertName | None:
    found = presence_condition(ACME, who, memory, is_awaited=is_awaited, now=at(when))
    return None if found is None else found.alert


GONE = Watched(extension(1), first_answered_at=at(-9), last_registered_at=at(0))
NEVER = Watched(extension(1), first_answered_at=at(-9))
THERE = Watched(extension(1), first_answered_at=at(-9), registrations=(HELD,))


@pytest.mark.parametrize(
    ("who", "memory", "alert"),
    [
        pytest.param(THERE, NOTHING_REMEMBERED, None, id="registered: nothing"),
        pytest.param(Watched(extension(1)), NOTHING_REMEMBERED, None, id="never answered: nothing"),
        pytest.param(NEVER, NOTHING_REMEMBERED, AlertName.NEVER_REGISTERED, id="never there"),
        pytest.param(GONE, NOTHING_REMEMBERED, None, id="gone, and nobody knows how: nothing"),
        pytest.param(GONE, Memory(loss=loss("expired")), AlertName.EXTENSION_LOST, id="ran out"),
        pytest.param(
            GONE, Memory(loss=loss("unregistered")), AlertName.SIGNED_OFF, id="good-bye"
        ),
        pytest.param(GONE, Memory(loss=loss("deleted")), None, id="deleted: it may yet return"),
        pytest.param(
            GONE, Memory(loss=loss("deleted", replace(HELD, lease_ends_at=None))),
            AlertName.EXTENSION_LOST, id="deleted, and no lease to wait for",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_extension(
    who: Watched, memory: Memory, alert: AlertName | None
) -> None:
    assert alert_of(who, memory) is alert
    assert alert_of(who, memory, is_awaited=True) in (None, AlertName.NEVER_REGISTERED)


def test_one_that_we_deleted_is_lost_when_its_lease_would_have_ended() -> None:
    memory = Memory(loss=loss("deleted"))
    assert alert_of(GONE, memory, when=599) is None
    assert alert_of(GONE, memory, when=600) is AlertName.EXTENSION_LOST


def test_never_registered_counts_from_the_first_answer() -> None:
    found = presence_condition(ACME, NEVER, NOTHING_REMEMBERED, is_awaited=False, now=at(0))
    assert found is not None
    assert found.since == at(-9)


@pytest.mark.parametrize(
    ("reason", "is_told"),
    [("expired", True), ("unregistered", True), ("deleted", False), ("forgotten", False)],
)
def test_of_several_devices_only_a_loss_that_nobody_meant_is_told(
    reason: str, is_told: bool
) -> None:
    found = list(device_conditions(ACME, THERE, [loss(reason)], []))
    assert [each.alert for each in found] == [AlertName.REGISTRATION_LOST] * is_told


def test_a_late_device_keeps_its_subject_for_the_loss_it_may_become() -> None:
    late = Lateness(HELD, at(331), at(400), "late")
    (found,) = device_conditions(ACME, THERE, [], [("registration:1/uloc-1", late)])
    assert (found.alert, found.subject) == (AlertName.REFRESH_OVERDUE, "registration:1/uloc-1")


def told() -> Incident:
    """That a device is gone."""
    condition = registration_lost(ACME, THERE, loss("expired"))
    incident = advance(
        None, condition, EVERY_ALERT, account=ACME, recover_after=0.0, now=at(60)
    ).incident
    assert incident is not None
    return incident


@pytest.mark.parametrize(
    ("found", "seen", "is_back"),
    [
        pytest.param(registration("new"), 61, True, id="the same device came since"),
        pytest.param(registration("new"), 60, False, id="its twin was there all the time"),
        pytest.param(registration("new"), None, True, id="it came with this very answer"),
        pytest.param(registration("new", device="Linphone/5.2"), 61, False, id="another device"),
        pytest.param(
            registration("new", real="sip:198.51.100.1:5060"), 61, True, id="at the same contact"
        ),
        pytest.param(
            registration("new", contact="sip:101@10.0.0.9:5060"), 61, True,
            id="at the same public address",
        ),
        pytest.param(
            registration("new", real="sip:198.51.100.1:5060", contact="sip:101@10.0.0.9:5060"),
            61, False, id="at neither",
        ),
    ],
)  # fmt: skip
def test_a_device_is_back_once_one_like_it_came(
    found: Registration, seen: float | None, is_back: bool
) -> None:
    who = Watched(extension(1), registrations=(found,))
    tracks = {} if seen is None else {found.id: Track(at(seen), at(seen))}
    assert is_device_back(told(), who, Memory(tracks=tracks), at(HOUR)) is is_back


def test_after_a_day_a_device_is_no_longer_expected() -> None:
    incident, nobody = told(), Watched(extension(1))
    day = DEVICE_FORGOTTEN_SECONDS + (incident.started_at - at(0))
    assert not is_device_back(incident, nobody, NOTHING_REMEMBERED, at(day))
    assert is_device_back(incident, nobody, NOTHING_REMEMBERED, at(day + 1))
