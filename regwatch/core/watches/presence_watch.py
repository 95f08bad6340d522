"""Whether an extension is there as it should be, by its last answer: its state, and what is told of
it or of its single devices.
"""

from collections.abc import Iterator, Mapping, Sequence

from regwatch.core.alerts.conditions import Condition, missed_since
from regwatch.core.alerts.incidents import Step
from regwatch.core.alerts.open_incidents import OpenIncidents, condition_of
from regwatch.core.alerts.presence_conditions import (
    device_conditions,
    is_device_back,
    presence_condition,
)
from regwatch.core.expectations import Expectations
from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionState,
    Incident,
    Timestamp,
    Watched,
)
from regwatch.core.phones.crowds import MOST_REGISTRATIONS
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.diff import same_lease
from regwatch.core.phones.lateness import Lateness, LatenessPolicy, lateness_in
from regwatch.core.phones.memory import Loss, Memory
from regwatch.core.phones.observation import Observation
from regwatch.core.phones.presence import state_of
from regwatch.core.phones.roster import Roster
from regwatch.core.phones.warned import TrackRecord
from regwatch.core.watches.restarts import Restarts

LEFT_OUT = "it is there as it was: the PBX had left it out"
FORGOTTEN = "the registrar forgot many at once: it may be back when it refreshes"
Late = Sequence[tuple[str, Lateness]]
Holding = Mapping[str, Condition | None]


class PresenceWatch:
    """Who of one account is there, and what is told of who is not."""

    def __init__(
        self,
        account: AccountName,
        policy: LatenessPolicy,
        models: DeviceModels,
        expectations: Expectations,
        *,
        record: TrackRecord,
        roster: Roster,
        restarts: Restarts,
        incidents: OpenIncidents,
    ) -> None:
        """`record`: what became of warnings; `roster`: whose states it keeps; `restarts`: who of
        them will come back by itself.
        """
        self._account = account
        self._policy = policy
        self._models = models
        self._expectations = expectations
        self._record = record
        self._roster = roster
        self._restarts = restarts
        self._incidents = incidents

    def judge(self, watched: Watched, seen: Observation, *, now: Timestamp) -> Iterator[Step]:
        """What an observation means; `watched` as the answer has left it."""
        memory, gap = seen.memory, seen.gap
        late: Late = ()
        if not seen.is_first:
            late = tuple(lateness_in(watched, memory, self._models, self._policy, gap=gap, now=now))
        expected_since = self._expectations.since(watched.extension, now=now)
        is_expected = expected_since is not None
        state = state_of(watched, memory.loss, overdue=bool(late), is_expected=is_expected)
        if state is not watched.state:
            since, reason = _of_state(state, memory.loss, is_expected=is_expected, now=now)
            self._roster.set_state(watched, state, reason, since)
        if expected_since is None:
            yield from self._not_missed(watched, now)
            return
        because = LEFT_OUT if _is_as_it_was(seen) else ""
        for subject, condition in self._conditions(watched, seen, late, now).items():
            if condition is None:
                yield self._incidents.apply(subject, None, because=because, now=now)
            else:
                missed = missed_since(condition, expected_since)
                yield self._incidents.apply(subject, missed, now=now)
        if seen.losses and watched.registrations:
            yield from self._await_devices(seen, now)

    def _await_devices(self, seen: Observation, now: Timestamp) -> Iterator[Step]:
        """Those of an extension that is there which the registrar forgot may come back."""
        until = self._restarts.device_awaited_until(seen, self._models)
        if until is not None:
            yield from self._incidents.hold(
                seen.extension_id, lambda _: until, instead_of=(None,), because=FORGOTTEN, now=now
            )

    def _not_missed(self, watched: Watched, now: Timestamp) -> Iterator[Step]:
        """It is not expected now: whatever it misses is over."""
        why = self._expectations.why_not(watched.extension)
        for each in self._incidents.presence_of(watched.extension.id):
            yield self._incidents.apply(each.subject, None, because=why, recover_after=0.0, now=now)

    def _conditions(
        self, watched: Watched, seen: Observation, late: Late, now: Timestamp
    ) -> Holding:
        """What holds, or holds no longer, for each subject of this extension."""
        memory = seen.memory
        holding: dict[str, Condition | None] = {}
        for incident in self._incidents.presence_of(watched.extension.id):
            holding[incident.subject] = _still(incident, watched, memory, now)
        is_awaited = self._restarts.awaits(watched.extension.id)
        presence = presence_condition(
            self._account, watched, memory, is_awaited=is_awaited, now=now
        )
        if presence is not None:
            holding[presence.subject] = presence
        if watched.registrations:
            record = self._record.words if late else ""
            for condition in device_conditions(self._account, watched, seen.losses, late, record):
                if condition.subject in holding or len(holding) < MOST_REGISTRATIONS:
                    holding[condition.subject] = condition
        return holding


def _is_as_it_was(seen: Observation) -> bool:
    """Whether what was lost is there under the same entry and lease: it was never gone."""
    loss = seen.remembered.loss
    if loss is None or not seen.after.registrations:
        return False
    lost = loss.registration
    return any(r.id == lost.id and same_lease(r, lost) for r in seen.after.registrations)


def _of_state(
    state: ExtensionState, loss: Loss | None, *, is_expected: bool, now: Timestamp
) -> tuple[Timestamp, str]:
    """Since when it is entered, as well as is known, and why."""
    if state in (ExtensionState.LOST, ExtensionState.SIGNED_OFF) and loss is not None:
        return loss.began_at, "forgotten" if loss.awaited_until is not None else loss.reason
    if state is ExtensionState.UNREGISTERED and not is_expected:
        return now, "not_expected"
    return now, ""


def _still(
    incident: Incident, watched: Watched, memory: Memory, now: Timestamp
) -> Condition | None:
    """Whether the loss of one device goes on; an extension's own are judged afresh."""
    if incident.alert is not AlertName.REGISTRATION_LOST:
        return None
    if is_device_back(incident, watched, memory, now):
        return None
    return condition_of(incident)
