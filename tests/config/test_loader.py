"""What a good configuration says, and where it takes it from."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from fakes.configured import SMALL, load, secret
from pydantic import BaseModel

from regwatch.config import Config, ConfigError, load_config
from regwatch.config.loader import MOST_PROBLEMS, load_accounts, load_http, storage_url
from regwatch.core.dispatch.routing import REMINDERS
from regwatch.core.model import Timestamp
from regwatch.shapes.values import revealed

EXAMPLE = Path(__file__).parents[2] / "config" / "regwatch.example.yml"
SECRETS = ("acme-secret", "pd-key", "slack-url", "hook-secret")


@pytest.fixture
def example(tmp_path: Path) -> Config:
    for name in SECRETS:
        secret(tmp_path, name, f"{'https://' if name == 'slack-url' else ''}hidden-{name}")
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
        for name in ("group_by", "group_wait", "group_interval")
    } == {name: getattr(route, name) for name in ("group_by", "group_wait", "group_interval")}
    assert example.routes[0].repeat == list(REMINDERS)


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


def test_what_has_no_effect_any_more_is_remarked_upon(tmp_path: Path) -> None:
    windows = """
alerts:
  site_lost: {window: 20m}
  overrides:
    - {match: {site: riga}, site_lost: {at_least: 9}}
    - {match: {site: riga}, site_lost: {window: 1m}}
    - {match: {site: riga}, site_lost: false}
sites: [{name: riga, networks: [203.0.113.0/24]}]
"""
    words = [str(notice) for notice in load(tmp_path, SMALL + windows).notices]
    places = ("alerts.site_lost.window", "alerts.overrides[1].site_lost.window")
    assert [place in each for place, each in zip(places, words, strict=True)] == [True, True]
    assert all("is ignored" in each for each in words)


def test_plain_http_is_remarked_upon_but_for_this_machine(tmp_path: Path) -> None:
    plain = load(tmp_path, SMALL.replace("https:", "http:"))
    assert "everyone on the way can read the token" in str(plain.notices[0])
    local = load(tmp_path, SMALL.replace("https://pbx.example.com", "http://127.0.0.1:8080"))
    assert local.notices == ()


def test_on_is_a_word_where_words_are_expected(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL + "sites: [{name: riga, labels: {on: 'yes'}}]\n")
    assert config.sites[0].labels == {"on": "yes"}


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


def problems(tmp_path: Path, text: str, **environ: str) -> list[tuple[int | None, str, str]]:
    """Line, place and message of each."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, **environ)
    return [(each.line, each.path, each.message) for each in caught.value.problems]


def test_problems_come_in_the_order_of_the_file_each_once(tmp_path: Path) -> None:
    text = "recover_after: ${GONE}\n" + SMALL + "sites: [{name: a}, {name: a}]\nhttp: {x: 1}\n"
    assert problems(tmp_path, text) == [
        (1, "recover_after", "${GONE} is not set"),
        (4, "http.x", "unknown key"),
    ]


def test_what_only_the_whole_file_can_tell_is_told_once_its_shape_is_right(tmp_path: Path) -> None:
    text = SMALL + "sites: [{name: a}, {name: a}]\nstorage: {url: 'postgresql://x'}\n"
    assert [path for _, path, _ in problems(tmp_path, text)] == ["sites[1].name", "storage.url"]


@pytest.mark.parametrize(
    ("line", "message", "advice"),
    [
        ("alerts: {flaping: false}", "unknown key", "did you mean `flapping`?"),
        ("http: {listn: ':1'}", "unknown key", "did you mean `listen`?"),
        ("log: {level: wraning}", "`wraning` is not possible here", "did you mean `warning`?"),
        ("routes: [{receivers: []}]", "must not be empty", None),
        ("sites: riga", "expected a list", "write [a, b], or a line `- a` each"),
        ("http: 8080", "expected a mapping of keys and values", None),
        ("alerts: {site_lost: {at_least: 2.5}}", "expected a whole number", None),
        ("alerts: {site_lost: {at_least: 0}}", "must be greater than or equal to 1", None),
        ("routes: [{receivers: [a], continue: 'yes'}]", "expected true or false", None),
        (
            "storage: {url: nowhere}",
            "no storage URL",
            "such as sqlite:////var/lib/regwatch/regwatch.db",
        ),
    ],
)
def test_each_kind_of_fault_in_plain_words(
    tmp_path: Path, line: str, message: str, advice: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, SMALL + line)
    found = [(each.message, each.suggestion) for each in caught.value.problems]
    assert (message, advice) in found, found


def test_one_section_alone_is_read_whatever_is_wrong_with_the_others(tmp_path: Path) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text("http: {listen: ':80', api_token: '${GONE}', x: 1}\nreceivers: 7\n")
    assert load_http(file, ["listen"], environ={}).listen == ":80"
    with pytest.raises(ConfigError, match=r"\$\{GONE\} is not set"):
        load_http(file, ["listen", "api_token"], environ={})
    with pytest.raises(ConfigError, match="accounts: is missing"):
        load_accounts(file, environ={})
    file.write_text(SMALL + "receivers: 7\n")
    assert load_accounts(file, environ={}).accounts[0].url == "https://pbx.example.com"


@pytest.mark.parametrize(
    "name", ["", "team name", "9lives", "__name__", "alertname", "place", "a" * 65]
)
def test_a_label_of_a_site_is_a_name_that_prometheus_takes_and_none_of_our_own(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / "regwatch.yml"
    sites = f"sites: [{{name: riga, extensions: ['1'], labels: {{'{name}': x}}}}]"
    account = "accounts: [{url: 'https://pbx.example.com', access_token: t0ken}]"
    file.write_text(f"{account}\n{sites}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(file, environ={})
    (problem,) = raised.value.problems
    assert problem.path.startswith("sites[0].labels")


def test_of_very_many_problems_the_first_are_said_and_how_many_more_there_are(
    tmp_path: Path,
) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text("".join(f"unknown_{n}: 1\n" for n in range(1000)), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(file, environ={})
    assert len(raised.value.problems) == MOST_PROBLEMS + 1
    assert "problems more: is it this file?" in raised.value.problems[-1].message


@pytest.mark.parametrize(
    ("secret", "count"), [("whsec_%%%%", 1), ("whsec_c2VjcmV0", 0), ("any", 0)]
)
def test_which_way_an_odd_secret_of_a_webhook_is_read_is_said(
    tmp_path: Path, secret: str, count: int
) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text(
        "accounts: [{url: 'https://pbx.example.com', access_token: t0ken}]\n"
        "receivers:\n- name: hook\n"
        f"  webhook: {{url: 'https://h.example.com', secret: '{secret}'}}\n"
        "routes: [{receivers: [hook]}]\n",
        encoding="utf-8",
    )
    notices = load_config(file, environ={}).notices
    assert len(notices) == count
    assert "%%%%" not in "".join(map(str, notices))
