"""The alerts: what each may say, and what an override may say of it."""

from pathlib import Path

import pytest
from fakes.configured import SMALL, load
from pydantic import ValidationError

from regwatch.config.alerts import OVERRIDE_LABELS, AlertOverrideShape, AlertsShape
from regwatch.core.model import AlertName


def test_an_alert_is_switched_off_by_false(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL + "alerts: {refresh_overdue: false}\n")
    assert config.alerts.refresh_overdue is None


def test_there_is_a_shape_for_every_alert_and_for_no_other() -> None:
    assert set(AlertsShape.model_fields) == {*AlertName, "overrides"}


@pytest.mark.parametrize(
    ("alert", "text", "delay"),
    [
        ("extension_lost", {"for": "2m"}, 120.0),
        ("extension_lost", {}, 0.0),
        ("api_unavailable", {}, 120.0),
        ("never_registered", {"after": "2h"}, 7200.0),
        ("never_registered", {}, 3600.0),
        ("flapping", {"calm": "1m"}, 0.0),
    ],
)
def test_how_long_it_must_hold(alert: str, text: dict[str, str], delay: float) -> None:
    shape = getattr(AlertsShape.model_validate({alert: text}), alert)
    assert shape.delay == delay


@pytest.mark.parametrize(
    ("alert", "text"),
    [
        ("flapping", {"for": "2m"}),
        ("never_registered", {"for": "2m"}),
        ("extension_lost", {"severity": "fatal"}),
        ("extension_lost", True),
        ("flapping", {"changes": 1}),
        ("site_lost", {"at_least": 0}),
        ("site_lost", {"share": "110%"}),
    ],
)
def test_what_makes_no_sense_is_refused(alert: str, text: object) -> None:
    with pytest.raises(ValidationError):
        AlertsShape.model_validate({alert: text})


def override(**alerts: object) -> AlertOverrideShape:
    return AlertOverrideShape.model_validate({"match": {"site": "riga"}, **alerts})


def test_an_override_changes_what_it_names_and_nothing_else() -> None:
    changed = override(flapping=False, extension_lost={"for": "5m"}, recover_after="1m").changes
    assert list(changed) == ["extension_lost", "flapping"]
    assert changed["flapping"] is None, "switched off"
    lost = changed["extension_lost"]
    assert lost is not None
    assert lost.model_fields_set == {"hold_for"}
    assert override().changes == {}


@pytest.mark.parametrize("alert", AlertName)
def test_what_is_of_one_phone_or_place_may_be_overridden(alert: AlertName) -> None:
    of_all = {
        AlertName.API_UNAVAILABLE,
        AlertName.CREDENTIALS_REFUSED,
        AlertName.QUOTA_EXHAUSTED,
        AlertName.RECEIVER_BROKEN,
        AlertName.REGISTRAR_RESTARTED,
        AlertName.ACCOUNT_LOST,
        AlertName.LIST_SHRANK,
        AlertName.UNANSWERED,
        AlertName.MEMORY_LOST,
        AlertName.STORE_DAMAGED,
    }
    if alert in of_all:
        with pytest.raises(ValidationError):
            override(**{alert.value: {"severity": "info"}})
    else:
        assert override(**{alert.value: {"severity": "info"}}).changes


@pytest.mark.parametrize(
    ("match", "problem"),
    [({}, "matches everything"), ({"severity": "info"}, "`match` knows no `severity`")],
)
def test_an_override_is_of_something_that_is_known_before_it_is_told(
    match: dict[str, str], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        AlertOverrideShape.model_validate({"match": match, "flapping": False})
    assert all(
        AlertOverrideShape.model_validate({"match": {label: "x"}}) for label in OVERRIDE_LABELS
    )
