"""The Prometheus rules that ship: valid, tested one by one, and about metrics that exist."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes.debian import program
from fakes.patience import PATIENCE
from fakes.web import FakeDaemon, instruments

from regwatch.web.metrics.exposition import Exposition, negotiate

FOLDER = Path(__file__).parents[1] / "config" / "prometheus"


def content(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


RULES = {rule["alert"]: rule for rule in content("regwatch.rules.yml")["groups"][0]["rules"]}


@pytest.mark.needs_debian
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "regwatch.rules.yml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "regwatch.rules.test.yml"),
    ],
    ids=["rules are valid", "the example scrape is valid", "the rules' own tests pass"],
)
def test_promtool(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [program("promtool"), *arguments],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_is_tested_firing_and_quiet() -> None:
    firing, quiet = set(), set()
    for test in content("regwatch.rules.test.yml")["tests"]:
        for expectation in test["alert_rule_test"]:
            (firing if expectation.get("exp_alerts") else quiet).add(expectation["alertname"])
    assert firing == quiet == set(RULES)


@pytest.mark.parametrize("alert", RULES)
def test_every_rule_says_what_it_means_and_where_to_read_on(alert: str) -> None:
    rule = RULES[alert]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/alerts.md#{alert.lower()}"


async def test_every_metric_in_a_rule_is_exported() -> None:
    exposition = Exposition(instruments(), FakeDaemon(), "auto")
    text = b"".join([chunk async for chunk in exposition.chunks(negotiate(""))]).decode()
    exported = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    used = {name for rule in RULES.values() for name in re.findall(r"regwatch_\w+", rule["expr"])}
    assert used
    assert used <= exported
