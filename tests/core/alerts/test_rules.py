"""Overrides of alerts by site and extension."""

import pytest
from fakes.values import ACME

from regwatch.core.alerts import rules as alert_rules
from regwatch.core.alerts.incidents import AlertPolicy
from regwatch.core.alerts.rules import AlertRules, Override, Rules
from regwatch.core.matchers import Matchers
from regwatch.core.model import AlertName, ExtensionId, Facts, Severity

LOST, OVERDUE = AlertName.EXTENSION_LOST, AlertName.REFRESH_OVERDUE
BASE = Rules({LOST: AlertPolicy(Severity.CRITICAL), OVERDUE: AlertPolicy(Severity.WARNING)}, 30.0)
LATER, MILD = AlertPolicy(Severity.CRITICAL, 300.0), AlertPolicy(Severity.INFO)


def facts(number: int | None = 1, site: str = "riga") -> Facts:
    if number is None:
        return Facts(account=ACME, site=site)
    extension_id = ExtensionId(number)
    return Facts(account=ACME, extension_id=extension_id, extension=f"000*10{number}", site=site)


def override(policies: dict[AlertName, AlertPolicy | None], **match: str) -> Override:
    return Override(Matchers.of(match), policies)


def test_without_overrides_the_rules_are_the_same_everywhere() -> None:
    assert AlertRules(BASE).of(facts()) is BASE


def test_an_override_changes_what_it_names_where_it_matches() -> None:
    rules = AlertRules(BASE, [override({LOST: LATER}, site="riga")])
    assert rules.of(facts()).policies == {**BASE.policies, LOST: LATER}
    assert rules.of(facts()).recover_after == 30.0
    assert rules.of(facts(site="tallinn")).policies == BASE.policies


def test_an_alert_may_be_off_somewhere() -> None:
    rules = AlertRules(BASE, [override({OVERDUE: None}, extension="101")])
    assert set(rules.of(facts(1)).policies) == {LOST}
    assert set(rules.of(facts(2)).policies) == {LOST, OVERDUE}
    assert set(rules.of(facts(None)).policies) == {LOST, OVERDUE}


def test_the_first_override_to_speak_of_an_alert_is_followed() -> None:
    rules = AlertRules(
        BASE,
        [
            Override(Matchers.of({"extension": "101"}), {LOST: MILD}),
            Override(Matchers.of({"site": "riga"}), {LOST: LATER, OVERDUE: None}, 0.0),
            Override(Matchers.of({"account": "acme"}), {}, 90.0),
        ],
    )
    assert rules.of(facts(1)).policies == {LOST: MILD}
    assert rules.of(facts(2)).policies == {LOST: LATER}
    assert rules.of(facts(2)).recover_after == 0.0
    assert rules.of(facts(2, "tallinn")).recover_after == 90.0


def test_no_more_subjects_are_remembered_than_is_bearable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_rules, "REMEMBERED", 2)
    rules = AlertRules(BASE, [override({LOST: LATER}, extension="101")])
    found = [rules.of(facts(number)).policies[LOST] for number in (1, 2, 3, 1, 2)]
    assert found == [LATER, BASE.policies[LOST], BASE.policies[LOST], LATER, BASE.policies[LOST]]
