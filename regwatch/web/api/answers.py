"""From what the daemon holds to what the API answers."""

from regwatch.core.alerts.mutes import Silence
from regwatch.core.bugs import Setback
from regwatch.core.dispatch.forecast import Forecast, Look, Telling
from regwatch.core.history import Happening
from regwatch.core.model import AccountName, Incident, Registration, Timestamp, Watched
from regwatch.web.api.bodies import (
    AccountBody,
    ExtensionBody,
    ExtensionState,
    HappeningBody,
    IncidentBody,
    QuotaBody,
    RegistrationBody,
    RouteBody,
    RoutesBody,
    SetbackBody,
    SilenceBody,
    SiteBody,
    TellingBody,
    WarningsBody,
)
from regwatch.web.times import iso
from regwatch.web.views import AccountView


def moment(at: Timestamp | None) -> str | None:
    """As text; None stays None."""
    return None if at is None else iso(at)


def account_body(account: AccountView) -> AccountBody:
    """An account."""
    sites: dict[str, dict[str, int]] = {}
    counts: dict[str, int] = dict.fromkeys(ExtensionState, 0)
    for (site, state), count in account.counts().items():
        counts[state.value] += count
        if site and count:
            of_site = sites.setdefault(site, dict.fromkeys(ExtensionState, 0))
            of_site[state.value] += count
    quota, warnings = account.quota, account.warnings
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
        warnings=WarningsBody(warnings.came_true, warnings.taken_back),
        ids_asked={purpose.value: n for purpose, n in account.ids_asked.items()},
        sites=[SiteBody(name, of_site) for name, of_site in sorted(sites.items())],
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
        state=ExtensionState(watched.state.value),
        since=moment(watched.since),
        reason=watched.reason,
        expected=expected,
        answered_at=moment(watched.answered_at),
        last_registered_at=moment(watched.last_registered_at),
        registrations=[registration_body(each) for each in watched.registrations],
    )


def registration_body(each: Registration) -> RegistrationBody:
    """A device that is registered."""
    return RegistrationBody(
        each.id,
        each.device,
        each.real_address,
        each.contact_address,
        moment(each.lease_ends_at),
    )


def incident_body(incident: Incident, *, members: int = 0) -> IncidentBody:
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
        members=members,
    )


def happening_body(happening: Happening) -> HappeningBody:
    """A line of the history."""
    return HappeningBody(
        at=iso(happening.at),
        kind=happening.kind.value,
        event=happening.event,
        text=happening.words,
        because=happening.because,
        account=happening.account,
        extension_id=happening.extension_id,
        extension=happening.extension,
        incident_id=happening.incident_id,
        alert=happening.alert,
        receiver=happening.receiver,
    )


def setback_body(setback: Setback) -> SetbackBody:
    """Something that was set aside."""
    return SetbackBody(
        where=setback.where.value,
        what=setback.what,
        why=setback.why,
        since=iso(setback.since),
        last_at=iso(setback.last_at),
        times=setback.times,
    )


def routes_body(trial: Forecast) -> RoutesBody:
    """Who would be told of an alert, and why others are not."""
    return RoutesBody(
        at=iso(trial.at),
        labels=dict(trial.labels),
        fires_at=iso(trial.fires_at),
        why_not=list(trial.why_not),
        told_from=moment(trial.told_from),
        notes=list(trial.notes),
        routes=[_route(look) for look in trial.looks],
        tellings=[_telling(each) for each in trial.tellings],
    )


def _route(look: Look) -> RouteBody:
    return RouteBody(
        index=look.index,
        name=look.name,
        receivers=list(look.receivers),
        fit=look.fit.value,
        labels=list(look.labels),
        begins_at=moment(look.begins_at),
        ended_by=look.ended_by,
    )


def _telling(telling: Telling) -> TellingBody:
    return TellingBody(
        at=iso(telling.at),
        receiver=telling.receiver,
        route=telling.route,
        reason=telling.reason.value,
        unacknowledged_seconds=telling.unacknowledged_for,
    )


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
