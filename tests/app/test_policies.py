"""What the file says of alerts, as the core takes it."""

from fakes.values import EVERY_ALERT

from regwatch.app.policies import alert_policies, monitor_policy
from regwatch.config.sections import AccountShape, AlertsShape
from regwatch.config.top import Config
from regwatch.core.flapping import FlappingPolicy
from regwatch.core.incidents import AlertPolicy
from regwatch.core.model import AlertName, Severity
from regwatch.core.monitor import MonitorPolicy
from regwatch.core.outages import OutagePolicy


def policy(alerts: dict[str, object]) -> MonitorPolicy:
    account = AccountShape.model_construct()
    config = Config.model_construct(alerts=AlertsShape.model_validate(alerts))
    return monitor_policy(config, account)


def test_the_defaults_are_those_of_the_core() -> None:
    assert alert_policies(AlertsShape()) == EVERY_ALERT
    assert policy({}).flapping == FlappingPolicy()
    assert policy({}).outages == OutagePolicy()


def test_what_the_file_says_of_flapping_and_outages_reaches_the_core() -> None:
    flapping = {"changes": 8, "window": "10m", "calm": "5m", "severity": "info"}
    outages = {"at_least": 5, "share": "80%", "window": "20m", "severity": "warning"}
    made = policy({"flapping": flapping, "site_lost": outages})
    assert made.flapping == FlappingPolicy(8, 600, 300)
    assert made.outages == OutagePolicy(5, 0.8, 1200)
    assert made.alerts[AlertName.FLAPPING] == AlertPolicy(Severity.INFO)
    assert made.alerts[AlertName.SITE_LOST] == AlertPolicy(Severity.WARNING)


def test_what_the_file_switches_off_is_off() -> None:
    made = policy({"flapping": False, "site_lost": False, "foreign_network": False})
    assert made.flapping is None
    assert made.outages is None
    assert AlertName.FOREIGN_NETWORK not in made.alerts
    assert AlertName.ADDRESS_CHANGED in made.alerts
