"""The other commands, as a person meets them."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from fakes.commands import config, regwatch
from fakes.daemon import free_port
from fakes.patience import PATIENCE
from fakes.sink import sink

from regwatch.cli import COMMANDS, main
from regwatch.simulator import TABLE

EXAMPLE = Path(__file__).parents[2] / "config" / "regwatch.example.yml"
RECEIVERS = """\
receivers:
  - {{name: hook, webhook: {{url: "{hook}"}}}}
  - {{name: gone, webhook: {{url: "http://127.0.0.1:{port}/"}}}}
routes: [{{receivers: [hook, gone]}}]
"""


def test_help_names_every_command_and_where_to_begin() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)
    assert "Start with `regwatch demo`" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5


def test_an_unknown_command_is_a_plain_error() -> None:
    result = CliRunner().invoke(main, ["pol"])
    assert result.exit_code == 2
    assert "No such command" in result.output


def test_check_config_says_ok_and_what_there_is(tmp_path: Path) -> None:
    for name in ("acme-secret", "pd-key", "slack-url", "hook-secret"):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(0o600)
    file = tmp_path / "regwatch.yml"
    file.write_text(EXAMPLE.read_text().replace("2026-", "2999-"))  # its window, once it is over
    result = CliRunner().invoke(main, ["check-config", str(file)])
    assert result.exit_code == 0
    assert result.output == f"{file}: OK (1 account, 1 site, 4 receivers, 3 routes)\n"


def test_check_config_prints_the_schema() -> None:
    result = CliRunner().invoke(main, ["check-config", "--schema"])
    assert '"title": "Config"' in result.output


@pytest.mark.e2e
async def test_test_alert_tells_what_each_receiver_answered(tmp_path: Path) -> None:
    async with sink() as hook:
        extra = RECEIVERS.format(hook=hook.url, port=free_port())
        file = config(tmp_path, "https://pbx.example.com", extra)
        both = await regwatch("test-alert", "-c", file)
        one = await regwatch("test-alert", "-c", file, "hook")
        none = await regwatch("test-alert", "-c", file, "hok")
    assert both.status == 1
    assert "hook (webhook): taken, and taken back" in both.out
    assert "gone (webhook): not taken: " in both.out
    assert "regwatch would try again" in both.out
    assert (one.status, one.out) == (0, "hook (webhook): taken, and taken back\n")
    assert none.status == 1
    assert "no receiver is named `hok`; there are: hook, gone" in none.err
    summaries = [alert["annotations"]["summary"] for alert in hook.alerts]
    assert all(summary.startswith("TEST: ") for summary in summaries)
    assert [alert["status"] for alert in hook.alerts[:2]] == ["firing", "resolved"]


@pytest.mark.e2e
async def test_test_alert_without_receivers_says_so(tmp_path: Path) -> None:
    result = await regwatch("test-alert", "-c", config(tmp_path, "https://pbx.example.com"))
    assert (result.status, "has no receivers" in result.err) == (1, True)


@pytest.mark.e2e
async def test_run_ends_with_2_on_a_bad_configuration_and_1_if_it_cannot_start(
    tmp_path: Path,
) -> None:
    missing = await regwatch("run", "-c", str(tmp_path / "nowhere.yml"))
    extra = "storage: {url: 'sqlite:////nowhere/at/all.db'}\nhttp: {listen: '127.0.0.1:0'}\n"
    file = config(tmp_path, "https://pbx.example.com", extra)
    unwritable = await regwatch("run", "-c", file)
    assert missing.status == 2
    assert unwritable.status == 1
    assert "cannot write to /nowhere/at: no such file or directory" in unwritable.err


@pytest.mark.e2e
async def test_run_names_the_address_that_is_taken(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    extra = f"storage: {{url: 'sqlite:///{tmp_path}/r.db'}}\nhttp: {{listen: '127.0.0.1:{port}'}}\n"
    result = await regwatch("run", "-c", config(tmp_path, "https://pbx.example.com", extra))
    server.close()
    await server.wait_closed()
    assert result.status == 1
    assert result.err == f"regwatch: cannot listen on 127.0.0.1:{port}: address already in use\n"


@pytest.mark.e2e
async def test_the_demo_names_the_address_that_is_taken_and_the_way_out() -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    result = await regwatch("demo", "--listen", f"127.0.0.1:{port}")
    server.close()
    await server.wait_closed()
    assert (result.status, result.out) == (1, "")
    assert result.err == (
        f"regwatch: cannot listen on 127.0.0.1:{port}: address already in use; "
        "choose another address with --listen\n"
    )


def test_the_demo_refuses_an_address_that_is_none() -> None:
    result = CliRunner().invoke(main, ["demo", "--listen", "nonsense"])
    assert result.exit_code == 2
    assert "cannot listen on 'nonsense': write host:port" in result.stderr


@pytest.mark.e2e
async def test_the_demo_ends_by_itself() -> None:
    result = await regwatch("demo", "--duration", "1", "--listen", "127.0.0.1:0")
    assert (result.status, result.err) == (0, "")
    assert "status page  http://127.0.0.1:" in result.out
    assert "nothing is left behind" in result.out


@pytest.mark.e2e
@pytest.mark.long
async def test_the_demo_shows_a_loss_and_its_end() -> None:
    result = await regwatch("demo", "--duration", "45", "--listen", "127.0.0.1:0")
    assert (result.status, result.err) == (0, "")
    assert "CRITICAL   100 (Petrov 100) lost its registration" in result.out
    assert "RESOLVED   over after" in result.out


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_simulator_says_where_it_is_and_ends_cleanly(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "regwatch",
        "simulate",
        "--listen=127.0.0.1:0",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        first = (await process.stdout.readline()).decode()
        process.send_signal(number)
        _, errors = await process.communicate()
    assert first.startswith("A simulated PBX with 50 extensions is at http://127.0.0.1:")
    assert (process.returncode, errors) == (0, b"")


def test_the_simulator_lists_its_faults() -> None:
    result = CliRunner().invoke(main, ["simulate", "--list-faults"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == len(TABLE)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--fault", "nonsense"], "there is no fault `nonsense`"),
        (["--fault", "hang=long"], "hang: `long` is not one of: seconds"),
        (["--leases", "many"], "cannot read --leases many"),
        (["--listen", "localhost"], "cannot listen on localhost: write HOST:PORT"),
    ],
)
def test_the_simulator_refuses_what_it_cannot_do(words: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["simulate", *words])
    assert result.exit_code == 2
    assert message in result.stderr
