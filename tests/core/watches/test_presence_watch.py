"""What an observation means for an extension: its state, since when, why, and what is told."""

from collections.abc import Sequence

import pytest
from fakes.values import ACME, EVERY_ALERT, answer, at, extension, registration
from msgspec.structs import replace

from regwatch.core.alerts.incidents import Decision
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.expectations import Expectations
from regwatch.core.model import AlertName, ExtensionState, Registration, Watched
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.identity import Track
from regwatch.core.phones.lateness import LatenessPolicy
from regwatch.core.phones.memory import Memory
from regwatch.core.phones.observation import Observation, compare
from regwatch.core.phones.roster import Roster
from regwatch.core.phones.warned import TrackRecord
from regwatch.core.watches.presence_watch import PresenceWatch
from regwatch.core.watches.restarts import Restarts

DESK = registration("uloc-1")
SOFT = registration("uloc-2", device="Zoiper 5", contact="sip:101@10.0.0.9")
Told = list[tuple[AlertName, Decision]]


ONE = extension(1).id


class Room:
    """One extension that holds these, looked at."""

    def __init__(self, *held: Registration, is_expected: bool = True, before_expiry: float = 0.0):
        self.roster, self.restarts = Roster(), Restarts()
        self.incidents = OpenIncidents(ACME, AlertRules(Rules(EVERY_ALERT)))
        self.watched = Watched(
            extension(1),
            state=ExtensionState.REGISTERED,
            answered_at=at(0),
            first_answered_at=at(0),
            registrations=held,
            last_registered_at=at(0) if held else None,
        )
        self.roster.add(self.watched, now=at(0))
        self.memory = Memory({each.id: Track(at(0), at(0)) for each in held})
        self.watch = PresenceWatch(
            ACME,
            LatenessPolicy(before_expiry=before_expiry),
            DeviceModels(),
            Expectations(is_expected),
            record=TrackRecord(),
            roster=self.roster,
            restarts=self.restarts,
            incidents=self.incidents,
        )

    def see(self, *held: Registration, when: float, is_mass: bool = False) -> Told:
        found = compare(replace(self.watched), self.memory, answer(1, *held, when=when))
        memory = self.restarts.excuse(found, DeviceModels(), is_mass=is_mass)
        found, self.memory = replace(found, memory=memory), memory
        self.roster.answer(self.watched, held, "", at(when))
        self.steps = list(self.watch.judge(self.watched, found, now=at(when)))
        return [(s.incident.alert, s.decision) for s in self.steps if s.incident is not None]

    @property
    def state(self) -> tuple[ExtensionState, str]:
        return self.watched.state, self.watched.reason


def test_one_that_is_there_is_told_of_in_no_way() -> None:
    room = Room(DESK)
    assert room.see(DESK, when=60) == []
    assert room.state == (ExtensionState.REGISTERED, "")


@pytest.mark.parametrize(
    ("when", "alert", "state", "since"),
    [
        pytest.param(
            60, AlertName.SIGNED_OFF, (ExtensionState.SIGNED_OFF, "unregistered"), 60,
            id="left before its lease ended: since it was seen",
        ),
        pytest.param(
            700, AlertName.EXTENSION_LOST, (ExtensionState.LOST, "ended_unseen"), 600,
            id="nobody looked: since its lease ended",
        ),
    ],
)  # fmt: skip
def test_one_that_is_gone_is_told(
    when: float, alert: AlertName, state: tuple[ExtensionState, str], since: float
) -> None:
    room = Room(DESK)
    assert room.see(when=when) == [(alert, Decision.FIRED)]
    assert room.state == state
    assert room.watched.since == at(since)
    assert room.see(DESK, when=when + 60) == [(alert, Decision.RESOLVED)]


@pytest.mark.parametrize(
    ("back", "because"),
    [
        (DESK, "it is there as it was: the PBX had left it out"),
        (registration("uloc-1", ends=1200), ""),
        (registration("uloc-5"), ""),
    ],
    ids=["the same entry, the same lease", "refreshed", "another entry"],
)
def test_one_that_is_back_as_it_was_had_been_left_out(back: Registration, because: str) -> None:
    room = Room(DESK)
    room.see(when=60)
    room.see(back, when=120)
    (over,) = room.steps
    assert over.incident is not None
    assert (over.decision, over.incident.resolution) == (Decision.RESOLVED, because)


def test_one_that_was_late_and_is_gone_with_its_lease_ran_out() -> None:
    room = Room(DESK)
    room.see(DESK, when=599)
    assert room.see(when=700) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]
    assert room.state == (ExtensionState.LOST, "expired")


def test_whom_nobody_expects_is_not_missed_and_the_state_says_why() -> None:
    room = Room(DESK, is_expected=False)
    assert room.see(when=60) == []
    assert room.state == (ExtensionState.UNREGISTERED, "not_expected")


def test_one_of_many_is_looked_at_first_and_told_only_then() -> None:
    room = Room(DESK)
    assert room.see(when=60, is_mass=True) == []
    assert room.state == (ExtensionState.LOST, "forgotten")
    assert room.restarts.condition(ACME, now=at(91)) is None, "it is no large part of anything"
    assert room.memory.loss is not None
    room.memory = replace(room.memory, loss=room.restarts.renamed(ONE, room.memory.loss))
    assert room.see(when=92) == [(AlertName.SIGNED_OFF, Decision.FIRED)]


@pytest.mark.parametrize(
    ("left", "alerts"),
    [((SOFT,), [AlertName.REGISTRATION_LOST]), ((), [AlertName.SIGNED_OFF])],
    ids=["one of two devices", "both"],
)
def test_the_loss_of_a_device_is_its_own_only_while_another_is_there(
    left: Sequence[Registration], alerts: list[AlertName]
) -> None:
    room = Room(DESK, SOFT)
    assert [alert for alert, _ in room.see(*left, when=60)] == alerts


def test_a_device_that_is_back_ends_its_loss() -> None:
    room = Room(DESK, SOFT)
    room.see(SOFT, when=60)
    assert room.see(SOFT, when=120) == [(AlertName.REGISTRATION_LOST, Decision.STILL)]
    back = registration("uloc-3")
    assert (AlertName.REGISTRATION_LOST, Decision.RESOLVED) in room.see(SOFT, back, when=180)


def test_one_whose_lease_is_about_to_end_is_overdue() -> None:
    room = Room(DESK, before_expiry=30.0)
    assert room.see(DESK, when=560) == []
    assert room.see(DESK, when=580) == [(AlertName.REFRESH_OVERDUE, Decision.FIRED)]
    assert room.state == (ExtensionState.OVERDUE, "")


def test_one_device_that_a_registrar_forgot_with_many_is_awaited_until_it_would_refresh() -> None:
    room = Room(DESK, SOFT)
    room.restarts.excuse(mass(30), DeviceModels(), is_mass=True)
    assert room.see(SOFT, when=60) == [
        (AlertName.REGISTRATION_LOST, Decision.FIRED),
        (AlertName.REGISTRATION_LOST, Decision.HELD),
    ]
    (held,) = room.incidents
    assert room.restarts.ask_by(held.facts.extension_id) == at(610)
    assert held.held_until == at(640), "it is asked once more"
    assert room.see(DESK, SOFT, when=90) == [(AlertName.REGISTRATION_LOST, Decision.RESOLVED)]


def test_one_device_that_left_since_is_told_of() -> None:
    room = Room(DESK, SOFT)
    room.restarts.excuse(mass(30), DeviceModels(), is_mass=True)
    assert room.see(DESK, SOFT, when=60) == []
    assert room.see(SOFT, when=120) == [(AlertName.REGISTRATION_LOST, Decision.FIRED)]


def mass(when: float) -> Observation:
    """Another extension, of those that were gone all at once then."""
    other = Watched(
        extension(2), state=ExtensionState.REGISTERED, answered_at=at(0), first_answered_at=at(0),
        registrations=(DESK,), last_registered_at=at(0),
    )  # fmt: skip
    return compare(other, Memory({DESK.id: Track(at(0), at(0))}), answer(2, when=when))
