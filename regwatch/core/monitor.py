"""One account, watched: answers go in, changes and incidents come out. No I/O, no clock.

Rules that stand above all others:

* Not answered is not lost: only ids present in an answer are compared; the rest stays as it was,
  and turns `unknown` once it is older than `stale_after`.
* The first answer ever of an extension raises nothing but `never_registered`, in its time.
* If most extensions of an answer vanish at once, it is doubted: they are asked again first.
* A bug of ours met by one extension sets that one aside, as unknown: the others go on.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from copy import copy

from msgspec import Struct

from regwatch.core.alerts.conditions import Condition, missed_since
from regwatch.core.alerts.incidents import AlertPolicies, Step
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.alerts.open_incidents import OpenIncidents, condition_of
from regwatch.core.alerts.presence_conditions import (
    device_conditions,
    is_device_back,
    presence_condition,
)
from regwatch.core.alerts.rules import AlertRules, Override, Rules
from regwatch.core.expectations import Expectations
from regwatch.core.model import (
    AccountName,
    AlertName,
    Answer,
    BatchAnswer,
    ChangeKind,
    Extension,
    ExtensionId,
    ExtensionState,
    FailureReason,
    Incident,
    IncidentId,
    Registration,
    RegistrationId,
    Timestamp,
    Watched,
)
from regwatch.core.outcome import Gathered, Outcome, SetAside
from regwatch.core.phones.appointments import Occasion, next_occasion
from regwatch.core.phones.crowds import MOST_REGISTRATIONS, is_crowded, thinned
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.diff import BEGINNINGS, Change
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.lateness import Lateness, LatenessPolicy, lateness_in
from regwatch.core.phones.mass_doubt import MassDoubt, Verdict
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Loss, Memory, losses_in, remember
from regwatch.core.phones.moves import Sighting
from regwatch.core.phones.outages import OutagePolicy, Outages
from regwatch.core.phones.presence import changes_in, held_last, state_of, understood
from regwatch.core.phones.roster import SET_ASIDE, Roster
from regwatch.core.sites import Sites
from regwatch.core.watches.api_health import ApiHealth
from regwatch.core.watches.api_watch import ApiWatch
from regwatch.core.watches.phone_watch import PhoneWatch
from regwatch.core.watches.restarts import Restarts
from regwatch.core.watches.site_watch import SiteWatch

HEARD = (*BEGINNINGS, ChangeKind.REFRESHED)
"""Changes that a device made by itself: it lives."""
SWEEPS_TO_GROW_STALE = 4.0
"""No extension goes unasked for so long, if its requests are answered."""
MOST_AGED = 5000
"""Extensions that turn unknown in one step; the others follow with the next."""
REMOVED = "gone from the PBX's list"
LISTINGS_TO_REMOVE = 2
"""Complete listings in a row without an extension before it counts as removed."""


class MonitorPolicy(Struct, frozen=True):
    """What the config says about one account's alerts; times in seconds."""

    alerts: AlertPolicies
    recover_after: float = 0.0
    stale_after: float = 900.0
    lateness: LatenessPolicy = LatenessPolicy()
    outages: OutagePolicy | None = None
    """None: places are not looked at."""
    outages_of: Mapping[str, OutagePolicy | None] = {}
    """By site, where it is not as everywhere else."""
    flapping: FlappingPolicy | None = None
    """None: who comes and goes is not looked for."""
    overrides: Sequence[Override] = ()
    """Other alerts for some sites or extensions."""


NOTHING_SIGHTED = Sighting((), (), ())


class _Taken(Struct, frozen=True):
    """An answer that was taken in, until all others of its batch were; what was known before."""

    watched: Watched
    before: Watched
    memory: Memory | None
    losses: Sequence[Loss]
    at: Timestamp
    sighting: Sighting = NOTHING_SIGHTED
    is_explained: bool = False


class Monitor:
    """The state of one account and its few verbs."""

    def __init__(
        self,
        account: AccountName,
        policy: MonitorPolicy,
        sites: Sites,
        *,
        expectations: Expectations | None = None,
        mutes: Mutes | None = None,
        incidents: Iterable[Incident] = (),
    ) -> None:
        """`expectations`: when who is to be registered, always by default; `mutes`: what is not to
        be told for now; `incidents`: those open before a restart.
        """
        self.account = account
        self.policy = policy
        self.sites = sites
        self.expectations = Expectations() if expectations is None else expectations
        self.roster = Roster()
        self.incidents = OpenIncidents(
            account,
            AlertRules(Rules(policy.alerts, policy.recover_after), policy.overrides),
            mutes=mutes,
            site_labels=sites.labels,
            incidents=incidents,
        )
        self.health = ApiHealth(account)
        self._api_watch = ApiWatch(self.health, self.roster, self.incidents)
        self.models = DeviceModels()
        self._memories: dict[ExtensionId, Memory] = {}
        self._missing: dict[ExtensionId, int] = {}
        self._site_watch = SiteWatch(
            account,
            Outages(policy.outages, policy.outages_of),
            sites,
            self.incidents,
            self.roster.states,
        )
        self._phone_watch = PhoneWatch(account, policy.flapping, sites, self.incidents)
        self._doubt = MassDoubt()
        self._restarts = Restarts()
        self._deleted: set[RegistrationId] = set()

    # --- before and after a restart ------------------------------------------------------------

    def restore(self, watched: Watched, memory: Memory, *, now: Timestamp) -> None:
        """Go on from what was stored: it is the previous snapshot."""
        self._site_watch.restore(watched, memory)
        if memory != NOTHING_REMEMBERED:
            self._restarts.restore(watched, memory)
            self._teach_models(watched.registrations, NOTHING_REMEMBERED, memory, now)
            self._memories[watched.extension.id] = memory
        self.roster.add(watched, now=now)  # last: what fails above is not compared with

    def memory(self, extension_id: ExtensionId) -> Memory:
        """What is remembered of an extension, to be stored with it."""
        return self._memories.get(extension_id, NOTHING_REMEMBERED)

    def next_occasion(self, extension_id: ExtensionId, *, now: Timestamp) -> Occasion | None:
        """When the next answer about it will tell something; None if that is not to be foreseen."""
        watched = self.roster.by_id.get(extension_id)
        if watched is None or watched.reason == SET_ASIDE:
            return None
        occasion = next_occasion(watched, self.memory(extension_id), self.models, now=now)
        until = self._restarts.awaited_until(extension_id)
        if until is None or occasion is None or occasion.at <= until:
            return occasion
        return Occasion(until)

    # --- verbs ---------------------------------------------------------------------------------

    def watch(self, extensions: Iterable[Extension], *, now: Timestamp) -> Outcome:
        """Begin to watch these, or take over what is said of them now."""
        gathered = Gathered()
        for extension in extensions:
            with gathered.guarding(extension.id):
                self._missing.pop(extension.id, None)
                self._watch_one(extension, gathered, now)
        return gathered.outcome()

    def listed(self, ids: Container[ExtensionId], *, now: Timestamp) -> Outcome:
        """Take in a complete list. One that is missing from it is removed only after
        `LISTINGS_TO_REMOVE` of them in a row without it.
        """
        gathered = Gathered()
        self._miss([i for i in self.roster.active_ids() if i not in ids], gathered, now)
        with gathered.guarding():
            gathered.add(self._site_watch.judge(now=now))
        return gathered.outcome()

    def observe(self, batch: BatchAnswer, *, now: Timestamp) -> Outcome:
        """Compare an answer with what was known."""
        gathered, verdict = Gathered(), Verdict()
        with gathered.guarding():
            verdict = self._doubt.weigh(batch.answers, self.roster.by_id)
            self._take_in(batch, verdict, gathered, now)
        with gathered.guarding():
            self._api_watch.answered(batch, now=now)
        self._judge_health(gathered, now)
        return gathered.outcome(verdict.doubted)

    def failed(self, reason: FailureReason, detail: str, *, now: Timestamp) -> Outcome:
        """A request brought nothing at all: nothing is concluded but that we cannot see."""
        self.health.failed(reason, detail, now)
        gathered = Gathered()
        self._judge_health(gathered, now)
        return gathered.outcome()

    def quota_exhausted(
        self, until: Timestamp | None, answer_age: float, *, now: Timestamp
    ) -> Outcome:
        """The quota leaves us no request until then; None: it does again."""
        self.health.quota(until, answer_age, now)
        gathered = Gathered()
        self._judge_health(gathered, now)
        return gathered.outcome()

    def deleted(self, registration_ids: Iterable[RegistrationId]) -> None:
        """We deleted these ourselves: their absence is our own doing."""
        self._deleted.update(registration_ids)

    def tick(self, *, sweep_seconds: float = 0.0, now: Timestamp) -> Outcome:
        """What time alone brings: conditions that held long enough, answers grown stale.
        `sweep_seconds`: how long a sweep takes at the present pace. Where requests are few, answers
        get old without anything being wrong.
        """
        gathered = Gathered()
        stale_after = max(self.policy.stale_after, SWEEPS_TO_GROW_STALE * sweep_seconds)
        with gathered.guarding():
            self._age(stale_after, gathered, now)
        self._judge_health(gathered, now)
        with gathered.guarding():
            gathered.add(self.incidents.wake(now=now, blind=self.health.is_blind))
        with gathered.guarding():
            gathered.add(self.incidents.review(now=now))
        return gathered.outcome()

    def acknowledge(
        self, incident_id: IncidentId, by: str, comment: str, *, now: Timestamp
    ) -> Outcome | None:
        """Somebody is at it: nobody is reminded. None if no such incident is open."""
        step = self.incidents.acknowledge(incident_id, by, comment, now=now)
        return None if step is None else Outcome(steps=(step,))

    # --- the list ------------------------------------------------------------------------------

    def _watch_one(self, extension: Extension, gathered: Gathered, now: Timestamp) -> None:
        known = self.roster.by_id.get(extension.id)
        site = self.sites.of_extension(extension)
        if known is None or known.state is ExtensionState.REMOVED:
            if known is not None:
                self.roster.forget(known)
            self.roster.add(Watched(extension, site), now=now)
            gathered.changes.append(Change(ChangeKind.ADDED, extension.id, now))
        elif not self.roster.rename(extension, site or known.site):
            return
        gathered.touched[extension.id] = None

    def _miss(self, ids: Sequence[ExtensionId], gathered: Gathered, now: Timestamp) -> None:
        for extension_id in ids:
            self._missing[extension_id] = self._missing.get(extension_id, 0) + 1
            if self._missing[extension_id] >= LISTINGS_TO_REMOVE:
                del self._missing[extension_id]
                with gathered.guarding(extension_id):
                    self._remove(extension_id, gathered, now)

    def _remove(self, extension_id: ExtensionId, gathered: Gathered, now: Timestamp) -> None:
        self.roster.retire(self.roster.by_id[extension_id], now=now)
        self._memories.pop(extension_id, None)
        self._api_watch.forget(extension_id)
        self._doubt.forget(extension_id)
        self._restarts.drop(extension_id)
        self._site_watch.forget(extension_id)
        self._phone_watch.forget(extension_id)
        gathered.changes.append(Change(ChangeKind.REMOVED, extension_id, now))
        gathered.removed.append(extension_id)
        gathered.add(
            self.incidents.apply(i.subject, None, because=REMOVED, now=now, recover_after=0.0)
            for i in self.incidents.of_extension(extension_id)
        )

    # --- an answer -----------------------------------------------------------------------------

    def _take_in(
        self, batch: BatchAnswer, verdict: Verdict, gathered: Gathered, now: Timestamp
    ) -> None:
        taken = []
        for answer in batch.answers.values():
            watched = self.roster.by_id.get(answer.extension_id)
            if watched is None or watched.state is ExtensionState.REMOVED:
                continue
            if answer.extension_id not in verdict.doubted:
                is_mass = answer.extension_id in verdict.confirmed
                taken.append(self._take_in_one(watched, answer, gathered, is_mass=is_mass))
        # Only the whole answer tells whether what one phone does is explained by its place.
        with gathered.guarding():
            gathered.add(self._site_watch.judge(now=now))
        for each in filter(None, taken):
            self._look_at_phone(each, gathered)

    def _take_in_one(
        self, watched: Watched, answer: Answer, gathered: Gathered, *, is_mass: bool
    ) -> _Taken | None:
        """Take in one answer; None if a bug was met by it."""
        before, memory = copy(watched), self._memories.get(watched.extension.id)
        known = len(gathered.losses)
        try:
            sighting, is_explained = self._observe_one(watched, answer, gathered, is_mass=is_mass)
        except Exception as error:  # noqa: BLE001 - the guard of an answer: the others go on
            half = _Taken(watched, before, memory, gathered.losses[known:], answer.answered_at)
            self._set_aside(half, error, gathered)
            return None
        losses = gathered.losses[known:]
        at = answer.answered_at
        return _Taken(watched, before, memory, losses, at, sighting, is_explained=is_explained)

    def _set_aside(self, taken: _Taken, error: Exception, gathered: Gathered) -> None:
        """A bug met by one answer must neither end the watching nor leave half an answer for the
        next one to be compared with.
        """
        extension_id = taken.watched.extension.id
        gathered.undo(extension_id, taken.losses)
        gathered.set_aside.append(SetAside(extension_id, error))
        self.roster.set_aside(taken.watched, taken.before, now=taken.at)
        self._memories.pop(extension_id, None)
        if taken.memory is not None:
            self._memories[extension_id] = taken.memory
        self._phone_watch.set_aside(extension_id)
        gathered.touched[extension_id] = None

    def _observe_one(
        self, watched: Watched, answer: Answer, gathered: Gathered, *, is_mass: bool
    ) -> tuple[Sighting, bool]:
        """What it did, for later, and whether that is excused already."""
        if is_crowded(answer):
            gathered.crowded.append(answer.extension_id)
            answer = thinned(answer, watched)
        answer = understood(answer, watched)
        answered_before = watched.answered_at
        now, extension_id = answer.answered_at, answer.extension_id
        self._restarts.answered(extension_id, registered=answer.registered, now=now)
        memory = self.memory(extension_id)
        was, tracks = held_last(watched, memory), memory.tracks
        is_explained = self._is_explained(watched, now)
        changes = changes_in(watched, memory, answer, self._deleted)
        losses: Sequence[Loss] = ()
        if changes or watched.answered_at is None:
            if watched.answered_at is not None:
                losses = tuple(losses_in(changes, watched.answered_at))
            before, memory = memory, remember(memory, watched, answer, changes)
            memory = self._restarts.excuse(
                memory, before, watched, answer, self.models, is_mass=is_mass
            )
            self._memories[extension_id] = memory
            self._teach_models(answer.registrations, before, memory, now)
        # Once told, it stays: only its end or its refresh ends it.
        is_told = watched.state is ExtensionState.OVERDUE
        gap = 0.0 if is_told else now - (watched.answered_at or now)
        site = self._site(watched, answer.registrations)
        self.roster.answer(watched, answer.registrations, site, now)
        gathered.changes.extend(changes)
        gathered.losses.extend(losses)
        gathered.touched[extension_id] = None
        state_before = watched.state
        self._judge(watched, memory, losses, gap, gathered, now)
        is_quiet = not changes and watched.state is state_before and answered_before is not None
        if not is_quiet or self._site_watch.has_stragglers:
            self._look_at_site(watched, memory, changes, answered_before, now)
        return Sighting(changes, was, watched.registrations, tracks), is_explained

    def _look_at_phone(self, taken: _Taken, gathered: Gathered) -> None:
        watched, sighting, now = taken.watched, taken.sighting, taken.at
        try:
            is_explained = taken.is_explained or self._is_explained(watched, now)
            steps = self._phone_watch.answered(
                watched, sighting, is_explained=is_explained, now=now
            )
            gathered.add(steps)
        except Exception as error:  # noqa: BLE001 - the guard of an answer, as above
            self._set_aside(taken, error, gathered)
            return
        self._deleted.difference_update(loss.registration.id for loss in taken.losses)

    def _is_explained(self, watched: Watched, now: Timestamp) -> bool:
        """Whether what it does has a cause that is known, or is of no consequence."""
        extension_id = watched.extension.id
        if self._restarts.awaits(extension_id) or self._site_watch.covers(extension_id):
            return True
        return self.expectations.since(watched.extension, now=now) is None

    def _look_at_site(
        self,
        watched: Watched,
        memory: Memory,
        changes: Sequence[Change],
        answered_before: Timestamp | None,
        now: Timestamp,
    ) -> None:
        is_heard = answered_before is None or any(c.kind in HEARD for c in changes)
        is_expected = self.expectations.since(watched.extension, now=now) is not None
        self._site_watch.answered(
            watched,
            memory,
            heard_since=(answered_before or now) if is_heard else None,
            has_own_reason=self._restarts.awaits(watched.extension.id) or not is_expected,
            now=now,
        )

    def _teach_models(
        self,
        registrations: Iterable[Registration],
        before: Memory,
        after: Memory,
        now: Timestamp,
    ) -> None:
        """What this extension's devices have newly shown of their model."""
        enough = self.policy.lateness.learn_after
        for registration in registrations:
            habit = after.habits.get(registration.id)
            if habit is None or habit.refreshes < enough:
                continue
            old = before.habits.get(registration.id)
            if habit is not old:
                is_new = old is None or old.refreshes < enough
                self.models.learned(registration.device, habit, is_new=is_new, now=now)

    def _site(self, watched: Watched, registrations: Sequence[Registration]) -> str:
        """By name, else by address; looked up only where the address is another one."""
        held = watched.registrations
        if not registrations or (held and held[0].real_address == registrations[0].real_address):
            return watched.site
        named = self.sites.of_extension(watched.extension)
        return named or self.sites.of_address(registrations[0].real_address) or watched.site

    def _judge(
        self,
        watched: Watched,
        memory: Memory,
        losses: Sequence[Loss],
        gap: float,
        gathered: Gathered,
        now: Timestamp,
    ) -> None:
        policy = self.policy.lateness
        late = tuple(lateness_in(watched, memory, self.models, policy, gap=gap, now=now))
        expected_since = self.expectations.since(watched.extension, now=now)
        state = state_of(watched, overdue=bool(late), is_expected=expected_since is not None)
        since = memory.loss.began_at if state is ExtensionState.LOST and memory.loss else now
        reason = memory.loss.reason if state is ExtensionState.LOST and memory.loss else ""
        if state is ExtensionState.UNREGISTERED and expected_since is None:
            reason = "not_expected"
        self.roster.set_state(watched, state, reason, since)
        if expected_since is None:
            gathered.add(self._not_missed(watched, now))
            return
        holding = self._conditions(watched, memory, losses, late, now)
        for subject, condition in holding.items():
            missed = condition and missed_since(condition, expected_since)
            gathered.add([self.incidents.apply(subject, missed, now=now)])

    def _not_missed(self, watched: Watched, now: Timestamp) -> Iterator[Step]:
        """It is not expected now: whatever it misses is over."""
        why = self.expectations.why_not(watched.extension)
        for each in self.incidents.presence_of(watched.extension.id):
            yield self.incidents.apply(each.subject, None, because=why, recover_after=0.0, now=now)

    def _conditions(
        self,
        watched: Watched,
        memory: Memory,
        losses: Sequence[Loss],
        late: Sequence[tuple[str, Lateness]],
        now: Timestamp,
    ) -> Mapping[str, Condition | None]:
        """What holds, or holds no longer, for each subject of this extension."""
        holding: dict[str, Condition | None] = {}
        for incident in self.incidents.presence_of(watched.extension.id):
            holding[incident.subject] = self._still(incident, watched, memory, now)
        is_awaited = self._restarts.awaits(watched.extension.id)
        presence = presence_condition(self.account, watched, memory, is_awaited=is_awaited, now=now)
        if presence is not None:
            holding[presence.subject] = presence
        if watched.registrations:
            for condition in device_conditions(self.account, watched, losses, late):
                if condition.subject in holding or len(holding) < MOST_REGISTRATIONS:
                    holding[condition.subject] = condition
        return holding

    def _still(
        self, incident: Incident, watched: Watched, memory: Memory, now: Timestamp
    ) -> Condition | None:
        """Whether the loss of one device goes on; an extension's own are judged afresh."""
        if incident.alert is not AlertName.REGISTRATION_LOST:
            return None
        if is_device_back(incident, watched, memory, now):
            return None
        return condition_of(incident)

    # --- time and the API's health -------------------------------------------------------------

    def _age(self, stale_after: float, gathered: Gathered, now: Timestamp) -> None:
        before = Timestamp(now - stale_after)
        for watched in self.roster.age(before=before, most=MOST_AGED):
            if watched.state is not ExtensionState.UNKNOWN:
                self.roster.set_state(watched, ExtensionState.UNKNOWN, "stale", now)
                gathered.touched[watched.extension.id] = None

    def _judge_health(self, gathered: Gathered, now: Timestamp) -> None:
        with gathered.guarding():
            gathered.add(self._api_watch.judge(now=now))
        with gathered.guarding():
            restarted = self._restarts.condition(self.account)
            gathered.add([self.incidents.apply("registrar", restarted, now=now)])
