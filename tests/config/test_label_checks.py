"""Whether what stands under `match` can match at all."""

from datetime import datetime
from pathlib import Path

import pytest
import yaml
from fakes.configured import SMALL, load

from regwatch.config import Config, ConfigError, load_config
from regwatch.config.label_checks import known_labels, label_findings, windows_that_are_over
from regwatch.core.model import Timestamp

OVER = "from: 2020-01-01T00:00, to: 2020-01-02T00:00, timezone: UTC"
NOW = Timestamp(1_800_000_000.0)
SITES = "sites: [{name: riga, labels: {team: ops}}, {name: tallinn, labels: {team: sales}}]\n"


def test_a_window_that_is_over_is_remarked_upon_whatever_it_matched(tmp_path: Path) -> None:
    config = load(tmp_path, f"{SMALL}maintenance: [{{match: {{site: gone}}, {OVER}}}]\n")
    over, matches_nothing = (str(notice) for notice in config.notices)
    assert over.endswith("regwatch.yml:2: maintenance[0]: is over (it may be taken out)")
    assert matches_nothing.endswith("maintenance[0].match.site: no `site` matches `gone`")


def test_until_its_last_second_a_window_must_match_something(tmp_path: Path) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text(f"{SMALL}maintenance: [{{match: {{site: gone}}, {OVER}}}]\n")
    ends = datetime.fromisoformat("2020-01-02T00:00+00:00").timestamp()
    with pytest.raises(ConfigError, match="no `site` matches `gone`"):
        load_config(file, environ={}, clock=lambda: Timestamp(ends - 1))
    assert load_config(file, environ={}, clock=lambda: Timestamp(ends)).notices


def shape(text: str) -> Config:
    return Config.model_validate(yaml.safe_load(SMALL + SITES + text))


def found(text: str) -> list[tuple[object, ...]]:
    return [place for place, _, _ in label_findings(shape(text), now=NOW)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("routes: [{match: {site: riga, team: ops, severity: critical}, receivers: [a]}]", []),
        ("routes: [{match: {site: rga}, receivers: [a]}]", [("routes", 0, "match", "site")]),
        (
            "routes: [{match: {site: [riga, rga]}, receivers: [a]}]",
            [("routes", 0, "match", "site", 1)],
        ),
        ("routes: [{match: {sit: riga}, receivers: [a]}]", [("routes", 0, "match", "sit")]),
        (
            "routes: [{receivers: [a], group_by: [account, sit]}]",
            [("routes", 0, "group_by", 1)],
        ),
        (
            "alerts: {overrides: [{match: {site: rga}, flapping: false}]}",
            [("alerts", "overrides", 0, "match", "site")],
        ),
        (
            "maintenance: [{match: {extension: '101, 102'}, schedule: x}]",
            [("maintenance", 0, "match", "extension")],
        ),
        (f"maintenance: [{{match: {{site: rga}}, {OVER}}}]", []),
    ],
)
def test_what_can_never_match_and_where_it_stands(
    text: str, places: list[tuple[object, ...]]
) -> None:
    assert found(text) == places


def test_a_window_week_by_week_is_never_over() -> None:
    windows = shape("maintenance: [{match: {site: riga}, schedule: night}]")
    assert list(windows_that_are_over(windows, now=NOW)) == []


def test_labels_are_known_by_what_the_file_names() -> None:
    known = known_labels(shape("receivers: [{name: chat, webhook: {url: 'http://x'}}]"))
    assert list(known.mismatches({"receiver": ["chat"], "account": ["default"]})) == []
    assert list(known.mismatches({"receiver": ["mail"]})) != []
