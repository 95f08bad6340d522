"""From the configuration's sections to the values the core decides by."""

from regwatch.config.sections import (
    AccountShape,
    AlertShape,
    AlertsShape,
    ChangedShape,
    FlappingShape,
    NeverRegisteredShape,
    RouteShape,
    SiteLostShape,
    SiteShape,
)
from regwatch.config.top import Config
from regwatch.core.flapping import FlappingPolicy
from regwatch.core.incidents import AlertPolicies, AlertPolicy
from regwatch.core.lateness import LatenessPolicy
from regwatch.core.matchers import Matchers
from regwatch.core.model import AlertName, Severity
from regwatch.core.monitor import MonitorPolicy
from regwatch.core.outages import OutagePolicy
from regwatch.core.planner import PollingPolicy
from regwatch.core.routing import Route
from regwatch.core.sites import Site, Sites


def sites(shapes: list[SiteShape]) -> Sites:
    """The configured sites."""
    return Sites(
        [
            Site(shape.name, tuple(shape.networks), tuple(shape.extensions), shape.labels)
            for shape in shapes
        ]
    )


def alert_policies(alerts: AlertsShape) -> AlertPolicies:
    """The alerts that are on."""
    shapes = {name: getattr(alerts, name.value) for name in AlertName}
    return {name: _policy(shape) for name, shape in shapes.items() if shape is not None}


def _policy(
    shape: AlertShape | NeverRegisteredShape | SiteLostShape | FlappingShape | ChangedShape,
) -> AlertPolicy:
    match shape:
        case NeverRegisteredShape():
            hold_for = shape.after
        case AlertShape():
            hold_for = shape.hold_for
        case _:
            hold_for = 0.0
    return AlertPolicy(Severity(shape.severity), hold_for)


def monitor_policy(config: Config, account: AccountShape) -> MonitorPolicy:
    """How an account's answers are judged."""
    overdue = config.alerts.refresh_overdue
    lateness = LatenessPolicy(overdue.learn_after, overdue.before_expiry) if overdue else None
    return MonitorPolicy(
        alerts=alert_policies(config.alerts),
        recover_after=config.recover_after,
        stale_after=max(account.polling.stale_after, 3 * account.polling.interval),
        lateness=lateness or LatenessPolicy(),
        outages=_outages(config.alerts.site_lost),
        flapping=_flapping(config.alerts.flapping),
    )


def _outages(shape: SiteLostShape | None) -> OutagePolicy | None:
    return None if shape is None else OutagePolicy(shape.at_least, shape.share, shape.window)


def _flapping(shape: FlappingShape | None) -> FlappingPolicy | None:
    return None if shape is None else FlappingPolicy(shape.changes, shape.window, shape.calm)


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


def routes(shapes: list[RouteShape]) -> list[Route]:
    """The routes, in order. Their keys say what they match, so that a group keeps its name when
    another route is added before it.
    """
    return [_route(shape) for shape in shapes] or [Route(key="none", receivers=())]


def _route(shape: RouteShape) -> Route:
    matchers = Matchers.of(shape.match)
    return Route(
        key=str(matchers) or "all",
        matchers=matchers,
        receivers=tuple(shape.receivers),
        group_by=tuple(shape.group_by),
        group_wait=shape.group_wait,
        group_interval=shape.group_interval,
        repeat=tuple(shape.repeat),
        continue_=shape.continue_,
    )
