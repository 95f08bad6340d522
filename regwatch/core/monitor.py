"""One account, watched: answers go in, changes and incidents come out. No I/O, no clock.

Rules that stand above all others:

* Not answered is not lost: only ids present in an answer are compared; the rest stays as it was,
  and turns `unknown` once it is older than `stale_after`.
* The first answer ever of an extension raises nothing but `never_registered`, in its time.
* Who vanishes before its lease ends is asked again before that is believed.
* A bug of ours met by one extension sets that one aside, as unknown: the others go on.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.alerts.incidents import AlertPolicies
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.place_words import PlaceWords
from regwatch.core.alerts.rules import AlertRules, Override, Rules
from regwatch.core.clock_steps import pieces
from regwatch.core.expectations import Expectations
from regwatch.core.intake import Intake, Watches
from regwatch.core.model import (
    AccountName,
    BatchAnswer,
    ChangeKind,
    Extension,
    ExtensionId,
    ExtensionState,
    FailureReason,
    Incident,
    IncidentId,
    Now,
    RegistrationId,
    Timestamp,
    Watched,
)
from regwatch.core.outcome import NOTHING_CAME, Gathered, Outcome
from regwatch.core.phones.appointments import next_appointment
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.diff import Change
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.freshness import Freshness
from regwatch.core.phones.lateness import LatenessPolicy
from regwatch.core.phones.memory import Memory
from regwatch.core.phones.outages import OutagePolicies, OutagePolicy
from regwatch.core.phones.refreshes import Refreshes
from regwatch.core.phones.roster import SET_ASIDE, Roster
from regwatch.core.phones.vanished import AccountPolicy
from regwatch.core.phones.warned import TrackRecord
from regwatch.core.polling.agenda import Appointment, Purpose
from regwatch.core.sites import Sites
from regwatch.core.watches.api_health import ApiHealth, Shortage
from regwatch.core.watches.api_watch import ApiWatch
from regwatch.core.watches.list_watch import ListPolicy, ListWatch
from regwatch.core.watches.phone_watch import PhoneWatch
from regwatch.core.watches.presence_watch import PresenceWatch
from regwatch.core.watches.restarts import Restarts
from regwatch.core.watches.site_watch import SiteWatch

SWEEPS_TO_GROW_STALE = 4.0
"""No extension goes unasked for so long, if its requests are answered."""
MOST_AGED = 5000
"""Extensions that turn unknown in one step; the others follow with the next."""
REMOVED_SHOWN = 86_400.0
"""Seconds for which an extension that is gone from the list is still shown."""
REMOVED = "gone from the PBX's list"
UNCONFIRMED_SECONDS = 120.0
"""So long who was missing from one answer may go without another one before that is told."""


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
    listing: ListPolicy | None = None
    """When the PBX's list has shrunk; None: it is believed."""
    account: AccountPolicy | None = None
    """When a part of the account is a large one; None: none is."""
    flapping: FlappingPolicy | None = None
    """None: who comes and goes is not looked for."""
    overrides: Sequence[Override] = ()
    """Other alerts for some sites or extensions."""


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
        rules = AlertRules(Rules(policy.alerts, policy.recover_after), policy.overrides)
        self.incidents = OpenIncidents(
            account, rules, mutes=mutes, site_labels=sites.labels, incidents=incidents
        )
        self.health = ApiHealth(account)
        self.freshness = Freshness()
        self.models = DeviceModels()
        self.record = TrackRecord()
        self._api_watch = ApiWatch(account, self.health, self.roster, self.incidents)
        self._watches = self._new_watches()
        self._intake = self._new_intake()
        self._list = ListWatch(account, policy.listing, self.roster, self.incidents)

    def _new_watches(self) -> Watches:
        account, policy = self.account, self.policy
        restarts = Restarts(policy.account)
        if (told := self.incidents.get("registrar")) is not None:
            restarts.resume(told.alert)
        presence = PresenceWatch(
            account,
            policy.lateness,
            self.models,
            self.expectations,
            record=self.record,
            roster=self.roster,
            restarts=restarts,
            incidents=self.incidents,
        )
        places = SiteWatch(
            OutagePolicies(policy.outages, policy.outages_of),
            self.incidents,
            PlaceWords(account, self.sites, self.roster),
            roster=self.roster,
            refreshes=Refreshes(self.models),
        )
        phones = PhoneWatch(account, policy.flapping, self.sites, self.incidents)
        return Watches(restarts, presence, places, phones)

    def _new_intake(self) -> Intake:
        return Intake(
            self.roster,
            self.sites,
            self.expectations,
            self.models,
            self.record,
            self._watches,
            learn_after=self.policy.lateness.learn_after,
        )

    # --- before and after a restart ------------------------------------------------------------

    def restore(self, watched: Watched, memory: Memory, *, now: Timestamp) -> None:
        """Go on from what was stored: it is the previous snapshot."""
        self._intake.restore(watched, memory, now=now)
        self.roster.add(watched, now=now)  # last: what fails above is not compared with

    def memory(self, extension_id: ExtensionId) -> Memory:
        """What is remembered of an extension, to be stored with it."""
        memory = self._intake.memory(extension_id)
        lately = self._watches.phones.lately(extension_id)
        return memory if lately is None else replace(memory, lately=lately)

    def next_appointment(self, extension_id: ExtensionId, *, now: Now) -> Appointment | None:
        """When the next answer about it will tell something; None if that is not to be foreseen."""
        watched = self.roster.by_id.get(extension_id)
        if watched is None or watched.reason == SET_ASIDE:
            return None
        restarts, doubt = self._watches.restarts, self._intake.memory(extension_id).doubt
        if doubt is not None:
            # Who signs off is confirmed with the next request; a request more is worth a mass.
            are_many = doubt.is_mass or restarts.vanished is not None
            purpose = Purpose.CONFIRMATION
            return Appointment(now.steady, is_firm=True, is_hurried=are_many, purpose=purpose)
        found = next_appointment(watched, self.memory(extension_id), self.models, now=now)
        until = restarts.ask_by(extension_id)
        if until is None or found is None:
            return found
        # Who is awaited after a restart of the registrar need not be looked for later than that.
        back_by = now.instant_of(until)
        return found if found.at <= back_by else Appointment(back_by)

    # --- verbs ---------------------------------------------------------------------------------

    def watch(self, extensions: Iterable[Extension], *, now: Timestamp) -> Outcome:
        """Begin to watch these, or take over what is said of them now."""
        gathered = Gathered()
        for extension in extensions:
            with gathered.guarding(extension.id):
                self._list.watched(extension.id)
                self._watch_one(extension, gathered, now)
        return gathered.outcome()

    def listed(
        self,
        ids: Container[ExtensionId],
        *,
        named: Container[ExtensionId] | None = None,
        now: Timestamp,
    ) -> Outcome:
        """Take in a complete list. `ids`: who of it is to be watched; `named`: whom it names at
        all, None: there is no list but of those.
        """
        gathered = Gathered()
        with gathered.guarding():
            everybody = set(self.roster.active_ids()) if named is None else named
            self._remove_all(self._list.listed(ids, everybody, now=now), gathered, now)
        with gathered.guarding():
            gathered.add(self._watches.places.judge(now=now))
            gathered.want(self._watches.places.take_wanted())
        self._judge_list(gathered, now)
        return gathered.outcome()

    def observe(self, batch: BatchAnswer, *, now: Timestamp) -> Outcome:
        """Compare an answer with what was known."""
        gathered = Gathered()
        with gathered.guarding():
            if self.freshness.is_repeated(batch.answers, self.roster.by_id, now=now):
                return self._repeated(gathered, now)
        with gathered.guarding():
            if batch.answers:
                self._intake.take(batch.answers, gathered, now=now)
        with gathered.guarding():
            self._api_watch.answered(batch, now=now)
        with gathered.guarding():
            if removed := self._list.answered(batch):
                self._remove_all(removed, gathered, now)
                self._judge_list(gathered, now)
        self._judge_health(gathered, now)
        return gathered.outcome()

    def _repeated(self, gathered: Gathered, now: Timestamp) -> Outcome:
        """The answer before once more: it refreshes nothing, and its age runs on."""
        self.health.repeated(self.freshness.repeated_since or now)
        self._judge_health(gathered, now)
        return gathered.outcome()

    def failed(self, reason: FailureReason, detail: str, *, now: Timestamp) -> Outcome:
        """A request brought nothing at all: nothing is concluded but that we cannot see."""
        self.health.failed(reason, detail, now)
        self._intake.gaps.interrupted()
        gathered = Gathered()
        self._judge_health(gathered, now)
        return gathered.outcome()

    def quota_exhausted(self, shortage: Shortage | None, *, now: Timestamp) -> Outcome:
        """The quota leaves us so little; None: enough again."""
        self.health.quota(shortage)
        self._intake.gaps.interrupted()
        gathered = Gathered()
        self._judge_health(gathered, now)
        return gathered.outcome()

    def deleting(self, registration_ids: Iterable[RegistrationId], *, now: Timestamp) -> None:
        """We are about to delete these ourselves: their absence is our own doing."""
        self._intake.deleting(registration_ids, now=now)

    def not_deleting(self, registration_ids: Iterable[RegistrationId]) -> None:
        """It came to nothing."""
        self._intake.not_deleting(registration_ids)

    def tick(self, *, sweep_seconds: float = 0.0, now: Timestamp) -> Outcome:
        """What time alone brings: conditions that held long enough, answers grown stale.
        `sweep_seconds`: how long a sweep takes at the present pace. Where requests are few, answers
        get old without anything being wrong.
        """
        gathered = Gathered()
        stale_after = max(self.policy.stale_after, SWEEPS_TO_GROW_STALE * sweep_seconds)
        with gathered.guarding():
            self._age(stale_after, gathered, now)
        with gathered.guarding():
            self.roster.forget_removed(before=Timestamp(now - REMOVED_SHOWN))
        self._judge_health(gathered, now)
        if not self.health.is_blind:
            with gathered.guarding():
                before = Timestamp(now - UNCONFIRMED_SECONDS)
                self._intake.believe(gathered, before=before, now=now)
        with gathered.guarding():
            gathered.add(self._watches.places.tick(now=now))
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

    # --- clocks --------------------------------------------------------------------------------

    def clock_set(self, by: float) -> Iterator[Outcome]:
        """The wall clock was set forward by so many seconds, and what is known moves along; in
        pieces, between which nothing else may be decided.
        """
        self.roster.put_off(by)
        self.health.clock_set(by)
        self.freshness.clock_set(by)
        self._list.clock_set(by)
        self._api_watch.clock_set(by)
        self._intake.clock_set(by)
        for piece in pieces(self.roster.by_id.values()):
            for watched in piece:
                self._intake.move(watched, by)
            yield Outcome(touched=[watched.extension.id for watched in piece])
        parts = (self.models, self._watches, self.incidents)
        for part in parts:
            yield from (NOTHING_CAME for _ in part.clock_set(by))
        for incidents in pieces(self.incidents):
            yield Outcome(moved=incidents)

    def slept(self, seconds: float) -> Sequence[Incident]:
        """Nobody looked for so long: silence during it tells nothing. Returns the incidents that
        are changed by it.
        """
        self.roster.put_off(seconds)
        self._intake.gaps.interrupted()
        self.health.clock_set(seconds)  # what was wrong has lasted no longer than it was seen
        return tuple(self.incidents.slept(seconds))

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

    def _judge_list(self, gathered: Gathered, now: Timestamp) -> None:
        with gathered.guarding():
            step = self._list.judge(now=now)
            gathered.add([] if step is None else [step])

    def _remove_all(self, ids: Iterable[ExtensionId], gathered: Gathered, now: Timestamp) -> None:
        for extension_id in ids:
            with gathered.guarding(extension_id):
                self._remove(extension_id, gathered, now)

    def _remove(self, extension_id: ExtensionId, gathered: Gathered, now: Timestamp) -> None:
        self.roster.retire(self.roster.by_id[extension_id], now=now)
        self._api_watch.forget(extension_id)
        self._list.forget(extension_id)
        self._intake.forget(extension_id)
        gathered.changes.append(Change(ChangeKind.REMOVED, extension_id, now))
        gathered.removed.append(extension_id)
        gathered.add(
            self.incidents.apply(i.subject, None, because=REMOVED, now=now, recover_after=0.0)
            for i in self.incidents.of_extension(extension_id)
        )

    # --- time and the API's health -------------------------------------------------------------

    def _age(self, stale_after: float, gathered: Gathered, now: Timestamp) -> None:
        before = Timestamp(now - stale_after)
        for watched in self.roster.age(before=before, most=MOST_AGED):
            if watched.state is not ExtensionState.UNKNOWN:
                self.roster.set_state(watched, ExtensionState.UNKNOWN, "stale", now)
                gathered.touched[watched.extension.id] = None

    def _judge_health(self, gathered: Gathered, now: Timestamp) -> None:
        with gathered.guarding():
            unconfirmed = self._intake.unconfirmed
            gathered.add(self._api_watch.judge(unconfirmed=unconfirmed, now=now))
        with gathered.guarding():
            restarts = self._watches.restarts
            found = restarts.condition(self.account, now=now)
            because, toll = restarts.resolution, restarts.final
            step = self.incidents.apply("registrar", found, because=because, toll=toll, now=now)
            gathered.add([step])
            gathered.want(restarts.take_released())
