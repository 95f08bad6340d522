"""Metrics, alerts, endpoints and log lines of the documents are those of the program."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application
from fakes.web import (
    NOW,
    FakeDaemon,
    FakeOperations,
    account,
    incident,
    instruments,
    registration,
    watched,
)
from prometheus_client.parser import text_string_to_metric_families

import regwatch
from regwatch.core.alerts.conditions import LOSS_WORDS
from regwatch.core.bugs import Where
from regwatch.core.model import (
    AlertName,
    ChangeKind,
    ExtensionState,
    FailureReason,
    Quota,
    Timestamp,
)
from regwatch.core.phones.memory import LOSSES
from regwatch.notify.delivery.deliveries import Delivery
from regwatch.notify.words.webhook_body import regwatch_object
from regwatch.notify.words.wording import REASONS
from regwatch.web.metrics.exposition import Exposition, negotiate
from regwatch.web.server import build_app

SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}


def busy_daemon() -> FakeDaemon:
    """One of which everything is known, so that no metric is absent."""
    one = watched(101, site="riga", registrations=(registration(),))
    quota = Quota(limit=1000, remaining=500, resets_at=NOW, seen_at=NOW)
    acme = account(one, quota=quota, api_up=True, oldest_answer_at=NOW)
    return FakeDaemon([acme], [incident()], backlog={"chat": (1, Timestamp(NOW))})


async def exported() -> dict[str, tuple[str, frozenset[str]]]:
    """Name (a counter's with `_total`), type and labels of each family of ours."""
    counting = instruments()
    counting.initialize_account("acme", ["registrations"], ["success"])
    counting.initialize_receiver("chat", ["delivered"])
    counting.initialize_heartbeat(["sent"])
    counting.config_reloaded(success=True, at=NOW)
    exposition = Exposition(counting, busy_daemon(), per_extension=True)
    chunks = [chunk async for chunk in exposition.chunks(negotiate("text/plain"))]
    families = text_string_to_metric_families(b"".join(chunks).decode())
    return {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            frozenset(name for sample in family.samples for name in sample.labels) - {"le"},
        )
        for family in families
        if family.name.startswith("regwatch_")
    }


async def test_the_metrics_table_is_what_is_exported(pages):
    table = {}
    for metric, kind, _ in pages["reference/metrics"].rows():
        match = re.fullmatch(r"`(\w+)(?:\{([\w,]+)\})?`", metric)
        assert match, metric
        table[match[1]] = (kind, frozenset((match[2] or "").split(",")) - {""})
    assert table == await exported()


def test_closed_sets_of_the_metrics_are_listed_in_full(pages):
    rows = {row[0]: row[2] for row in pages["reference/metrics"].rows()}
    changes = next(text for key, text in rows.items() if "registration_changes_total" in key)
    outcomes = next(text for key, text in rows.items() if "notifications_total" in key)
    assert set(re.findall(r"`(\w+)`", changes)) == {change.value for change in ChangeKind}
    assert set(re.findall(r"`(\w+)`", outcomes)) == {outcome.value for outcome in Delivery}


def prometheus_rules(root: Path) -> dict[str, str]:
    """Alert name and runbook of each rule."""
    text = (root / "config/prometheus/regwatch.rules.yml").read_text(encoding="utf-8")
    groups = yaml.safe_load(text)["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return {rule["alert"]: rule["annotations"]["runbook"] for rule in rules}


def test_every_alert_has_its_heading_and_no_other_has(pages, root):
    headings = {h.text for h in pages["alerts"].headings if h.text.startswith("Regwatch")}
    own = {alert.alertname for alert in AlertName}
    assert headings == own | set(prometheus_rules(root))


def test_runbooks_lead_to_their_alert(pages, root):
    anchors = {heading.anchor for heading in pages["alerts"].headings}
    for alert, runbook in prometheus_rules(root).items():
        file, _, anchor = runbook.partition("#")
        assert (file, anchor) == ("docs/alerts.md", alert.lower())
        assert anchor in anchors


def test_each_alert_is_called_by_its_configured_name_too(pages):
    for alert in AlertName:
        assert f"`{alert.value}`" in pages["alerts"].section(alert.alertname).text.split("\n\n")[1]


def test_the_reasons_of_blindness_are_named(pages):
    """So that a person who reads one in a message finds what it means."""
    alerts = pages["alerts"].code
    explained_elsewhere = {FailureReason.QUOTA_EXHAUSTED}
    for reason in set(FailureReason) - explained_elsewhere:
        assert reason.value in alerts, reason


def test_every_reason_of_a_loss_has_its_words_and_stands_with_its_alert(pages):
    reasons = {*LOSSES.values(), "forgotten"}  # the latter by a registrar that restarted
    section = pages["alerts"].section(AlertName.EXTENSION_LOST.alertname).text
    assert {*LOSS_WORDS} == reasons
    assert reasons <= {*REASONS}
    assert {*re.findall(r"^- `(\w+)`: ", section, re.MULTILINE)} == reasons - {"unregistered"}
    assert "`unregistered`" in pages["alerts"].section(AlertName.SIGNED_OFF.alertname).text


def test_the_states_are_named(pages):
    text = pages["alerts"].text
    for state in ExtensionState:
        assert f"*{state.value}*" in text


def test_the_webhook_s_fields_are_those_it_sends(pages):
    rows = pages["reference/http"].section("What a webhook receives").rows()
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(listed) == sorted(
        regwatch_object(incident(), possibly_repeated=True, unacknowledged_for=1.0)
    )


def served_app() -> Application:
    return build_app(
        FakeDaemon(),
        instruments(),
        reload=never,
        clock=lambda: NOW,
        operations=FakeOperations(),
    )


def test_the_endpoints_are_those_served(pages):
    served = {
        f"{route.method} {route.resource.canonical}"
        for route in served_app().router.routes()
        if route.method != "HEAD" and not route.resource.canonical.startswith("/static")
    }
    rows = pages["reference/http"].section("Endpoints").rows()
    assert {row[0].strip("`") for row in rows} == served


async def test_what_an_endpoint_of_the_api_takes_is_told(pages):
    async with TestClient(TestServer(served_app())) as client:
        description = await (await client.get("/api/v1/openapi.json")).json()
    rows = {
        row[0].strip("`"): row[1] for row in pages["reference/http"].section("Endpoints").rows()
    }
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            told = re.findall(r"`(\w+)(?:=\w+)?`", rows[f"{method.upper()} {path}"])
            assert {*taken(description, operation)} <= {*told}, path


def taken(description: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
    """The parameters of an endpoint's query, and the fields of its body."""
    yield from (each["name"] for each in operation["parameters"] if each["in"] == "query")
    if body := operation.get("requestBody"):
        name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        yield from description["components"]["schemas"][name]["properties"]


async def never() -> list[str]:
    raise AssertionError


def logged(level: str) -> set[str]:
    """The events that are logged at a level anywhere in the program."""
    calls = {"error": r"log\.(?:error|exception)|tell_bug|bugs\.met"}.get(level, rf"log\.{level}")
    call = re.compile(rf"(?:{calls})\(\s*\"(\w+)\"")
    modules = Path(regwatch.__file__).parent.rglob("*.py")
    return {event for m in modules for event in call.findall(m.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("level", ["error", "warning"])
def test_every_event_that_may_wake_somebody_is_listed(level, pages):
    rows = {row[0]: row[2] for row in pages["reference/log"].rows()}
    listed = set(re.findall(r"`(\w+)`", rows[level.upper()]))
    # Named by what happened, in app/reporting.py: at a level by its alert.
    assert listed - {"incident_fired"} == logged(level)


@pytest.mark.parametrize("level", ["info", "debug"])
def test_the_examples_of_other_events_exist(level, pages):
    rows = {row[0]: row[2] for row in pages["reference/log"].rows()}
    listed = set(re.findall(r"`(\w+)`", rows[level.upper()]))
    assert listed - {"incident_fired"} <= logged(level)
    assert listed


def test_every_place_where_a_bug_may_be_met_is_listed(pages):
    rows = {row[0]: row[2] for row in pages["reference/metrics"].rows()}
    (row,) = (text for name, text in rows.items() if "regwatch_bugs_total" in name)
    assert set(re.findall(r"`(\w+)`", row)) == {where.value for where in Where}
