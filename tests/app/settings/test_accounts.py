"""Which changes of the file change an account, and which leave it alone."""

from pathlib import Path

import pytest
import trustme

from regwatch.app.settings.accounts import AccountSettings, account_settings, contents
from regwatch.app.settings.clients import pbx_settings
from regwatch.config import Config, load_config

AUTHORITY = trustme.CA()
TEXT = """
accounts:
  - {name: acme, url: "https://a.example.com", access_token: t0ken, ca_file: ca.pem,
     extensions: {expected: office, overrides: [{extensions: ["101"], expected: never}]}}
  - {name: bolt, url: "https://b.example.com", access_token: t0ken}
sites: [{name: riga, networks: [203.0.113.0/24], extensions: ["000*1??"], labels: {team: ops}}]
schedules: {office: {days: mon-fri, hours: "09:00-17:00", timezone: Europe/Riga}}
alerts:
  extension_lost: {severity: warning}
  overrides:
    - {match: {account: bolt}, extension_lost: {for: 5m}}
    - {match: {site: riga}, extension_lost: {for: 1m}}
receivers: [{name: hook, webhook: {url: "http://127.0.0.1:9"}}]
routes: [{receivers: [hook]}]
maintenance: [{from: 2027-01-15T08:00, to: 2027-01-15T09:00, timezone: UTC}]
"""


def config_of(folder: Path, text: str = TEXT) -> Config:
    if not (folder / "ca.pem").exists():
        AUTHORITY.cert_pem.write_to_path(str(folder / "ca.pem"))
    file = folder / "regwatch.yml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, environ={})


def settings(folder: Path, text: str = TEXT) -> dict[str, AccountSettings]:
    config = config_of(folder, text)
    return {account.name: account_settings(config, account) for account in config.accounts}


def test_read_twice_they_are_equal(tmp_path: Path) -> None:
    assert settings(tmp_path) == settings(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        pytest.param("t0ken, ca", "other, ca", {"acme"}, id="its secret"),
        pytest.param("a.example.com", "c.example.com", {"acme"}, id="its address"),
        pytest.param("expected: office", "expected: always", {"acme"}, id="its hours"),
        pytest.param("expected: never", "expected: always", {"acme"}, id="hours of one of it"),
        pytest.param("09:00", "08:00", {"acme"}, id="a schedule that it uses"),
        pytest.param("for: 5m", "for: 6m", {"bolt"}, id="an override of it alone"),
        pytest.param("for: 1m", "for: 2m", {"acme", "bolt"}, id="an override of a site"),
        pytest.param("severity: warning", "severity: info", {"acme", "bolt"}, id="an alert"),
        pytest.param("203.0.113.0/24", "203.0.113.0/25", {"acme", "bolt"}, id="a site's network"),
        pytest.param("team: ops", "team: dev", {"acme", "bolt"}, id="a site's label"),
        pytest.param("\nalerts:", "\nrecover_after: 5s\nalerts:", {"acme", "bolt"}, id="patience"),
        pytest.param("127.0.0.1:9", "127.0.0.1:8", set(), id="a receiver"),
        pytest.param("[hook]}]", "[hook], group_wait: 9s}]", set(), id="a route"),
        pytest.param("T09:00", "T10:00", set(), id="a maintenance window"),
        pytest.param("\nsites", "\nheartbeat: {url: 'http://h'}\nsites", set(), id="the heartbeat"),
    ],
)
def test_an_account_is_changed_by(tmp_path: Path, old: str, new: str, changed: set[str]) -> None:
    assert old in TEXT
    before, after = settings(tmp_path), settings(tmp_path, TEXT.replace(old, new, 1))
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_certificate_that_is_renewed_under_its_name_changes_whoever_trusts_it(
    tmp_path: Path,
) -> None:
    config = config_of(tmp_path)
    before = {a.name: account_settings(config, a) for a in config.accounts}
    (tmp_path / "ca.pem").write_text("another", encoding="utf-8")
    after = {a.name: account_settings(config, a) for a in config.accounts}
    assert {name for name in before if before[name] != after[name]} == {"acme"}


def test_of_a_file_that_cannot_be_read_nothing_is_known(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    pbx = pbx_settings(config, config.accounts[0])
    (tmp_path / "ca.pem").write_bytes(b"authorities")
    assert contents(pbx) == (b"authorities",)
    (tmp_path / "ca.pem").unlink()
    assert contents(pbx) == (b"",)
    (tmp_path / "ca.pem").mkdir()
    assert contents(pbx) == (b"",)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    assert "t0ken" not in repr(settings(tmp_path))
