"""Who would be told of an alert with these labels, when and by which route; and why nobody would:
by the configuration's own policies and routes, as the daemon decides.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from regwatch.app.settings.policies import (
    alert_policies,
    expectations,
    maintenance,
    overrides,
    routes,
    sites,
)
from regwatch.config import Config, known_labels
from regwatch.core.alerts.incidents import AlertPolicy
from regwatch.core.alerts.mutes import Mutes, Silence
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.dispatch.forecast import Change, Forecast, forecast, looks
from regwatch.core.expectations import Expectations
from regwatch.core.model import (
    FAR_OFF,
    AccountName,
    AlertName,
    Extension,
    ExtensionId,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Severity,
    Timestamp,
)
from regwatch.core.schedules import Stretch
from regwatch.core.suggestions import did_you_mean

HORIZON = 86_400.0
"""Seconds that are looked ahead."""
OF_FACTS = frozenset(
    {"alert", "alertname", "severity", "account", "site", "place", "receiver", "device"}
    | {"extension", "extension_id"}
)
"""What becomes of the incident's own facts; the other labels are added as they are."""
OF_PRESENCE = frozenset(
    {
        AlertName.EXTENSION_LOST,
        AlertName.SIGNED_OFF,
        AlertName.REGISTRATION_LOST,
        AlertName.REFRESH_OVERDUE,
        AlertName.NEVER_REGISTERED,
    }
)
"""Alerts about phones that are missing: none where nobody expects them."""
TRIAL = "trial"


class WrongLabelError(Exception):
    """No alert has this label, or this value of it; the text says so."""


class _About(Struct, frozen=True):
    """What is tried."""

    incident: Incident
    policy: AlertPolicy | None
    """None: the alert is off."""
    hold_for: float
    now: Timestamp
    begins_at: Timestamp
    """When it fires, if nothing is against it."""


class RouteTrial:
    """Of one configuration."""

    def __init__(self, config: Config) -> None:
        self._known = known_labels(config)
        self._sites = sites(config.sites)
        self._expectations = {a.name: expectations(config, a) for a in config.accounts}
        rest = Rules(alert_policies(config.alerts), config.recover_after)
        self._rules = AlertRules(rest, overrides(config.alerts))
        self._maintenance = maintenance(config)
        self.routes = routes(config)

    def of(
        self,
        wanted: Mapping[str, str],
        *,
        silences: Iterable[Silence] = (),
        open_incidents: Iterable[Incident] = (),
        now: Timestamp,
    ) -> Forecast:
        """For an alert with these labels that begins now; raises `WrongLabelError`. `silences` and
        `open_incidents`: those of the running daemon.
        """
        self._check(wanted)
        about = self._about(wanted, now)
        until = Timestamp(now + HORIZON)
        changes = [
            each
            for span in self._spans(about, until)
            for each in _life(about, span, Mutes(self._maintenance, silences), until)
        ]
        told = (at for at, incident in changes if _is_told(incident))
        told_from = next(told, None)
        labels = _shown_labels(about.incident, wanted)
        looked_at = about.begins_at if told_from is None else told_from
        return Forecast(
            at=now,
            labels=labels,
            fires_at=about.begins_at,
            why_not=tuple(self._why_not(about, changes)),
            told_from=told_from,
            notes=tuple(_notes(wanted, about, open_incidents)),
            looks=looks(about.incident.labels, self.routes, now=looked_at),
            tellings=forecast(changes, self.routes, until=until),
        )

    def _about(self, wanted: Mapping[str, str], now: Timestamp) -> _About:
        facts = self._facts(wanted)
        alert = _alert(wanted.get("alert") or wanted.get("alertname") or "extension_lost")
        policy = self._rules.of(facts).policies.get(alert)
        hold_for = policy.hold_for if policy else 0.0
        incident = self._incident(alert, facts, policy, wanted, now)
        return _About(incident, policy, hold_for, now, Timestamp(now + hold_for))

    def _spans(self, about: _About, until: Timestamp) -> Iterator[Stretch]:
        """In which the alert may fire."""
        if about.policy is None:
            return
        spans: Iterable[Stretch] = [Stretch(about.now, Timestamp(FAR_OFF))]
        if (hours := self._hours(about.incident)) is not None:
            spans = hours.spans(_extension(about.incident.facts), now=about.now)
        for span in spans:
            if span.begins_at > until:
                return
            fires_at = Timestamp(span.begins_at + about.hold_for)
            if fires_at < span.ends_at:
                yield Stretch(fires_at, span.ends_at)

    def _hours(self, incident: Incident) -> Expectations | None:
        """Those of an extension that is to be there; None: they do not matter."""
        is_about_one = incident.facts.extension_id is not None and incident.alert in OF_PRESENCE
        return self._expectations.get(incident.account) if is_about_one else None

    def _why_not(self, about: _About, changes: Sequence[Change]) -> Iterator[str]:
        """Why nobody is told when it begins."""
        incident = about.incident
        if about.policy is None:
            yield f"the alert {incident.alert.value} is off"
            return
        hours = self._hours(incident)
        extension = _extension(incident.facts)
        if hours is not None and hours.since(extension, now=about.now) is None:
            name = incident.facts.extension or extension.id
            yield f"{name} is {hours.why_not(extension)}"
        muted = takewhile(lambda change: not _is_told(change[1]), changes)
        yield from dict.fromkeys(
            f"silenced by {each.silenced_by}" for _, each in muted if each.silenced_by
        )

    def _check(self, wanted: Mapping[str, str]) -> None:
        found = self._known.mismatches({name: [value] for name, value in wanted.items()})
        wrong = next(found, None)
        if wrong is not None:
            raise WrongLabelError(str(wrong))
        number = wanted.get("extension_id", "0")
        if not (number.isascii() and number.isdecimal()):
            raise WrongLabelError(f"`{number}` is no extension's id (a number)")

    def _facts(self, wanted: Mapping[str, str]) -> Facts:
        accounts = tuple(self._expectations)
        account = wanted.get("account", accounts[0] if len(accounts) == 1 else "")
        number, name = wanted.get("extension_id"), wanted.get("extension", "")
        is_known = number is not None or name
        extension = Extension(ExtensionId(int(number or 0)), name)
        site = self._sites.of_extension(extension) if is_known else ""
        return Facts(
            account=AccountName(account),
            extension_id=extension.id if is_known else None,
            extension=name,
            site=wanted.get("site", site),
            place=wanted.get("place", ""),
            receiver=wanted.get("receiver", ""),
            device=wanted.get("device", ""),
        )

    def _incident(
        self,
        alert: AlertName,
        facts: Facts,
        policy: AlertPolicy | None,
        wanted: Mapping[str, str],
        fires_at: Timestamp,
    ) -> Incident:
        usual = policy.severity if policy else Severity.CRITICAL
        others = {name: value for name, value in wanted.items() if name not in OF_FACTS}
        return Incident(
            id=IncidentId(TRIAL),
            account=facts.account,
            alert=alert,
            severity=Severity(wanted.get("severity", usual)),
            subject=TRIAL,
            state=IncidentState.FIRING,
            started_at=fires_at,
            fired_at=fires_at,
            site_labels={**self._sites.labels.get(facts.site, {}), **others},
            facts=facts,
        )


def _extension(facts: Facts) -> Extension:
    return Extension(facts.extension_id or ExtensionId(0), facts.extension)


def _notes(
    wanted: Mapping[str, str], about: _About, open_incidents: Iterable[Incident]
) -> Iterator[str]:
    facts, alert = about.incident.facts, about.incident.alert
    if not {"alert", "alertname"} & wanted.keys():
        yield f"no `alert` was given: taken for {alert.value}"
    if not facts.account:
        yield "no `account` was given: routes that match one do not match"
    usual = about.policy.severity if about.policy else None
    if usual is not None and wanted.get("severity", usual) != usual:
        yield f"{alert.value} is {usual.value} by this configuration"
    if facts.extension and "extension_id" not in wanted:
        yield "no `extension_id` was given: what matches one does not match"
    if alert in OF_PRESENCE:
        for each in open_incidents:
            if _may_say_it_all(each, facts):
                what = f"inhibited by incident {each.id}: {each.summary}"
                yield f"a phone that fell silent with it is {what}"


def _alert(text: str) -> AlertName:
    found = next((alert for alert in AlertName if text in (alert, alert.alertname)), None)
    if found is None:
        advice = did_you_mean(text, [alert.value for alert in AlertName])
        raise WrongLabelError(f"no alert is named `{text}`" + (f" ({advice})" if advice else ""))
    return found


def _life(about: _About, span: Stretch, mutes: Mutes, until: Timestamp) -> Iterator[Change]:
    """It fires in this span, and is silenced and not."""
    at, before = span.begins_at, ""
    name = IncidentId(f"{TRIAL}-{span.begins_at:.0f}")
    incident = replace(about.incident, id=name, started_at=at, fired_at=at)
    while at <= min(until, span.ends_at - 1.0):
        mute = mutes.of(incident.labels, kept=before, now=at)
        before = "" if mute is None else mute.reference
        if incident.silenced_by != before or at == span.begins_at:
            incident = replace(incident, silenced_by=before)
            yield at, incident
        at = mutes.turns_at(now=at)
    if span.ends_at <= until:
        end = span.ends_at
        over = {"state": IncidentState.RESOLVED, "cleared_at": end, "resolved_at": end}
        yield end, replace(incident, **over)


def _is_told(incident: Incident) -> bool:
    return incident.state is IncidentState.FIRING and not incident.is_quiet


def _shown_labels(incident: Incident, wanted: Mapping[str, str]) -> Mapping[str, str]:
    """Without an id that nobody gave."""
    labels = incident.labels
    if "extension_id" not in wanted:
        labels.pop("extension_id", None)
    return labels


def _may_say_it_all(incident: Incident, facts: Facts) -> bool:
    if incident.state is not IncidentState.FIRING or incident.account != facts.account:
        return False
    if incident.alert is AlertName.SITE_LOST:
        return bool(facts.site) and incident.facts.site == facts.site
    return incident.alert is AlertName.ACCOUNT_LOST
