"""The shape of the file, as editors know it: what it takes the loader takes too."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from fakes.configured import SMALL, load, secret

from regwatch.config import ConfigError
from regwatch.config.schema import json_schema

EXAMPLE = Path(__file__).parents[2] / "config" / "regwatch.example.yml"


WRITTEN = {
    "a default for all": "",
    "off": "alerts: {flapping: false, refresh_overdue: {before_expiry: 0, learn_after: 5}}\n",
    "auto, and one where a list may stand": (
        "receivers: [{name: a, alertmanager: {urls: 'http://a', timeout: 1m30s}}]\n"
        "routes: [{match: {severity: critical}, receivers: [a], repeat: 1h, group_wait: 0},\n"
        "  {receivers: [a]}]\n"
        "metrics: {per_extension: auto}\n"
    ),
    "lists": (
        "receivers: [{name: a, alertmanager: {urls: ['http://a', 'http://b']}}]\n"
        "routes: [{match: {severity: [critical, warning]}, receivers: [a], repeat: [1h, 4h]},\n"
        "  {receivers: [a]}]\n"
        "metrics: {per_extension: 100}\n"
    ),
    "no discovery": (
        "accounts: [{url: 'http://127.0.0.1', access_token_file: token, extensions: {ids: [1], "
        "discover: false}, polling: {requests_per_hour: auto, reserve: 20%}}]\n"
    ),
}


def test_the_schema_knows_every_key_and_the_secrets_files() -> None:
    schema = json_schema()
    assert "accounts" in schema["properties"]
    account = schema["$defs"]["AccountShape"]["properties"]
    assert {"client_secret", "client_secret_file", "url"} <= set(account)
    assert json.dumps(schema)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in WRITTEN.items()])
def test_the_schema_takes_what_the_loader_takes(text: str, tmp_path: Path) -> None:
    secret(tmp_path, "token")
    text = text if "accounts" in text else SMALL + text
    load(tmp_path, text)
    jsonschema.validate(yaml.safe_load(text), json_schema())


def test_the_schema_takes_the_example() -> None:
    jsonschema.validate(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")), json_schema())


@pytest.mark.parametrize("wrong", ["alerts: {flapping: true}", "recover_after: 5", "acounts: []"])
def test_the_schema_refuses_what_the_loader_refuses(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path, SMALL + wrong)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(SMALL + wrong), json_schema())


def test_the_schema_shows_defaults_as_one_would_write_them() -> None:
    shapes = json_schema()["$defs"]
    polling = shapes["PollingShape"]["properties"]
    assert polling["interval"]["default"] == "1m"
    assert polling["stale_after"]["default"] == "15m"
    assert polling["reserve"]["default"] == "10%"
    assert shapes["RouteShape"]["properties"]["group_by"]["default"] == ["account", "site", "alert"]
    assert shapes["AlertShape"]["properties"]["for"]["default"] == "0s"


def test_a_secret_may_be_its_file_and_then_is_not_missing() -> None:
    slack = json_schema()["$defs"]["HeartbeatShape"]
    assert slack["properties"]["url_file"]["description"] == "The file that holds `url`."
    assert "url" not in slack.get("required", [])
    assert "url" in json_schema()["$defs"]["AccountShape"]["required"], "no secret: it is needed"
