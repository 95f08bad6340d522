"""What the file says of alerts, as the core takes it."""

from pathlib import Path

import pytest
from fakes.values import EVERY_ALERT, at, extension

from regwatch.app.settings.policies import alert_policies, expectations, maintenance, monitor_policy
from regwatch.config import load_config
from regwatch.config.alerts import AlertsShape
from regwatch.config.sections import AccountShape
from regwatch.config.top import Config
from regwatch.core.alerts.incidents import AlertPolicy
from regwatch.core.model import AlertName, Severity
from regwatch.core.monitor import MonitorPolicy
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.outages import OutagePolicy


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
    assert made.outages == OutagePolicy(5, 0.8)
    assert made.alerts[AlertName.FLAPPING] == AlertPolicy(Severity.INFO)
    assert made.alerts[AlertName.SITE_LOST] == AlertPolicy(Severity.WARNING)


def test_what_the_file_switches_off_is_off() -> None:
    made = policy({"flapping": False, "site_lost": False, "foreign_network": False})
    assert made.flapping is None
    assert made.outages is None
    assert AlertName.FOREIGN_NETWORK not in made.alerts
    assert AlertName.ADDRESS_CHANGED in made.alerts


# --- overrides, hours ------------------------------------------------------------

TEXT = """
accounts:
  - url: https://pbx.example.com
    name: acme
    access_token: t0ken
    extensions:
      expected: office
      overrides: [{extensions: ["101"], expected: never}, {extensions: ["10?"], expected: always}]
sites: [{name: riga, extensions: ["*"]}, {name: tallinn}]
schedules: {office: {days: mon-fri, hours: "09:00-10:00", timezone: UTC}}
maintenance:
  - {from: 2027-01-15T08:00, to: 2027-01-15T09:00, timezone: UTC}
  - {name: office hours, match: {site: riga}, schedule: office}
  - {schedule: office}
alerts:
  registration_lost: false
  overrides:
    - match: {site: ri*}
      extension_lost: {for: 5m}
      registration_lost: {severity: info}
      never_registered: {after: 2h}
      site_lost: {at_least: 9}
      flapping: false
      recover_after: 1m
    - match: {account: acme}
      site_lost: false
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "regwatch.yml"
    file.write_text(TEXT)
    return load_config(file, environ={})


def test_an_override_says_what_is_different_and_leaves_the_rest(config: Config) -> None:
    first, second = monitor_policy(config, config.accounts[0]).overrides
    assert first.policies == {
        AlertName.EXTENSION_LOST: AlertPolicy(Severity.CRITICAL, 300.0),
        AlertName.REGISTRATION_LOST: AlertPolicy(Severity.INFO),
        AlertName.NEVER_REGISTERED: AlertPolicy(Severity.INFO, 7200.0),
        AlertName.SITE_LOST: AlertPolicy(Severity.CRITICAL),
        AlertName.FLAPPING: None,
    }
    assert first.recover_after == 60.0
    assert second.policies == {AlertName.SITE_LOST: None}


def test_sites_may_have_thresholds_of_their_own(config: Config) -> None:
    policy = monitor_policy(config, config.accounts[0])
    assert policy.outages == OutagePolicy()
    assert policy.outages_of == {"riga": OutagePolicy(at_least=9), "tallinn": None}


def test_who_is_expected_when(config: Config) -> None:
    # The tests' beginning of time is a Friday, 08:00 UTC.
    expected = expectations(config, config.accounts[0])
    found = {
        number: [expected.since(extension(number), now=at(when)) for when in (0, 3600)]
        for number in (1, 2, 50)
    }
    assert found == {1: [None, None], 2: [0.0, 0.0], 50: [None, at(3600)]}


def test_maintenance_is_named_by_what_there_is(config: Config) -> None:
    windows = maintenance(config)
    assert [window.name for window in windows] == ["1", "office hours", "office"]
    active = [[w.name for w in windows if w.when.stretch_at(at(when))] for when in (0, 3600, 7200)]
    assert active == [["1"], ["office hours", "office"], []]
