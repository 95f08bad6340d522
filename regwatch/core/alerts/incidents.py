"""A condition's life: the only place that makes or changes an incident.

A subject has at most one open incident. Each step is asked: given the incident as it stands, the
condition that holds now (or none), and the policy of its alert, what is the incident now, and why?

    incident            condition holds                     condition does not hold
    ------------------  ----------------------------------  --------------------------------------
    none                pending  FIRST_SEEN                 none      NOTHING
                        firing   FIRED if `for` is over
    pending             pending  HELD_DOWN                  resolved  DROPPED (nobody was told)
                        firing   FIRED once `for` is over
    firing              firing   STILL                      firing    RECOVERING, `cleared_at` set
                        firing   ESCALATED, ALTERED         resolved  RESOLVED once it has been so
                                                                      for `recover_after`
    firing, cleared     firing   RELAPSED                   as above

`for` counts from the condition's own beginning, so a loss found late fires at once if it is old
enough. A firing incident turns to a worse alert only once that alert's own `for` is over. An alert
that is switched off is as a condition that does not hold.

Beside its state an incident may be quiet: it lives on, and nothing is told of it. Another one
inhibits it (INHIBITED, RELEASED), or may be about to (HELD until a time that is set, RELEASED), or
a silence or a maintenance window mutes it (SILENCED, UNSILENCED). That delays the telling, and no
more: what still fires afterwards is told then, and whoever heard of it before still hears that it
is over.

It may be ACKNOWLEDGED: somebody is at it, and nobody is reminded. What gets worse has to be
acknowledged anew.
"""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2s

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.alerts.conditions import Condition
from regwatch.core.alerts.mutes import Mute
from regwatch.core.clock_steps import back_to, moved
from regwatch.core.model import (
    AccountName,
    AlertName,
    Incident,
    IncidentId,
    IncidentState,
    Severity,
    Timestamp,
    Toll,
)


class AlertPolicy(Struct, frozen=True, gc=False):
    """When an alert fires and how much it matters."""

    severity: Severity
    hold_for: float = 0.0
    """Seconds the condition must hold before it fires: the config's `for`."""


AlertPolicies = Mapping[AlertName, AlertPolicy]
"""An alert that is absent is switched off."""


class Decision(StrEnum):
    """Why an incident is as it is after a step."""

    NOTHING = "nothing"
    FIRST_SEEN = "first_seen"
    HELD_DOWN = "held_down"
    FIRED = "fired"
    STILL = "still"
    ESCALATED = "escalated"
    ALTERED = "altered"
    """Another, not worse, alert about the same subject holds now."""
    RETOLD = "retold"
    """The same, in other words."""
    HELD = "held"
    """It is not told yet: another incident may be about to say it all, or just did."""
    INHIBITED = "inhibited"
    """Another incident says it all."""
    RELEASED = "released"
    """That one is over, and this one is not."""
    SILENCED = "silenced"
    """A silence or a maintenance window mutes it."""
    UNSILENCED = "unsilenced"
    ACKNOWLEDGED = "acknowledged"
    RECOVERING = "recovering"
    RELAPSED = "relapsed"
    RESOLVED = "resolved"
    DROPPED = "dropped"


class Step(Struct, frozen=True, gc=False):
    """An incident after a step, and why it is so."""

    incident: Incident | None
    decision: Decision
    because: str = ""
    """What else there is to say of the reason: which silence, which other incident, …"""


def advance(
    incident: Incident | None,
    condition: Condition | None,
    policies: AlertPolicies,
    *,
    account: AccountName,
    recover_after: float,
    because: str = "",
    toll: Toll | None = None,
    now: Timestamp,
) -> Step:
    """One step of the table above. `because`: why the condition does not hold, where that is not
    simply that all is well again; `toll`: who is back by then, where it was about many.
    """
    policy = policies.get(condition.alert) if condition is not None else None
    if condition is None or policy is None:
        if incident is not None and toll is not None:
            incident = replace(incident, toll=toll)
        return _without_condition(incident, recover_after, because, now)
    if incident is None:
        return _begun(condition, policy, account, now)
    if incident.state is IncidentState.PENDING:
        return _still_pending(incident, condition, policy, now)
    return _still_firing(incident, condition, policy, now)


def of_the_past(incident: Incident, *, now: Timestamp) -> Incident:
    """As it was stored, but that nothing of it is in the future: what a clock stamped that was
    wrong, or is now, is of now.
    """
    times = (incident.started_at, incident.fired_at, incident.cleared_at, incident.resolved_at)
    by = back_to(now, times)
    return moved(incident, by) if by else incident


def due_at(incident: Incident, policies: AlertPolicies, recover_after: float) -> Timestamp | None:
    """When time alone will take the incident further; None if it will not."""
    if incident.state is IncidentState.PENDING:
        policy = policies.get(incident.alert)
        return Timestamp(incident.started_at + policy.hold_for) if policy else None
    if incident.cleared_at is not None:
        return Timestamp(incident.cleared_at + recover_after)
    return None


def _without_condition(
    incident: Incident | None, recover_after: float, because: str, now: Timestamp
) -> Step:
    if incident is None:
        return Step(None, Decision.NOTHING)
    if incident.state is IncidentState.PENDING:
        return Step(_resolved(incident, because, now), Decision.DROPPED, because)
    cleared_at = now if incident.cleared_at is None else incident.cleared_at
    if now >= cleared_at + recover_after:
        return Step(_resolved(incident, because, cleared_at), Decision.RESOLVED, because)
    resolution = because or incident.resolution
    recovering = replace(incident, cleared_at=cleared_at, resolution=resolution)
    return Step(recovering, Decision.RECOVERING, because)


def _resolved(incident: Incident, because: str, at: Timestamp) -> Incident:
    because = because or incident.resolution  # said when it began to recover
    return replace(
        incident,
        state=IncidentState.RESOLVED,
        cleared_at=at,
        resolved_at=at,
        resolution=because,
    )


def _begun(condition: Condition, policy: AlertPolicy, account: AccountName, now: Timestamp) -> Step:
    pending = Incident(
        id=_incident_id(account, condition.subject, now),
        account=account,
        alert=condition.alert,
        severity=policy.severity,
        subject=condition.subject,
        state=IncidentState.PENDING,
        started_at=condition.since,
        summary=condition.summary,
        explanation=condition.explanation,
        toll=condition.toll,
        facts=condition.facts,
    )
    if now >= pending.started_at + policy.hold_for:
        return Step(_fired(pending, now), Decision.FIRED)
    return Step(pending, Decision.FIRST_SEEN)


def _incident_id(account: AccountName, subject: str, now: Timestamp) -> IncidentId:
    """The same decision on the same input gives the same id: a replay tells the same story."""
    key = f"{account}\n{subject}\n{now!r}".encode()
    return IncidentId(blake2s(key, digest_size=8).hexdigest())


def _fired(incident: Incident, now: Timestamp) -> Incident:
    return replace(incident, state=IncidentState.FIRING, fired_at=now)


def _still_pending(
    incident: Incident, condition: Condition, policy: AlertPolicy, now: Timestamp
) -> Step:
    if condition.alert is not incident.alert:
        incident = _retold(incident, condition, policy, started_at=condition.since)
    if now >= incident.started_at + policy.hold_for:
        return Step(_fired(incident, now), Decision.FIRED)
    return Step(incident, Decision.HELD_DOWN)


def _still_firing(
    incident: Incident, condition: Condition, policy: AlertPolicy, now: Timestamp
) -> Step:
    if condition.alert is not incident.alert and now >= condition.since + policy.hold_for:
        worse = policy.severity.rank < incident.severity.rank
        changed = _retold(incident, condition, policy, started_at=incident.started_at)
        changed = replace(changed, cleared_at=None, resolution="", escalated_from=incident.alert)
        if worse:
            changed = replace(changed, acknowledged_by="", acknowledged_at=None)
        return Step(changed, Decision.ESCALATED if worse else Decision.ALTERED)
    if incident.cleared_at is not None:
        again = _reworded(incident, condition) if condition.is_retold else incident
        return Step(replace(again, cleared_at=None, resolution=""), Decision.RELAPSED)
    if condition.is_retold and condition.summary != incident.summary:
        return Step(_reworded(incident, condition), Decision.RETOLD)
    return Step(incident, Decision.STILL)


def inhibit(incident: Incident, by: Incident | None, *, because: str = "") -> Step:
    """While `by` fires nothing is told of this one; None: nothing says it all any more, nor may
    anything yet. `because`: why not.
    """
    by_id = None if by is None else by.id
    if incident.inhibited_by == by_id and incident.held_until is None:
        return Step(incident, Decision.STILL)
    changed = replace(incident, inhibited_by=by_id, held_until=None)
    if by is None:
        return Step(changed, Decision.RELEASED, because)
    return Step(changed, Decision.INHIBITED, f"inhibited by {by.alert}: {by.summary}")


def hold(incident: Incident, until: Timestamp, *, because: str) -> Step:
    """Nothing is told of this one until then: another one may say it all by then."""
    if incident.inhibited_by is None and incident.held_until == until:
        return Step(incident, Decision.STILL)
    held = replace(incident, inhibited_by=None, held_until=until)
    return Step(held, Decision.HELD, because)


def silence(incident: Incident, by: Mute | None) -> Step:
    """While `by` lasts nothing is told of this one; None: nothing mutes it any more."""
    reference = "" if by is None else by.reference
    if incident.silenced_by == reference:
        return Step(incident, Decision.STILL)
    changed = replace(incident, silenced_by=reference)
    if by is None:
        return Step(changed, Decision.UNSILENCED, f"{incident.silenced_by} is over")
    return Step(changed, Decision.SILENCED, f"silenced by {by.words}")


def acknowledge(incident: Incident, by: str, comment: str, *, now: Timestamp) -> Step:
    """Somebody is at it."""
    changed = replace(incident, acknowledged_by=by, acknowledged_at=now)
    return Step(changed, Decision.ACKNOWLEDGED, f"{by}: {comment}" if comment else by)


def _reworded(incident: Incident, condition: Condition) -> Incident:
    return replace(
        incident,
        summary=condition.summary,
        explanation=condition.explanation,
        toll=condition.toll,
    )


def _retold(
    incident: Incident, condition: Condition, policy: AlertPolicy, *, started_at: Timestamp
) -> Incident:
    return replace(
        incident,
        alert=condition.alert,
        severity=policy.severity,
        started_at=started_at,
        summary=condition.summary,
        explanation=condition.explanation,
        toll=condition.toll,
        facts=condition.facts,
    )
