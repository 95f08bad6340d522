"""The words regwatch thinks in: extensions, registrations, answers, quota, incidents, messages.

Values only; what is decided about them lives in the other modules of the core. Structs without
garbage-collector tracking, since 100,000 extensions are held at once (`gc=False` is safe: none of
them can refer to itself).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NewType

from msgspec import Struct

Timestamp = NewType("Timestamp", float)
"""A point in time: seconds since the epoch, UTC."""
Instant = NewType("Instant", float)
"""A point in time on the steady clock, in seconds; good for differences only."""
LONG_AGO, FAR_OFF = float("-inf"), float("inf")
"""Before and after every point in time, of whichever clock."""
AccountName = NewType("AccountName", str)
ExtensionId = NewType("ExtensionId", int)
RegistrationId = NewType("RegistrationId", str)
IncidentId = NewType("IncidentId", str)


class Now(Struct, frozen=True, gc=False):
    """The present, on two clocks, read at once. What waits, paces or backs off is measured by the
    steady one, which nobody sets; what is told, stored or stamped is the wall clock's. Here one
    becomes the other.
    """

    steady: Instant
    wall: Timestamp

    def instant_of(self, at: Timestamp) -> Instant:
        """When that is, or was, on the steady clock, as the wall clock is set now."""
        return Instant(at + (self.steady - self.wall))

    def time_of(self, instant: Instant) -> Timestamp:
        """What the wall clock shows then, unless it is set."""
        return Timestamp(instant + (self.wall - self.steady))


class FailureReason(StrEnum):
    """Why a request to the PBX failed; the metric label and the log field."""

    NETWORK = "network"
    TIMEOUT = "timeout"
    SERVER_ERROR = "server_error"
    BAD_ANSWER = "bad_answer"
    QUOTA_EXHAUSTED = "quota_exhausted"
    THROTTLED = "throttled"
    CREDENTIALS_REFUSED = "credentials_refused"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a reason, no secret
    """Of a token that was granted: the credentials themselves were taken."""
    ACCESS_DENIED = "access_denied"
    REJECTED = "rejected"
    NOT_FOUND = "not_found"
    REDIRECTED = "redirected"
    FROZEN_ANSWERS = "frozen_answers"
    """No request failed: the same answer comes again and again."""


class ExtensionState(StrEnum):
    """What is known of an extension now."""

    UNKNOWN = "unknown"
    """Not yet answered, or not answered for too long."""
    REGISTERED = "registered"
    OVERDUE = "overdue"
    """Registered, but its usual refresh did not come."""
    LOST = "lost"
    """Was registered, is not, and nobody said good-bye."""
    SIGNED_OFF = "signed_off"
    """It un-REGISTERed: it worked until then."""
    UNREGISTERED = "unregistered"
    """Never seen registered by us."""
    REMOVED = "removed"
    """Gone from the PBX's list."""


class AlertName(StrEnum):
    """The conditions that alerts are about."""

    EXTENSION_LOST = "extension_lost"
    SIGNED_OFF = "signed_off"
    REGISTRATION_LOST = "registration_lost"
    REFRESH_OVERDUE = "refresh_overdue"
    NEVER_REGISTERED = "never_registered"
    API_UNAVAILABLE = "api_unavailable"
    CREDENTIALS_REFUSED = "credentials_refused"
    QUOTA_EXHAUSTED = "quota_exhausted"
    REGISTRAR_RESTARTED = "registrar_restarted"
    ACCOUNT_LOST = "account_lost"
    LIST_SHRANK = "list_shrank"
    UNANSWERED = "unanswered"
    SITE_LOST = "site_lost"
    FLAPPING = "flapping"
    ADDRESS_CHANGED = "address_changed"
    FOREIGN_NETWORK = "foreign_network"
    DEVICE_CHANGED = "device_changed"
    RECEIVER_BROKEN = "receiver_broken"
    MEMORY_LOST = "memory_lost"
    STORE_DAMAGED = "store_damaged"

    @property
    def alertname(self) -> str:
        """The name as Prometheus and Alertmanager would write it: `RegwatchExtensionLost`."""
        return "Regwatch" + "".join(word.capitalize() for word in self.value.split("_"))


class Severity(StrEnum):
    """How much an alert matters; ordered by `rank`."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical, growing as it matters less."""
        return list(Severity).index(self)


class Extension(Struct, frozen=True, gc=False):
    """An extension of the PBX, as its list names it."""

    id: ExtensionId
    name: str
    """The full name, `000*101`; may be empty while only the id is known."""
    label: str = ""
    group: str = ""

    @property
    def number(self) -> str:
        """What people dial: after the last `*`, without `@domain`."""
        return self.name.split("@", 1)[0].rsplit("*", 1)[-1]


class Registration(Struct, frozen=True, gc=False):
    """One binding of an extension to a device."""

    id: RegistrationId
    device: str
    """The User-Agent; empty if the PBX did not say."""
    real_address: str
    """Where the REGISTER came from, a SIP URI; empty if unknown."""
    contact_address: str
    """The Contact the device gave, a SIP URI; empty if unknown."""
    lease_ends_at: Timestamp | None
    """None: unknown, or a permanent registration."""


class Answer(Struct, frozen=True, gc=False):
    """What the PBX said of one extension at one moment."""

    extension_id: ExtensionId
    registered: bool
    """The PBX's own flag; trusted over the entries."""
    registrations: tuple[Registration, ...]
    """The active ones; always empty if not registered."""
    former: tuple[Registration, ...]
    """The last, already ended ones, which the PBX lists if not registered."""
    answered_at: Timestamp
    took: float = 0.0
    """Seconds from the question to the answer: as old may be what it says."""


class BatchAnswer(Struct, frozen=True, gc=False):
    """What one poll of many extensions brought, and what it did not."""

    asked: tuple[ExtensionId, ...]
    answers: Mapping[ExtensionId, Answer]
    """Only ids asked for. An id asked for and absent here is *unknown*, not lost."""
    refused: frozenset[ExtensionId] = frozenset()
    """Ids the PBX refuses to speak of (foreign or unknown to it): quarantined."""
    failure: FailureReason | None = None
    """Why a part was not answered; None if all that was asked reached the PBX and came back."""
    contradictions: int = 0
    """Entries that contradicted themselves: flag against list, duplicates, ids not asked for."""
    retry_after: float | None = None
    """Seconds that the PBX asked to wait, where a part failed and it said so."""

    @property
    def unanswered(self) -> tuple[ExtensionId, ...]:
        """Ids asked for of which nothing is known now, refused ones left out."""
        return tuple(i for i in self.asked if i not in self.answers and i not in self.refused)

    @property
    def failed_ids(self) -> tuple[ExtensionId, ...]:
        """Those among them that a failure left unanswered: asking again may help."""
        return self.unanswered if self.failure else ()


class Listing(Struct, frozen=True, gc=False):
    """The PBX's own list of extensions."""

    extensions: tuple[Extension, ...]
    complete: bool
    """False if a page failed or the paging cap was hit: absence then means nothing."""


class Quota(Struct, frozen=True, gc=False):
    """The hourly request quota as the last answer's headers told it."""

    limit: int
    remaining: int
    resets_at: Timestamp
    seen_at: Timestamp
    window: float | None = None
    """Seconds over which requests are counted, if the headers say that."""


class ChangeKind(StrEnum):
    """What happened to a registration or an extension; the metric label."""

    REGISTERED = "registered"
    REFRESHED = "refreshed"
    EXPIRED = "expired"
    UNREGISTERED = "unregistered"
    ENDED_UNSEEN = "ended_unseen"
    """Its lease ran out or it un-REGISTERed: nobody looked in between."""
    REPLACED = "replaced"
    DELETED = "deleted"
    """Deleted by us."""
    MOVED = "moved"
    """The same registration from another address."""
    DEVICE_CHANGED = "device_changed"
    RESTORED = "restored"
    """Registered again after having been lost."""
    REMOVED = "removed"
    ADDED = "added"


OF_DEVICE = "registration:"
"""How the subjects of what concerns one of an extension's several devices begin."""


class IncidentState(StrEnum):
    """A condition's life."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Facts(Struct, frozen=True, gc=False, kw_only=True):
    """What an incident is about, in numbers and names: the `regwatch` object of an alert."""

    account: AccountName
    extension_id: ExtensionId | None = None
    extension: str = ""
    """The full name, `000*101`."""
    label: str = ""
    site: str = ""
    place: str = ""
    """The public address of a place that no site names, where that as a whole is concerned."""
    receiver: str = ""
    """Who is told: the name in the configuration, where that is concerned."""
    previous_state: str = ""
    reason: str = ""
    """A closed word: `expired`, `unregistered`, … or a `FailureReason`."""
    device: str = ""
    real_address: str = ""
    contact_address: str = ""
    registration_id: str = ""
    last_seen: Timestamp | None = None
    """When it was last known to be well."""
    lease_ended: Timestamp | None = None
    detected: Timestamp | None = None

    @property
    def detection_lag_seconds(self) -> float | None:
        """From the lease's end to its detection; None if no lease had ended."""
        if self.lease_ended is None or self.detected is None:
            return None
        return max(0.0, self.detected - self.lease_ended)


class Toll(Struct, frozen=True, gc=False):
    """How many phones an incident is about that is about many."""

    out: int
    """Affected now; of what is over, those that are not back."""
    of: int = 0
    """Among so many: of the place, the account, the list. 0: that is not known."""
    back: int = 0
    """Affected before, and well again."""
    names: tuple[str, ...] = ()
    """Of what is over: the first of those that are not back, by their numbers."""


class Incident(Struct, frozen=True, gc=False, kw_only=True):
    """A condition's life, for one subject. Only `core/alerts/incidents.py` makes or changes one."""

    id: IncidentId
    account: AccountName
    alert: AlertName
    severity: Severity
    subject: str
    """What it is about within the account: one subject has at most one open incident."""
    state: IncidentState
    started_at: Timestamp
    """When the condition began to hold, as well as is known."""
    fired_at: Timestamp | None = None
    cleared_at: Timestamp | None = None
    """Since when the condition no longer holds; resolved once that has lasted `recover_after`."""
    resolved_at: Timestamp | None = None
    escalated_from: AlertName | None = None
    """The milder alert this incident was before, under which receivers may know it."""
    summary: str = ""
    """One line that alone tells what, where, since when."""
    explanation: str = ""
    """One or more sentences: why this was concluded, what it means, what to do."""
    site_labels: Mapping[str, str] = {}
    """Labels configured for its site."""
    inhibited_by: IncidentId | None = None
    """The incident that says it all: while it fires, nothing is told of this one."""
    held_until: Timestamp | None = None
    """Until when nothing is told of it, since its place may be what is out, or is just back."""
    silenced_by: str = ""
    """The silence or maintenance window that mutes it."""
    acknowledged_by: str = ""
    """Who is at it; empty: nobody said so."""
    acknowledged_at: Timestamp | None = None
    resolution: str = ""
    """Why it is over, where it is not simply well again."""
    toll: Toll | None = None
    """How many phones it is about; None: it is about one thing."""
    facts: Facts

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is told of it for now."""
        is_held = self.inhibited_by is not None or self.held_until is not None
        return is_held or bool(self.silenced_by)

    @property
    def is_about_device(self) -> bool:
        """Whether its subject is one of an extension's several devices."""
        return self.subject.startswith(OF_DEVICE)

    @property
    def labels(self) -> dict[str, str]:
        """The alert's labels; stable over its life but for an escalation. No two open incidents
        have equal ones: Alertmanager would take them for one.
        """
        labels = dict(self.site_labels)
        labels |= {"alertname": self.alert.alertname, "severity": self.severity.value}
        if self.account:
            labels["account"] = self.account
        if self.facts.site:
            labels["site"] = self.facts.site
        if self.facts.extension_id is not None:
            labels["extension_id"] = str(self.facts.extension_id)
            labels["extension"] = self.facts.extension
        apart = {
            "place": self.facts.place,
            "receiver": self.facts.receiver,
            "device": self.facts.device,
            "registration_id": self.facts.registration_id if self.is_about_device else "",
        }
        return labels | {name: value for name, value in apart.items() if value}


class ItemStatus(StrEnum):
    """What an incident is to the receiver of this notification."""

    NEW = "new"
    STILL = "still"
    RESOLVED = "resolved"


class Item(Struct, frozen=True, gc=False):
    """One incident as a notification shows it."""

    status: ItemStatus
    incident: Incident
    told_before: bool = False
    """New under this name, but known to the receiver under a milder one."""
    grown_from: int = 0
    """So many phones were affected when the receiver was told last; 0: it has not grown by much."""

    @property
    def id(self) -> IncidentId:
        """The incident's."""
        return self.incident.id

    @property
    def alert(self) -> AlertName:
        """The incident's."""
        return self.incident.alert

    @property
    def severity(self) -> Severity:
        """The incident's."""
        return self.incident.severity

    @property
    def where(self) -> str:
        """The site or place; the account, where there is neither."""
        facts, account = self.incident.facts, self.incident.account
        if where := facts.site or facts.place:
            return where
        return f"account {account}" if account else "regwatch itself"

    @property
    def seconds(self) -> float:
        """Since when it fires; of what is over, how long it lasted."""
        began, ended = self.incident.started_at, self.incident.resolved_at
        if self.status is not ItemStatus.RESOLVED:
            return began
        return 0.0 if ended is None else ended - began


class Mention(Struct, frozen=True, gc=False):
    """One incident that a notification counts, and does not show: what an `Item` says of itself."""

    status: ItemStatus
    id: IncidentId
    alert: AlertName
    severity: Severity
    where: str
    seconds: float
    told_before: bool = False


Word = Item | Mention
"""What a notification says of one incident."""


class NotifyReason(StrEnum):
    """Why a notification is sent now."""

    FIRST_SEEN = "first_seen"
    NEW_INCIDENTS = "new_incidents"
    SOME_RESOLVED = "some_resolved"
    ALL_RESOLVED = "all_resolved"
    REPEAT_DUE = "repeat_due"
    WORSE = "worse"
    GROWN = "grown"
    TEST = "test"


class Notification(Struct, frozen=True, gc=False, kw_only=True):
    """A message about one or more incidents to one receiver: complete in itself, so that it can
    be stored, and sent by another process after a crash, word for word.
    """

    id: str
    """Unique and stable over retries: receivers deduplicate by it."""
    receiver: str
    group_key: str
    """Which route and group it belongs to; equal for all messages about one group."""
    group_labels: Mapping[str, str]
    reason: NotifyReason
    created_at: Timestamp
    items: tuple[Item, ...]
    """What it shows. New ones first, then still firing, then resolved; each by severity and
    extension.
    """
    mentions: tuple[Mention, ...] = ()
    """What it counts besides."""
    in_place_of: str = ""
    """The receiver that would not take it; empty: this one is told in its own right."""
    unacknowledged_for: float = 0.0
    """Seconds for which others were told, and nobody took it on: why this receiver is told, too;
    0: it is told in any case.
    """
    possibly_repeated: bool = False
    """Whether it is sent while nothing can be stored: after a restart it may come again."""
    is_minimal: bool = False
    """Whether the receiver refused it whole: the least that says that there is something."""

    @property
    def words(self) -> tuple[Word, ...]:
        """What it says of each incident; those shown first."""
        return (*self.items, *self.mentions)

    def with_status(self, status: ItemStatus) -> tuple[Incident, ...]:
        """The incidents of one status that it shows, in order."""
        return tuple(item.incident for item in self.items if item.status is status)

    @property
    def matter(self) -> tuple[Word, ...]:
        """What it is about: what fires still, or all if nothing does."""
        words = self.words
        return tuple(w for w in words if w.status is not ItemStatus.RESOLVED) or words

    @property
    def is_resolved(self) -> bool:
        """Whether nothing in it fires any more."""
        return all(word.status is ItemStatus.RESOLVED for word in self.words)

    @property
    def severity(self) -> Severity:
        """That of the worst incident that still fires; of the worst of all if none does."""
        found = {word.severity for word in self.matter}
        return min(found, key=lambda s: s.rank, default=Severity.INFO)


class Notified(Struct, frozen=True, gc=False):
    """What a receiver was told (that is: what stands in the outbox for it or was delivered)."""

    receiver: str
    incident_id: IncidentId
    alert: AlertName
    severity: Severity
    group_key: str
    firing_at: Timestamp
    """When its firing was last put in the outbox."""
    repeats: int = 0
    resolved_at: Timestamp | None = None
    """When its resolve was put in the outbox, or was not, where the route tells of none."""
    out: int = 0
    """How many phones it said were affected."""
    first_told_at: Timestamp | None = None
    """When it was first told as bad as it is; None: noted by an earlier version."""

    @property
    def told_at(self) -> Timestamp:
        """Since when the receiver knows of it."""
        return self.firing_at if self.first_told_at is None else self.first_told_at


class Retry(Struct, frozen=True, gc=False, kw_only=True):
    """When and why a message is tried again."""

    at: Timestamp
    attempts: int
    """So many were made in vain."""
    error: str
    may_have_arrived: bool
    """Whether somebody may have seen it all the same."""
    refused_at: Timestamp | None = None
    """When the receiver said that it will not take it; None: it may take it later."""


class Consequences(Struct, frozen=True, gc=False, kw_only=True):
    """What is to be noted together with the end of messages: of their incidents, as one receiver
    is told of them, in its own right or in place of another.
    """

    receiver: str
    in_place_of: str
    settled: Sequence[IncidentId] = ()
    """They were told, may have been, or are over: no beginning of theirs is missing any more."""
    unheard: Sequence[IncidentId] = ()
    """Their beginning was given up, and never arrived."""
    left: Mapping[int, Notification] = {}
    """What other messages, which wait, have still to say; by entry."""


class Watched(Struct, gc=False):
    """One extension as the monitor knows it. The only mutable value here: only
    `core/phones/roster.py` changes one.
    """

    extension: Extension
    site: str = ""
    state: ExtensionState = ExtensionState.UNKNOWN
    since: Timestamp | None = None
    """When the state began, as well as is known."""
    answered_at: Timestamp | None = None
    registrations: tuple[Registration, ...] = ()
    """The active ones of the last answer."""
    last_registered_at: Timestamp | None = None
    """When it was last answered as registered."""
    reason: str = ""
    """Why it is in this state: a closed word."""
    first_answered_at: Timestamp | None = None
