"""Output that nobody reads to its end, and a terminal: each as its own process would meet it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from fakes.patience import PATIENCE
from fakes.terminal import in_a_terminal
from fakes.web import FakeDaemon, FakeOperations, account, incident, served, watched

from regwatch.cli.pipes import BY_SIGPIPE, PipeClosed

DEMO = f"{sys.executable} -m regwatch demo --listen 127.0.0.1:0"
MANY = FakeDaemon([account(*(watched(n) for n in range(1, 2001)))])
OPEN = FakeDaemon([account(watched(102))], [incident(number=102, summary="102 is lost [red]x")])


async def cut_off(*words: str, url: str = "") -> tuple[int, bytes]:
    """Exit status and errors of a program whose output is closed before it writes."""
    ours, theirs = os.pipe()
    os.close(ours)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "regwatch",
        *words,
        stdout=theirs,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "REGWATCH_URL": url},
    )
    os.close(theirs)
    async with asyncio.timeout(PATIENCE):
        _, errors = await process.communicate()
    return process.returncode or 0, errors


@pytest.mark.e2e
@pytest.mark.parametrize(
    "words",
    [
        ("extensions", "--json"),
        ("extensions", "--csv"),
        ("extensions",),
        ("watch",),
        ("show", "--help"),
        ("simulate", "--list-faults"),
    ],
    ids=" ".join,
)
async def test_who_stops_reading_ends_it_quietly_and_as_other_programs_end(
    words: tuple[str, ...],
) -> None:
    daemon = MANY if words[0] == "extensions" else OPEN
    async with served(daemon, operations=FakeOperations()) as session:
        ended = await cut_off(*words, url=str(session._base_url))
    assert ended == (-signal.SIGPIPE, b"")


@pytest.mark.e2e
@pytest.mark.long
async def test_a_demo_that_nobody_reads_leaves_nothing_behind(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        f"{DEMO} | head -1; echo ${{PIPESTATUS[0]}}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    async with asyncio.timeout(PATIENCE):
        out, errors = await process.communicate()
    assert out.splitlines()[0].startswith(b"regwatch demo: ")
    assert out.splitlines()[-1] == str(BY_SIGPIPE).encode()
    assert errors == b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.e2e
@pytest.mark.parametrize("words", [("status",), ("incidents",), ("extensions",), ("show", "102")])
async def test_in_a_terminal_of_60_columns_no_line_is_wider(words: tuple[str, ...]) -> None:
    async with served(OPEN, operations=FakeOperations()) as session:
        url = str(session._base_url)
        status, shown = await in_a_terminal(60, *words, REGWATCH_URL=url, TERM="dumb")
    assert status == 0
    assert "102" in shown
    assert max(map(len, shown.splitlines())) <= 60


@pytest.mark.e2e
@pytest.mark.parametrize(("environ", "colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
async def test_colours_are_for_terminals_and_whoever_wants_them(
    environ: dict[str, str], colours: bool
) -> None:
    async with served(OPEN, operations=FakeOperations()) as session:
        url = str(session._base_url)
        _, shown = await in_a_terminal(80, "incidents", REGWATCH_URL=url, **environ)
    assert ("\x1b[1;31mcritical" in shown) is colours
    assert "[red]x" in shown


@pytest.mark.e2e
async def test_a_terminal_of_few_letters_gets_question_marks() -> None:
    daemon = FakeDaemon([account(watched(102, label="Bērziņš"))])
    async with served(daemon, operations=FakeOperations()) as session:
        url = str(session._base_url)
        latin = {"PYTHONIOENCODING": "ascii", "REGWATCH_URL": url}
        status, shown = await in_a_terminal(80, "extensions", **latin)
    assert status == 0
    assert "B?rzi??" in shown


def test_the_status_is_that_of_a_program_that_sigpipe_ended() -> None:
    assert PipeClosed().code == BY_SIGPIPE == 141
