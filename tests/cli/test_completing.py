"""What the tab key offers, in each shell, of a running daemon; and nothing, quietly, of none."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from fakes.debian import program
from fakes.patience import PATIENCE
from fakes.servers import silent
from fakes.web import FakeDaemon, FakeOperations, account, incident, served, watched

from regwatch.cli import main
from regwatch.cli.completing import complete_extensions

DAEMON = FakeDaemon(
    [account(watched(101, label="Petrov", site="riga"), watched(102, label="Zane Ozola"))],
    [incident(number=102, summary="102 is lost")],
    backlog={"chat": (3, None)},
)


async def completed(words: str, url: str, **environ: str) -> tuple[list[str], str]:
    """What bash is offered, and what is said besides."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from regwatch.cli import main; main(prog_name='regwatch')",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ, "_REGWATCH_COMPLETE": "bash_complete", "COMP_WORDS": f"regwatch {words}",
            "COMP_CWORD": str(len(words.split(" "))), "REGWATCH_URL": url, **environ,
        },
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        out, errors = await process.communicate()
    return [line.partition(",")[2] for line in out.decode().split()], errors.decode()


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("sta", ["status"]),
        ("show 10", ["101", "102"]),
        ("show acme/10", ["acme/101", "acme/102"]),
        ("ack ", ["101", "102", "i-extension_lost-102"]),
        ("incidents --site ", ["riga"]),
        ("incidents --account a", ["acme"]),
        ("test-alert ", ["chat"]),
        ("extensions --state l", ["lost"]),
    ],
)
async def test_what_the_daemon_knows_is_offered(words: str, offered: list[str]) -> None:
    async with served(DAEMON, operations=FakeOperations()) as session:
        assert await completed(words, str(session._base_url)) == (offered, "")


@pytest.mark.e2e
@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", ""])
async def test_without_a_daemon_nothing_is_offered_and_nothing_said(
    url: str, tmp_path: Path
) -> None:
    broken = tmp_path / "regwatch.yml"
    broken.write_text("http: nonsense")
    assert await completed("show 10", url, REGWATCH_CONFIG=str(broken)) == ([], "")


async def test_a_daemon_that_hangs_is_not_waited_for() -> None:
    with silent() as address:
        assert await asyncio.to_thread(_offered_at, f"http://{address}") == []


def _offered_at(url: str) -> list[object]:
    context = main.make_context("regwatch", ["show", "--help"], resilient_parsing=True)
    context.params = {"config_file": Path("none.yml"), "url": url, "user": None}
    return list(complete_extensions(context, main.params[0], "1"))


SHELLS = {
    "bash": """
. <(regwatch completion bash)
COMP_WORDS=(regwatch show 10); COMP_CWORD=2; _regwatch_completion regwatch
printf '%s\\n' "${COMPREPLY[@]}"
""",
    "zsh": """
compdef() { :; }
_describe() { print -l -- "${(@P)3}"; }
source <(regwatch completion zsh)
words=(regwatch show 10); CURRENT=3; _regwatch_completion
""",
    "fish": """
regwatch completion fish | source
complete -C 'regwatch show 10'
""",
}
"""Each completes `regwatch show 10` with the function that it is given."""


@pytest.mark.e2e
@pytest.mark.needs_debian
@pytest.mark.parametrize("shell", SHELLS)
async def test_each_shell_understands_what_it_is_given(shell: str, tmp_path: Path) -> None:
    (tmp_path / "regwatch").write_text(f'#!/bin/sh\nexec {sys.executable} -m regwatch "$@"\n')
    (tmp_path / "regwatch").chmod(0o755)
    async with served(DAEMON, operations=FakeOperations()) as session:
        process = await asyncio.create_subprocess_exec(
            program(shell),
            "-c",
            SHELLS[shell],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={
                **os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path),
                "REGWATCH_URL": str(session._base_url),
            },
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            out, errors = await process.communicate()
    assert errors == b""
    assert [line[:3] for line in out.decode().splitlines()] == ["101", "102"]
