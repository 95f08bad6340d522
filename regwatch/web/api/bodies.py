"""What the JSON API answers and takes; its OpenAPI description is made of these. Times are RFC 3339
in UTC, durations seconds. Fields may be added to answers at any time, none is renamed or removed:
so nothing of the core stands in here, where names may change (`answers` translates).
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

LONGEST_SILENCE = 366 * 86_400
"""Seconds."""
Text = Annotated[str, Meta(max_length=500)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Patterns = Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(min_length=1, max_length=500)]


class ExtensionState(StrEnum):
    """What is known of an extension now."""

    UNKNOWN = "unknown"
    REGISTERED = "registered"
    OVERDUE = "overdue"
    LOST = "lost"
    SIGNED_OFF = "signed_off"
    UNREGISTERED = "unregistered"
    REMOVED = "removed"


class ErrorBody(Struct):
    """What went wrong, in one sentence."""

    error: str


class QuotaBody(Struct):
    """The PBX's hourly request quota, as it last told it."""

    limit: int
    remaining: int
    resets_at: str


class WarningsBody(Struct, frozen=True):
    """What became of the last twenty warnings of a missing refresh."""

    came_true: int
    taken_back: int


class SiteBody(Struct):
    """One site of an account."""

    name: str
    extensions: dict[str, int]
    """How many, by state."""


class AccountBody(Struct):
    """One account at the PBX."""

    name: str
    api_up: bool | None
    """Whether the last request succeeded; null before the first one."""
    api_problem: str
    first_sweep_done: bool
    sweep_seconds: float
    oldest_answer_at: str | None
    quota: QuotaBody | None
    extensions: dict[str, int]
    """How many, by state."""
    warnings: WarningsBody = WarningsBody(0, 0)
    ids_asked: dict[str, int] = {}
    """How many extensions were asked for since the start, by what for."""
    sites: list[SiteBody] = []
    """Those that have extensions, by name."""


class ReceiverBody(Struct):
    """Where alerts go."""

    name: str
    waiting: int
    """Messages that wait to be delivered."""
    oldest_at: str | None


class SetbackBody(Struct):
    """Something that a bug in regwatch was met by."""

    where: str
    what: str
    why: str
    """The kind of error, and its place in the code."""
    since: str
    last_at: str
    times: int


class StatusBody(Struct):
    """The whole of it."""

    version: str
    at: str
    problem: str | None
    """What is wrong with regwatch itself."""
    accounts: list[AccountBody]
    incidents: dict[str, int]
    """Firing ones, by severity."""
    receivers: list[ReceiverBody]
    set_aside: list[SetbackBody] = []
    """What was set aside because of bugs in regwatch: the last ones, the latest first."""
    set_aside_count: int = 0
    """How many such things there are in all."""


class RegistrationBody(Struct):
    """One device that is registered."""

    id: str
    device: str
    real_address: str
    contact_address: str
    lease_ends_at: str | None


class ExtensionBody(Struct):
    """One extension as it was last answered."""

    account: str
    id: int
    name: str
    number: str
    label: str
    group: str
    site: str
    state: ExtensionState
    since: str | None
    reason: str
    expected: bool
    """Whether it is expected to be registered at this hour."""
    answered_at: str | None
    last_registered_at: str | None
    registrations: list[RegistrationBody]


class ExtensionsBody(Struct):
    """A page of extensions, the troubled ones first."""

    extensions: list[ExtensionBody]
    found: int
    page: int
    pages: int


class IncidentBody(Struct):
    """Something that is wrong, or was."""

    id: str
    account: str
    alert: str
    severity: str
    state: str
    """`pending`, `firing` or `resolved`."""
    summary: str
    explanation: str
    extension_id: int | None
    extension: str
    label: str
    site: str
    started_at: str
    fired_at: str | None
    resolved_at: str | None
    resolution: str
    inhibited_by: str | None
    """The incident that says it all."""
    silenced_by: str
    acknowledged_by: str
    acknowledged_at: str | None
    labels: dict[str, str]
    members: int = 0
    """In a list: how many other open incidents it says it all for."""


class IncidentsBody(Struct):
    """Incidents, worst first."""

    incidents: list[IncidentBody]
    found: int


class HappeningBody(Struct):
    """One line of the history."""

    at: str
    kind: str
    event: str
    text: str
    account: str
    extension_id: int | None
    extension: str
    incident_id: str | None
    alert: str
    receiver: str
    because: str = ""
    """Of a decision: its evidence alone."""


class HistoryBody(Struct):
    """What happened, latest first."""

    history: list[HappeningBody]


class ShowBody(Struct):
    """All that is known of an extension."""

    extension: ExtensionBody
    incidents: list[IncidentBody]
    history: list[HappeningBody]


class EscalationBody(Struct):
    """Who else is told if nobody acknowledges."""

    at: str
    receivers: list[str]


class WhyBody(Struct):
    """Why somebody was told of an incident, or was not."""

    incident: IncidentBody
    is_told: bool
    """Whether anybody was told of it."""
    reason: str
    """`told`, `held`, `inhibited`, `muted`, `dropped`, `waiting` or `over`."""
    verdict: str
    """The same in words."""
    story: list[HappeningBody]
    """What was decided of it and who was told, oldest first."""
    escalations: list[EscalationBody] = []
    """Who is told, too, and when, unless somebody acknowledges."""


class ExtensionWhyBody(Struct):
    """Why somebody was told of an extension, or was not."""

    extension: ExtensionBody
    incidents: list[WhyBody]
    """Its latest ones, the latest last."""
    others: list[HappeningBody]
    """What was seen besides: what registrations did, and of what nobody was told; oldest first."""


class RouteBody(Struct):
    """What a route is to an alert."""

    index: int
    """Its place in the configuration, from 0."""
    name: str
    """What it matches, and when."""
    receivers: list[str]
    fit: str
    """`matches`, `other_labels`, `outside_of_hours` or `not_reached`."""
    labels: list[str]
    """Those that do not match."""
    begins_at: str | None
    """When its hours begin."""
    ended_by: int | None
    """The route before it at which the search ended."""


class TellingBody(Struct):
    """A message that would be sent while nobody does anything."""

    at: str
    receiver: str
    route: int
    reason: str
    unacknowledged_seconds: float


class RoutesBody(Struct):
    """Who would be told of an alert."""

    at: str
    labels: dict[str, str]
    fires_at: str
    """Once it has lasted as long as the alert's `for`."""
    why_not: list[str]
    """Why nobody is told: for good, or until `told_from`."""
    told_from: str | None
    notes: list[str]
    routes: list[RouteBody]
    tellings: list[TellingBody]


class SilenceBody(Struct):
    """A silence."""

    id: str
    state: str
    """`pending`, `active` or `expired`."""
    matchers: dict[str, list[str]]
    starts_at: str
    ends_at: str
    author: str
    comment: str
    created_at: str


class SilencesBody(Struct):
    """Silences, those in force first."""

    silences: list[SilenceBody]


class NewSilence(Struct, forbid_unknown_fields=True):
    """A silence to set."""

    matchers: Annotated[dict[str, Patterns], Meta(min_length=1, max_length=20)]
    comment: Annotated[str, Meta(min_length=1, max_length=500)]
    duration_seconds: Annotated[float, Meta(gt=0, le=LONGEST_SILENCE)] | None = None
    """From its beginning; in place of `ends_at`."""
    ends_at: datetime | None = None
    starts_at: datetime | None = None
    """Now, by default."""
    author: Name | None = None
    """By default the user who is logged in."""


class Acknowledgement(Struct, forbid_unknown_fields=True):
    """Somebody is at it."""

    author: Name | None = None
    comment: Text = ""


class Unregistered(Struct):
    """What the PBX said of an extension before its registrations were deleted, and after."""

    account: str
    extension_id: int
    name: str
    before: list[RegistrationBody]
    after: list[RegistrationBody]


class TestAlert(Struct, forbid_unknown_fields=True):
    """A test that is to reach a receiver."""

    author: Name | None = None


class TrialBody(Struct):
    """What a receiver answered to a test."""

    receiver: str
    kind: str
    taken: bool
    problem: str
    """Why not."""
    retried: bool
    """Whether a real message would be sent again after that."""


class Deletion(Struct, forbid_unknown_fields=True):
    """Registrations that are about to be deleted on purpose: their absence is no loss."""

    account: str
    registration_ids: Annotated[list[str], Meta(max_length=1000)]
    withdrawn: bool = False
    """The PBX refused: they are there still."""
