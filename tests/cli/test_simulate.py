"""`regwatch simulate`, in a process of its own: what its options make of the simulated PBX."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner
from fakes.patience import PATIENCE

from regwatch.cli import main
from regwatch.simulator import TABLE


@asynccontextmanager
async def simulating(*words: str) -> AsyncIterator[tuple[str, str, aiohttp.ClientSession]]:
    """Its address, its welcome, and a session."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "regwatch", "simulate", "--listen=127.0.0.1:0", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            welcome = (await process.stdout.readuntil(b"Ctrl-C ends it.\n")).decode()
            url = welcome.splitlines()[0].rpartition(" ")[2]
            yield url, welcome, session
            process.send_signal(signal.SIGTERM)
            _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.e2e
async def test_options_and_faults_hold_from_the_start_and_the_truth_is_written(
    tmp_path: Path,
) -> None:
    truth = tmp_path / "truth.jsonl"
    words = [
        "--extensions=7",
        "--seed=3",
        "--speed=60",
        "--leases=60,300",
        "--quota=44",
        "--calm",
        "--delay=0.01",
        "--fault=html_200",
        "--fault=hang=2",
        "--fault=expires_format=iso",
    ]
    async with simulating(*words, f"--truth={truth}") as (url, _, session):
        async with session.get(url + "/_simulator/") as response:
            overview = await response.json()
        async with session.get(url + "/_simulator/phones") as response:
            phone = (await response.json())[0]["extension_id"]
        async with session.post(f"{url}/_simulator/phones/{phone}/unregister") as response:
            assert response.status == 204
    assert (overview["extensions"], overview["registered"], overview["speed"]) == (7, 7, 60.0)
    assert overview["quota"] == {"limit": 44, "used": 0}
    assert overview["faults"] == {"html_200": 1.0, "hang": 2.0, "expires_format": "iso"}
    (event,) = [json.loads(line) for line in truth.read_text().splitlines()]
    assert (event["kind"], event["extension_id"]) == ("unregister", phone)
    assert event["at"] == event["visible_at"]


@pytest.mark.e2e
async def test_the_commands_that_the_welcome_shows_work() -> None:
    async with simulating("--calm") as (url, welcome, session):
        shown = [line for line in welcome.splitlines() if "curl" in line]
        assert len(shown) == 6
        assert all(url in line for line in shown)
        async with session.post(url + "/_simulator/faults", data='{"http_500": 0.5}') as response:
            assert "-d '{\"http_500\": 0.5}'" in welcome
            assert await response.json() == {"http_500": 0.5}
        for line in shown:
            if "POST" not in line:
                async with session.get(line.split()[-1]) as response:
                    assert response.status == 200
        assert "client_id demo, client_secret demo-secret" in welcome


@pytest.mark.e2e
async def test_a_life_is_lived_at_its_rates() -> None:
    words = ["--extensions=100", "--speed=10000", "--life=calm", "--rate=reboot=500"]
    async with simulating(*words) as (url, _, session):
        kinds: set[str] = set()
        while "reboot" not in kinds:  # at some hours all others go home first
            async with session.get(url + "/_simulator/life") as response:
                lines = (await response.text()).splitlines()
            kinds = {json.loads(line)["kind"] for line in lines}
            await asyncio.sleep(0.05)


def test_each_fault_is_listed_with_what_it_takes() -> None:
    lines = CliRunner().invoke(main, ["simulate", "--list-faults"]).output.splitlines()
    for fault, line in zip(TABLE, lines, strict=True):
        assert line.startswith(fault.name + " ")
        assert line.endswith(f"{fault.help} ({fault.values})")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--listen", "127.0.0.1:70000"], 2, "cannot listen on 127.0.0.1:70000: write HOST:PORT"),
        (["--leases", "nan"], 2, "cannot read --leases nan"),
        (["--leases", "60,inf"], 2, "cannot read --leases 60,inf"),
        (["--extensions", "0"], 2, "Invalid value for '--extensions'"),
        (["--speed", "0"], 2, "Invalid value for '--speed'"),
        (["--fault", "duplicates=off"], 2, "duplicates: `off` is not one of: on"),
        (["--life", "wild"], 2, "Invalid value for '--life': 'wild' is not one of 'real', 'calm'"),
        (["--life", "real", "--rate", "rebot=5"], 2, "there is no rate `rebot`; there are: silent"),
        (["--rate", "reboot=5"], 2, "--rate changes the rates of --life, which is not given"),
        (["--truth", "{folder}/none/x"], 1, "cannot write {folder}/none/x: No such file"),
    ],
)
def test_what_it_cannot_do_is_said_in_a_line(
    words: list[str], status: int, message: str, tmp_path: Path
) -> None:
    given = [word.format(folder=tmp_path) for word in words]
    result = CliRunner().invoke(main, ["simulate", "--listen", "127.0.0.1:0", *given])
    assert result.exit_code == status
    assert message.format(folder=tmp_path) in result.stderr
    assert "Traceback" not in result.stderr


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
