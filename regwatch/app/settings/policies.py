"""From the configuration's sections to the values the core decides by."""

from collections.abc import Mapping, Sequence

from regwatch.config.alerts import (
    AccountLostShape,
    AlertOverrideShape,
    AlertsShape,
    AnyAlertShape,
    FlappingShape,
    ListShrankShape,
    OtherSeverityShape,
    SiteLostShape,
)
from regwatch.config.hours import MaintenanceShape
from regwatch.config.sections import AccountShape, RouteShape, SiteShape
from regwatch.config.top import Config
from regwatch.core.alerts.incidents import AlertPolicies, AlertPolicy
from regwatch.core.alerts.mutes import Maintenance
from regwatch.core.alerts.rules import Override
from regwatch.core.dispatch.routing import Escalation, Route
from regwatch.core.expectations import Expectation, Expectations, ExpectedHours
from regwatch.core.matchers import Matchers, text_matches
from regwatch.core.model import AlertName, Severity
from regwatch.core.monitor import MonitorPolicy
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.lateness import LatenessPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.phones.vanished import AccountPolicy
from regwatch.core.polling.planner import PollingPolicy
from regwatch.core.schedules import Schedule, Stretch
from regwatch.core.sites import Site, Sites
from regwatch.core.watches.list_watch import ListPolicy


def sites(shapes: list[SiteShape]) -> Sites:
    """The configured sites."""
    return Sites(places(shapes))


def places(shapes: list[SiteShape]) -> Sequence[Site]:
    """Each of them, in order."""
    return [
        Site(shape.name, tuple(shape.networks), tuple(shape.extensions), shape.labels)
        for shape in shapes
    ]


def alert_policies(alerts: AlertsShape) -> AlertPolicies:
    """The alerts that are on."""
    shapes = {name: getattr(alerts, name.value) for name in AlertName}
    return {name: _policy(shape) for name, shape in shapes.items() if shape is not None}


def _policy(shape: AnyAlertShape) -> AlertPolicy:
    return AlertPolicy(Severity(shape.severity), shape.delay)


def overrides(alerts: AlertsShape) -> Sequence[Override]:
    """What is different for some sites or extensions."""
    return [_override(shape, alerts) for shape in alerts.overrides]


def _override(shape: AlertOverrideShape, alerts: AlertsShape) -> Override:
    policies: dict[AlertName, AlertPolicy | None] = {}
    for name, change in shape.changes.items():
        other = _changed(name, alerts, change)
        policies[AlertName(name)] = None if other is None else _policy(other)
    return Override(Matchers.of(shape.match), policies, shape.recover_after)


def _changed(
    name: str, alerts: AlertsShape, change: OtherSeverityShape | None
) -> AnyAlertShape | None:
    """As it says and, for what it leaves out, as everywhere else; where the alert is off
    everywhere else, as by default.
    """
    if change is None:
        return None
    rest: AnyAlertShape = getattr(alerts, name) or AlertsShape.model_fields[name].default
    said = {
        key: value for key in change.model_fields_set if (value := getattr(change, key)) is not None
    }
    return rest.model_copy(update=said)


def monitor_policy(config: Config, account: AccountShape) -> MonitorPolicy:
    """How an account's answers are judged."""
    alerts = config.alerts
    overdue = alerts.refresh_overdue
    lateness = LatenessPolicy(overdue.learn_after, overdue.before_expiry) if overdue else None
    return MonitorPolicy(
        alerts=alert_policies(alerts),
        recover_after=config.recover_after,
        stale_after=max(account.polling.stale_after, 3 * account.polling.interval),
        lateness=lateness or LatenessPolicy(),
        outages=_outages(alerts.site_lost),
        outages_of=_outages_of(config, account),
        account=_account(alerts.account_lost),
        listing=_listing(alerts.list_shrank),
        flapping=_flapping(alerts.flapping),
        overrides=[each for each in overrides(alerts) if _may_concern(each, account.name)],
    )


def _may_concern(override: Override, account: str) -> bool:
    """Whether it may match anything of this account: who changes another's disturbs no more."""
    patterns = dict(override.matchers.clauses).get("account")
    return patterns is None or any(text_matches(pattern, account) for pattern in patterns)


def _outages_of(config: Config, account: AccountShape) -> Mapping[str, OutagePolicy | None]:
    """Those of sites that an override names."""
    found: dict[str, OutagePolicy | None] = {}
    for each in config.alerts.overrides:
        if "site_lost" in each.changes:
            policy = _outages(_changed("site_lost", config.alerts, each.site_lost))
            for site in config.sites:
                labels = {"account": account.name, "site": site.name}
                if Matchers.of(each.match).matches(labels):
                    found.setdefault(site.name, policy)
    return found


def _outages(shape: AnyAlertShape | None) -> OutagePolicy | None:
    if not isinstance(shape, SiteLostShape):
        return None
    return OutagePolicy(shape.at_least, shape.share)


def _account(shape: AccountLostShape | None) -> AccountPolicy | None:
    return None if shape is None else AccountPolicy(shape.share, shape.at_least)


def _listing(shape: ListShrankShape | None) -> ListPolicy | None:
    return None if shape is None else ListPolicy(shape.share, shape.at_least)


def _flapping(shape: FlappingShape | None) -> FlappingPolicy | None:
    return None if shape is None else FlappingPolicy(shape.changes, shape.window, shape.calm)


def expectations(config: Config, account: AccountShape) -> Expectations:
    """When an account's extensions are expected to be registered."""
    return Expectations(*expected_hours(config, account))


def expected_hours(
    config: Config, account: AccountShape
) -> tuple[ExpectedHours, Sequence[Expectation]]:
    """Those of most of its extensions, and those of particular ones."""
    extensions = account.extensions
    particular = [
        Expectation(tuple(each.extensions), _hours(config, each.expected))
        for each in extensions.overrides
    ]
    return _hours(config, extensions.expected), particular


def _hours(config: Config, name: str) -> ExpectedHours:
    if name in ("always", "never"):
        return name == "always"
    return _schedule(config, name)


def _schedule(config: Config, name: str) -> Schedule:
    shape = config.schedules[name]
    excepted = config.excepted_dates(name)
    return Schedule(name, shape.days, shape.hours, shape.timezone, excepted)


def maintenance(config: Config) -> Sequence[Maintenance]:
    """The windows in which nothing is told of what they match."""
    return [_window(config, number, shape) for number, shape in enumerate(config.maintenance, 1)]


def _window(config: Config, number: int, shape: MaintenanceShape) -> Maintenance:
    when: Stretch | Schedule | None = shape.once
    if when is None:
        when = _schedule(config, shape.schedule or "")
    name = shape.name or shape.schedule or str(number)
    return Maintenance(name=name, matchers=Matchers.of(shape.match), when=when)


def polling_policy(account: AccountShape) -> PollingPolicy:
    """How an account's requests are planned."""
    polling = account.polling
    return PollingPolicy(
        interval=polling.interval,
        batch_size=polling.batch_size,
        concurrency=polling.concurrency,
        requests_per_hour=polling.requests_per_hour,
        reserve=polling.reserve,
    )


def routes(config: Config) -> list[Route]:
    """The routes, in order. Their keys say what they match when, so that a group keeps its name
    when another route is added before it.
    """
    found = [_route(config, shape) for shape in config.routes]
    return found or [Route(key="none", receivers=())]


def _route(config: Config, shape: RouteShape) -> Route:
    matchers, escalate = Matchers.of(shape.match), shape.escalate
    key = str(matchers) or "all"
    return Route(
        key=key if shape.active is None else f"{key} during {shape.active}",
        matchers=matchers,
        receivers=tuple(shape.receivers),
        group_by=shape.grouped_by,
        group_wait=shape.group_wait,
        group_interval=shape.group_interval,
        repeat=None if shape.repeat is None else tuple(shape.repeat),
        digest=shape.digest,
        continue_=shape.continue_,
        active=None if shape.active is None else _schedule(config, shape.active),
        escalation=Escalation(escalate.after, tuple(escalate.receivers)) if escalate else None,
        send_resolved=shape.send_resolved,
    )
