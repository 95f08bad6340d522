"""What the JSON API answers and takes; its OpenAPI description is made of these. Times are RFC 3339
in UTC, durations seconds. Fields may be added to answers at any time, none is renamed or removed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Happening
from regwatch.core.model import (
    AccountName,
    ExtensionState,
    Incident,
    Registration,
    Timestamp,
    Watched,
)
from regwatch.web.times import iso
from regwatch.web.views import AccountView

Text = Annotated[str, Meta(max_length=500)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Patterns = Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(min_length=1, max_length=500)]


class ErrorBody(Struct):
    """What went wrong, in one sentence."""

    error: str


class QuotaBody(Struct):
    """The PBX's hourly request quota, as it last told it."""

    limit: int
    remaining: int
    resets_at: str


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


class ReceiverBody(Struct):
    """Where alerts go."""

    name: str
    waiting: int
    """Messages that wait to be delivered."""
    oldest_at: str | None


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


class HistoryBody(Struct):
    """What happened, latest first."""

    history: list[HappeningBody]


class ShowBody(Struct):
    """All that is known of an extension."""

    extension: ExtensionBody
    incidents: list[IncidentBody]
    history: list[HappeningBody]


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
    duration_seconds: Annotated[float, Meta(gt=0, le=366 * 86_400)] | None = None
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


class Deletion(Struct, forbid_unknown_fields=True):
    """Registrations that are about to be deleted on purpose: their absence is no loss."""

    account: str
    registration_ids: Annotated[list[str], Meta(max_length=1000)]


def moment(at: Timestamp | None) -> str | None:
    """As text; None stays None."""
    return None if at is None else iso(at)


def account_body(account: AccountView) -> AccountBody:
    """An account."""
    counts: dict[str, int] = dict.fromkeys(ExtensionState, 0)
    for (_, state), count in account.counts().items():
        counts[state.value] += count
    quota = account.quota
    return AccountBody(
        name=account.name,
        api_up=account.api_up,
        api_problem=account.api_problem,
        first_sweep_done=account.first_sweep_done,
        sweep_seconds=round(account.sweep_seconds, 3),
        oldest_answer_at=moment(account.oldest_answer_at),
        quota=None
        if quota is None
        else QuotaBody(quota.limit, quota.remaining, iso(quota.resets_at)),
        extensions=counts,
    )


def extension_body(account: AccountName, watched: Watched, *, expected: bool) -> ExtensionBody:
    """An extension."""
    extension = watched.extension
    return ExtensionBody(
        account=account,
        id=extension.id,
        name=extension.name,
        number=extension.number,
        label=extension.label,
        group=extension.group,
        site=watched.site,
        state=watched.state,
        since=moment(watched.since),
        reason=watched.reason,
        expected=expected,
        answered_at=moment(watched.answered_at),
        last_registered_at=moment(watched.last_registered_at),
        registrations=[_registration(each) for each in watched.registrations],
    )


def _registration(each: Registration) -> RegistrationBody:
    return RegistrationBody(
        each.id,
        each.device,
        each.real_address,
        each.contact_address,
        moment(each.lease_ends_at),
    )


def incident_body(incident: Incident) -> IncidentBody:
    """An incident."""
    facts = incident.facts
    return IncidentBody(
        id=incident.id,
        account=incident.account,
        alert=incident.alert.value,
        severity=incident.severity.value,
        state=incident.state.value,
        summary=incident.summary,
        explanation=incident.explanation,
        extension_id=facts.extension_id,
        extension=facts.extension,
        label=facts.label,
        site=facts.site,
        started_at=iso(incident.started_at),
        fired_at=moment(incident.fired_at),
        resolved_at=moment(incident.resolved_at),
        resolution=incident.resolution,
        inhibited_by=incident.inhibited_by,
        silenced_by=incident.silenced_by,
        acknowledged_by=incident.acknowledged_by,
        acknowledged_at=moment(incident.acknowledged_at),
        labels=incident.labels,
    )


def history_bodies(happenings: Sequence[Happening]) -> list[HappeningBody]:
    """Lines of the history."""
    return [
        HappeningBody(
            at=iso(each.at),
            kind=each.kind.value,
            event=each.event,
            text=each.text,
            account=each.account,
            extension_id=each.extension_id,
            extension=each.extension,
            incident_id=each.incident_id,
            alert=each.alert,
            receiver=each.receiver,
        )
        for each in happenings
    ]


def silence_body(silence: Silence, *, now: Timestamp) -> SilenceBody:
    """A silence."""
    if silence.is_over(now=now):
        state = "expired"
    else:
        state = "active" if silence.starts_at <= now else "pending"
    return SilenceBody(
        id=silence.id,
        state=state,
        matchers={name: list(patterns) for name, patterns in silence.matchers.clauses},
        starts_at=iso(silence.starts_at),
        ends_at=iso(silence.ends_at),
        author=silence.author,
        comment=silence.comment,
        created_at=iso(silence.created_at),
    )
