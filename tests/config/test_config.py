"""What a good configuration says, and where it takes it from."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from regwatch.clock import Clock, wall_clock
from regwatch.config import Config, ConfigError, json_schema, load_config, storage_url
from regwatch.core.model import Timestamp
from regwatch.core.schedules import Hours
from regwatch.shapes.values import revealed

EXAMPLE = Path(__file__).parents[2] / "config" / "regwatch.example.yml"
SECRETS = ("acme-secret", "pd-key", "slack-url", "hook-secret")
SMALL = "accounts: [{url: 'https://pbx.example.com', access_token: t0ken}]\n"


def load(tmp_path: Path, text: str, *, clock: Clock = wall_clock, **environ: str) -> Config:
    file = tmp_path / "regwatch.yml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, environ=environ, clock=clock)


def secret(folder: Path, name: str, content: str = "s3cret\n") -> None:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)


@pytest.fixture
def example(tmp_path: Path) -> Config:
    for name in SECRETS:
        secret(tmp_path, name, f"hidden-{name}")
    return load(tmp_path, EXAMPLE.read_text(encoding="utf-8"), clock=lambda: Timestamp(0.0))


def test_the_example_is_good_and_needs_no_notice(example: Config) -> None:
    assert [receiver.name for receiver in example.receivers] == [
        "pager",
        "chat",
        "hook",
        "alertmanager",
    ]
    assert example.notices == ()


def test_the_example_shows_the_defaults(example: Config, tmp_path: Path) -> None:
    default = load(tmp_path, SMALL)
    shown, true = example.accounts[0], default.accounts[0]
    assert shown.polling == true.polling
    assert shown.extensions.discover == true.extensions.discover
    assert example.alerts.model_copy(update={"overrides": []}) == default.alerts
    assert shown.extensions.expected == true.extensions.expected
    assert example.recover_after == default.recover_after
    assert (example.http, example.metrics, example.log) == (
        default.http,
        default.metrics,
        default.log,
    )
    route = type(example.routes[0])(receivers=["x"])
    assert {
        name: getattr(example.routes[0], name)
        for name in ("group_by", "group_wait", "group_interval", "repeat")
    } == {
        name: getattr(route, name)
        for name in ("group_by", "group_wait", "group_interval", "repeat")
    }


def shown(value: object) -> str:
    if isinstance(value, BaseModel):
        return f"{value!r} {value} {value.model_dump()} {value.model_dump_json()}"
    return repr(value)


def test_no_secret_is_ever_shown(example: Config) -> None:
    text = shown(example) + shown(example.accounts[0]) + shown(example.receivers[0])
    assert "hidden-" not in text
    assert revealed(example.accounts[0].client_secret) == "hidden-acme-secret"


def test_no_secret_stands_in_an_error(tmp_path: Path) -> None:
    text = SMALL.replace("t0ken", "5ecret-t0ken").replace("https:", "gopher:")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text + "receivers: [{name: a, slack: {url: 5ecret, x: 5ecret}}]\n")
    assert "5ecret" not in str(caught.value)


def test_secrets_are_looked_for_among_the_credentials_first(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    secret(credentials, "token", "from the service manager\n")
    secret(tmp_path, "token", "beside the file\n")
    text = SMALL.replace("access_token: t0ken", "access_token_file: token")
    beside = load(tmp_path, text)
    managed = load(tmp_path, text, CREDENTIALS_DIRECTORY=str(credentials))
    assert revealed(beside.accounts[0].access_token) == "beside the file"
    assert revealed(managed.accounts[0].access_token) == "from the service manager"


def test_a_secret_that_all_can_read_is_remarked_upon(tmp_path: Path) -> None:
    secret(tmp_path, "token")
    (tmp_path / "token").chmod(0o644)
    config = load(tmp_path, SMALL.replace("access_token: t0ken", "access_token_file: token"))
    (notice,) = config.notices
    assert "can be read by every user" in str(notice)


def test_variables_are_expanded_in_text(tmp_path: Path) -> None:
    text = SMALL.replace("t0ken", "'${TOKEN}-${MISSING:-none}-$${KEPT}'")
    config = load(tmp_path, text, TOKEN="abc")
    assert revealed(config.accounts[0].access_token) == "abc-none-${KEPT}"


def test_a_variable_cannot_smuggle_structure_in(tmp_path: Path) -> None:
    text = SMALL.replace("t0ken", "'${TOKEN}'")
    config = load(tmp_path, text, TOKEN="x}, {url: evil")
    assert len(config.accounts) == 1


def test_a_variable_that_is_no_utf_8_is_an_error_that_does_not_show_it(tmp_path: Path) -> None:
    text = SMALL.replace("t0ken", "'${TOKEN}'")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, TOKEN="s3cret\udcff")
    (problem,) = caught.value.problems
    assert problem.path.endswith("access_token")
    assert "a character that is none" in problem.message
    assert "s3cret" not in str(problem)


def test_plain_http_is_remarked_upon_but_for_this_machine(tmp_path: Path) -> None:
    plain = load(tmp_path, SMALL.replace("https:", "http:"))
    assert "everyone on the way can read the token" in str(plain.notices[0])
    local = load(tmp_path, SMALL.replace("https://pbx.example.com", "http://127.0.0.1:8080"))
    assert local.notices == ()


def test_an_alert_is_switched_off_by_false(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL + "alerts: {refresh_overdue: false}\n")
    assert config.alerts.refresh_overdue is None


def test_on_is_a_word_where_words_are_expected(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL + "sites: [{name: riga, labels: {on: 'yes'}}]\n")
    assert config.sites[0].labels == {"on": "yes"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("2d", 172_800), ("1w", 604_800), ("0", 0)],
)
def test_durations(tmp_path: Path, text: str, seconds: float) -> None:
    assert load(tmp_path, f"{SMALL}recover_after: {text}\n").recover_after == seconds


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "sqlite:///regwatch.db"),
        ({"STATE_DIRECTORY": "/var/lib/regwatch"}, "sqlite:////var/lib/regwatch/regwatch.db"),
        ({"STATE_DIRECTORY": "/a:/b"}, "sqlite:////a/regwatch.db"),
    ],
)
def test_where_the_state_is_kept(tmp_path: Path, environ: Mapping[str, str], url: str) -> None:
    assert storage_url(load(tmp_path, SMALL), environ) == url


def test_a_configured_storage_wins(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL + "storage: {url: 'sqlite:////x.db'}\n")
    assert storage_url(config, {"STATE_DIRECTORY": "/a"}) == "sqlite:////x.db"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL)
    assert config.path("ca.pem") == tmp_path / "ca.pem"
    assert config.path(None) is None


def test_the_schema_knows_every_key_and_the_secrets_files() -> None:
    schema = json_schema()
    assert "accounts" in schema["properties"]
    account = schema["$defs"]["AccountShape"]["properties"]
    assert {"client_secret", "client_secret_file", "url"} <= set(account)
    assert json.dumps(schema)


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
    assert shapes["RouteShape"]["properties"]["repeat"]["default"] == ["1h", "4h", "1d"]
    assert shapes["AlertShape"]["properties"]["for"]["default"] == "0s"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yml: cannot be read: no such file"):
        load_config(tmp_path / "nowhere.yml", environ={})


@pytest.mark.parametrize(
    "content",
    [
        b"a: &a [x]\nb: [*a, *a]\n" + b"".join(b"c%d: [*a]\n" % n for n in range(10)),
        b"[" * 5000,
        b"{a: " * 500,
        b"\xff\xfe\x00",
        b"x" * (2 << 20),
        b"a: !!python/object/apply:os.system [id]\n",
        b"\x00",
        b"? [a, b]\n: c\n",
    ],
)
def test_a_hostile_file_is_a_plain_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_bytes(content)
    with pytest.raises(ConfigError):
        load_config(file, environ={})


ALIAS_BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


def test_a_bomb_of_aliases_does_not_go_off(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too much of it"):
        load(tmp_path, ALIAS_BOMB)


@settings(deadline=None, max_examples=200)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_configuration_or_our_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_bytes(content)
    with pytest.raises(ConfigError):
        load_config(file, environ={})


# --- the clock on the wall ------------------------------------------------------------


def test_a_schedule_is_what_the_clock_on_the_wall_says(tmp_path: Path) -> None:
    text = """
schedules:
  office: {days: "mon-thu, sat", hours: "08:00-12:00, 13:00-17:30", timezone: Europe/Riga}
  weekend: {days: [fri-sun], timezone: UTC}
  night: {days: SUNDAY-monday, hours: 22:00-6:00, timezone: Asia/Kolkata}
"""
    found = load(tmp_path, SMALL + text).schedules
    assert found["office"].days == {0, 1, 2, 3, 5}
    assert found["office"].hours == (Hours(480, 720), Hours(780, 1050))
    assert found["weekend"].days == {4, 5, 6}
    assert found["weekend"].hours == (Hours(0, 1440),)
    assert found["night"].days == {6, 0}, "over the end of the week"
    assert found["night"].hours == (Hours(1320, 360),)
    assert str(found["night"].timezone) == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("window", "begins", "ends"),
    [
        (
            "from: 2026-12-01T22:00, to: 2026-12-02 02:00, timezone: Europe/Riga",
            "2026-12-01T20:00+00:00",
            "2026-12-02T00:00+00:00",
        ),
        (
            "from: 2026-12-01T22:00:00Z, to: 2026-12-02T02:00:00+02:00",
            "2026-12-01T22:00+00:00",
            "2026-12-02T00:00+00:00",
        ),
        (
            "from: 2026-10-25T03:30, to: 2026-10-25T03:45, timezone: Europe/Riga",
            "2026-10-25T00:30+00:00",
            "2026-10-25T01:45+00:00",
        ),
    ],
    ids=["in a time zone", "with offsets of their own", "in the hour that is shown twice"],
)
def test_a_maintenance_window(tmp_path: Path, window: str, begins: str, ends: str) -> None:
    (shape,) = load(tmp_path, f"{SMALL}maintenance: [{{{window}}}]\n").maintenance
    stretch = shape.once
    assert stretch is not None
    moments = (datetime.fromisoformat(text).timestamp() for text in (begins, ends))
    assert (stretch.begins_at, stretch.ends_at) == tuple(moments)


def test_a_digest_is_one_message_unless_it_is_grouped(tmp_path: Path) -> None:
    routes = "receivers: [{name: a, webhook: {url: 'https://x'}}]\nroutes:\n"
    first = "  - {match: {severity: info}, receivers: [a], digest: 15m}\n"
    second = "  - {receivers: [a], digest: 15m, group_by: [site]}\n"
    config = load(tmp_path, SMALL + routes + first + second)
    assert [route.grouped_by for route in config.routes] == [(), ("site",)]


@pytest.mark.parametrize(
    "address",
    [
        "noc@example.com",
        "regwatch <regwatch@example.com>",
        '"Doe, Jane" <jane@example.com>',
        '"a@example.com; b@example.com" <c@example.com>',
        "NOC (night, weekend) <noc@example.com>",
        "A. B. Smith <a.b+noc@example.com>",
        "Jānis Bērziņš <janis@example.com>",
        "noc@localhost",
        "noc@[192.0.2.1]",
    ],
)
def test_one_address_with_or_without_a_name_passes(tmp_path: Path, address: str) -> None:
    email = {"host": "h", "from": address, "to": [address]}
    rest = {"receivers": [{"name": "a", "email": email}], "routes": [{"receivers": ["a"]}]}
    (receiver,) = load(tmp_path, SMALL + yaml.safe_dump(rest)).receivers
    assert receiver.email is not None
    assert (receiver.email.sender, receiver.email.to) == (address, [address])


@pytest.mark.parametrize("pattern", ["101", "000*1??", "000*10[1,2]", "101@pbx.example.com", "*"])
def test_one_pattern_of_extensions_passes(tmp_path: Path, pattern: str) -> None:
    sites = yaml.safe_dump({"sites": [{"name": "riga", "extensions": [pattern]}]})
    assert load(tmp_path, SMALL + sites).sites[0].extensions == [pattern]


OVER = "from: 2020-01-01T00:00, to: 2020-01-02T00:00, timezone: UTC"


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


def test_a_network_of_mapped_addresses_is_taken_as_the_one_of_ipv4(tmp_path: Path) -> None:
    sites = "sites: [{name: riga, networks: ['::ffff:203.0.113.0/120', '2001:db8::/32']}]\n"
    networks = load(tmp_path, SMALL + sites).sites[0].networks
    assert [str(network) for network in networks] == ["203.0.113.0/24", "2001:db8::/32"]
