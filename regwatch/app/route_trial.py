"""Who would be told of an alert with these labels, when and by which route; and why nobody would:
by the configuration's own policies and routes, as the daemon decides.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

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
from regwatch.core.dispatch.forecast import Telling, Trial, forecast, looks
from regwatch.core.model import (
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
    ) -> Trial:
        """For an alert with these labels that begins now; raises `WrongLabelError`. `silences` and
        `open_incidents`: those of the running daemon.
        """
        self._check(wanted)
        facts = self._facts(wanted)
        alert = _alert(wanted.get("alert") or wanted.get("alertname") or "extension_lost")
        policy = self._rules.of(facts).policies.get(alert)
        fires_at = Timestamp(now + (policy.hold_for if policy else 0.0))
        incident = self._incident(alert, facts, policy, wanted, fires_at)
        mutes = Mutes(self._maintenance, silences)
        not_at_all = tuple(self._why_never(alert, facts, policy, fires_at))
        muted_by, told_from = _muted(mutes, incident, fires_at)
        tellings: Sequence[Telling] = ()
        if not_at_all:
            told_from = None
        elif told_from is not None:
            until = Timestamp(told_from + HORIZON)
            tellings = forecast(incident, self.routes, now=told_from, until=until)
        return Trial(
            at=now,
            labels=incident.labels,
            fires_at=fires_at,
            why_not=(*not_at_all, *muted_by),
            told_from=told_from,
            notes=tuple(self._notes(wanted, facts, alert, policy, open_incidents)),
            looks=looks(incident.labels, self.routes, now=told_from or fires_at),
            tellings=tellings,
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

    def _why_never(
        self, alert: AlertName, facts: Facts, policy: AlertPolicy | None, at: Timestamp
    ) -> Iterator[str]:
        if policy is None:
            yield f"the alert {alert.value} is off"
        hours = self._expectations.get(facts.account)
        if hours is None or facts.extension_id is None or alert not in OF_PRESENCE:
            return
        extension = Extension(facts.extension_id, facts.extension)
        if hours.since(extension, now=at) is None:
            yield f"{facts.extension or facts.extension_id}: {hours.why_not(extension)}"

    def _notes(
        self,
        wanted: Mapping[str, str],
        facts: Facts,
        alert: AlertName,
        policy: AlertPolicy | None,
        open_incidents: Iterable[Incident],
    ) -> Iterator[str]:
        if not {"alert", "alertname"} & wanted.keys():
            yield f"no `alert` was given: taken for {alert.value}"
        if not facts.account:
            yield "no `account` was given: routes that match one do not match"
        usual = policy.severity if policy else None
        if usual is not None and wanted.get("severity", usual) != usual:
            yield f"{alert.value} is {usual.value} by this configuration"
        if facts.extension and "extension_id" not in wanted:
            yield "no `extension_id` was given: what matches one does not match"
        for each in open_incidents:
            if _may_say_it_all(each, facts) and alert in OF_PRESENCE:
                yield f"a phone that fell silent with it is inhibited by incident {each.id}: " + (
                    each.summary
                )


def _alert(text: str) -> AlertName:
    found = next((alert for alert in AlertName if text in (alert, alert.alertname)), None)
    if found is None:
        advice = did_you_mean(text, [alert.value for alert in AlertName])
        raise WrongLabelError(f"no alert is named `{text}`" + (f" ({advice})" if advice else ""))
    return found


def _muted(
    mutes: Mutes, incident: Incident, at: Timestamp
) -> tuple[Sequence[str], Timestamp | None]:
    """By what, and from when on by nothing any more; None: it has no end."""
    by: list[str] = []
    while (mute := mutes.of(incident.labels, now=at)) is not None:
        by.append(f"silenced by {mute.words}")
        stretch = mute.when.stretch_at(at)
        if stretch is None or len(by) > 100:
            return by, None
        at = stretch.ends_at
    return list(dict.fromkeys(by)), at


def _may_say_it_all(incident: Incident, facts: Facts) -> bool:
    if incident.state is not IncidentState.FIRING or incident.account != facts.account:
        return False
    if incident.alert is AlertName.SITE_LOST:
        return bool(facts.site) and incident.facts.site == facts.site
    return incident.alert is AlertName.ACCOUNT_LOST
