"""Commands after the README's own installation: `/etc/regwatch/regwatch.yml` is for all to read,
the secrets beside it are for root, and the service manager's credentials are the daemon's alone.
"""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import bcrypt
import pytest
from fakes.commands import regwatch_shut_out
from fakes.web import FakeDaemon, FakeOperations, account, served, watched

from regwatch.cli.errors import RemoteError
from regwatch.cli.whereabouts import remote_of
from regwatch.config import ConfigError, load_accounts, load_config
from regwatch.shapes.values import revealed
from regwatch.web.api.bodies import NewSilence, SilenceBody, StatusBody
from regwatch.web.auth import Gate
from regwatch.web.server import WebSettings

CONFIG = """\
accounts:
  - name: acme
    url: https://pbx.example.com
    client_id: 0123abcd
    client_secret_file: acme-secret
receivers:
  - name: chat
    slack: {{url_file: slack-url}}
routes:
  - receivers: [chat]
http: {{listen: "{listen}", api_token_file: api-token}}
"""
BROKEN = """\
accounts: nonsense
receivers: [{name: a, slack: {url: "${NOT_SET}"}}, 012]
nobody: knows
http: {listen: "%s", external_url: 5, external_url: 6, api_token: "${NOT_SET_EITHER}"}
"""
SILENCE = NewSilence(
    matchers={"site": ["riga"]}, comment="new router", duration_seconds=60.0, author="anna"
)


@pytest.fixture
def etc() -> Iterator[Path]:
    """A folder as `/etc/regwatch` is, in which others may look around."""
    with tempfile.TemporaryDirectory(prefix="regwatch-etc-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@asynccontextmanager
async def installed(
    etc: Path, text: str = "", gate: Gate | None = None
) -> AsyncIterator[tuple[Path, FakeOperations]]:
    """A daemon runs with this configuration, which stands in the folder; its path, and what the
    daemon was asked.
    """
    operations = FakeOperations()
    settings = WebSettings(api_token="t0ken")
    daemon = FakeDaemon([account(watched(101))])
    async with served(daemon, settings=settings, operations=operations, gate=gate) as session:
        listen = str(session._base_url).removeprefix("http://").rstrip("/")
        file = etc / "regwatch.yml"
        file.write_text(text % listen if text else CONFIG.format(listen=listen))
        file.chmod(0o644)
        yield file, operations


def secrets_of(etc: Path, **contents: str) -> None:
    """As root would write them for itself."""
    folder = etc / "secrets"
    folder.mkdir(mode=0o700)
    for name, content in contents.items():
        path = folder / name.replace("_", "-")
        path.write_text(content + "\n")
        path.chmod(0o600)


@pytest.mark.parametrize("text", ["", BROKEN], ids=["as installed", "broken but for `listen`"])
async def test_to_read_one_needs_no_more_than_where_the_daemon_listens(
    etc: Path, text: str
) -> None:
    """No secret is there at all, and nothing else of the file is looked at."""
    async with installed(etc, text) as (file, _):
        found = await remote_of(file).get(StatusBody, "/status")
    assert found.accounts[0].name == "acme"


@pytest.mark.e2e
async def test_a_user_who_may_read_no_secret_sees_how_things_stand_and_is_told_what_to_do(
    etc: Path,
) -> None:
    secrets_of(etc, api_token="t0ken", acme_secret="x", slack_url="https://x")
    async with installed(etc) as (file, operations):
        status = await regwatch_shut_out(etc / "secrets", "status", "-c", str(file))
        add = ("silence", "add", "-c", str(file), "site=riga", "--for", "2h", "--comment", "x")
        refused = await regwatch_shut_out(etc / "secrets", *add)
        given = await regwatch_shut_out(etc / "secrets", *add, REGWATCH_TOKEN="t0ken")
    assert (status.status, status.err) == (0, "")
    assert "acme: 1 registered" in status.out
    why = f"no token: http.api_token_file: cannot be read: permission denied in {etc}/secrets"
    ways = "use sudo, or give $REGWATCH_TOKEN or --user"
    assert (refused.status, refused.err) == (1, f"regwatch: {why}; {ways}\n")
    assert (given.err, len(operations.set_silences)) == ("", 1)


async def test_who_may_read_the_token_writes_though_no_other_secret_is_there(etc: Path) -> None:
    secrets_of(etc, api_token="t0ken")
    async with installed(etc) as (file, operations):
        await remote_of(file).send(SilenceBody, "POST", "/silences", SILENCE)
    assert [silence.author for silence in operations.set_silences] == ["anna"]


async def test_a_token_that_is_not_there_is_missed_in_words(etc: Path) -> None:
    async with installed(etc) as (file, _):
        with pytest.raises(
            RemoteError, match=r"no token: http\.api_token_file: there is no such file; use sudo"
        ):
            await remote_of(file).send(SilenceBody, "POST", "/silences", SILENCE)


async def test_where_reading_wants_a_password_the_token_opens_too(etc: Path) -> None:
    secrets_of(etc, api_token="t0ken")
    gate = Gate({"anna": bcrypt.hashpw(b"pass", bcrypt.gensalt(rounds=4))})
    async with installed(etc, gate=gate) as (file, _):
        found = await remote_of(file).get(StatusBody, "/status")
        with pytest.raises(RemoteError, match="asks for a user and a password"):
            await replace(remote_of(file), user="anna", password="x").get(StatusBody, "/status")
    assert found.accounts[0].name == "acme"


def test_the_certificate_is_found_though_its_key_may_not_be_read(etc: Path) -> None:
    (etc / "cert.pem").write_text("any")
    (etc / "web.yml").write_text("tls_server_config: {cert_file: cert.pem, key_file: of-root}\n")
    (etc / "regwatch.yml").write_text("http: {web_config_file: web.yml}\n")
    remote = remote_of(etc / "regwatch.yml")
    assert (remote.url, remote.trusted) == ("https://127.0.0.1:9877", etc / "cert.pem")


def test_secrets_of_the_whole_configuration_are_found_in_their_folder(etc: Path) -> None:
    """So that `sudo regwatch poll` needs nothing else."""
    secrets_of(etc, acme_secret="hidden", slack_url="https://x", api_token="t0ken")
    (etc / "regwatch.yml").write_text(CONFIG.format(listen=":1"))
    config = load_config(etc / "regwatch.yml", environ={})
    assert revealed(config.accounts[0].client_secret) == "hidden"


def test_accounts_alone_need_their_own_secrets_and_no_other(etc: Path) -> None:
    secrets_of(etc, acme_secret="hidden")
    (etc / "regwatch.yml").write_text(CONFIG.format(listen=":1") + "nobody: knows\n")
    config = load_accounts(etc / "regwatch.yml", environ={})
    assert revealed(config.accounts[0].client_secret) == "hidden"
    (etc / "secrets/acme-secret").unlink()
    with pytest.raises(ConfigError, match="client_secret_file: there is no such file"):
        load_accounts(etc / "regwatch.yml", environ={})
