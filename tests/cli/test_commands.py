"""The commands, as a person meets them before they do anything."""

import sys
from subprocess import run

import pytest
from click.testing import CliRunner

from regwatch.cli import COMMANDS, main

HEAVY = ("aiohttp", "asyncio", "pydantic", "rich", "sqlalchemy", "jinja2", "structlog", "yaml")
CALL = """
try:
    from regwatch.cli import main
    from contextlib import redirect_stdout
    from io import StringIO
    with redirect_stdout(StringIO()):
        main({words}, prog_name="regwatch")
except SystemExit:
    pass
import sys
print(len(sys.modules), *sorted(set({heavy}) & set(sys.modules)))
"""


def loaded(*words: str) -> tuple[int, list[str]]:
    """How many modules a call loads, and which large ones are among them."""
    script = CALL.format(words=list(words), heavy=HEAVY)
    call = [sys.executable, "-c", script]
    count, *heavy = run(call, capture_output=True, text=True, check=True).stdout.split()
    return int(count), heavy


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


@pytest.mark.parametrize(
    ("word", "advice"),
    [("pol", "did you mean `poll`?"), ("incident", "did you mean `incidents`?"),
     ("xyzzy", "`regwatch --help` lists them")],
)  # fmt: skip
def test_an_unknown_command_is_told_what_it_may_mean(word: str, advice: str) -> None:
    result = CliRunner().invoke(main, [word])
    assert result.exit_code == 2
    assert f"There is no command `{word}`: {advice}" in result.output


def test_an_unknown_option_is_told_what_it_may_mean() -> None:
    result = CliRunner().invoke(main, ["status", "--jsn"])
    assert result.exit_code == 2
    assert "Did you mean '--json'" in result.output.replace("(Possible options: --json)", "")


@pytest.mark.e2e
def test_help_loads_hardly_more_than_the_version_does() -> None:
    """All commands' modules are among it: none of them loads what it does."""
    version, _ = loaded("--version")
    shown, heavy = loaded("--help")
    assert heavy == []
    assert shown <= 2 * version


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (("run", "--help"), set()),
        (("status", "--url", "http://127.0.0.1:1"), {"aiohttp", "asyncio", "rich"}),
        (("completion", "bash"), set()),
        (("ack", "101", "--url", "ftp://x"), {"aiohttp", "asyncio", "rich"}),
    ],
    ids=["help", "a command that asks the daemon", "completion", "a command that does not begin"],
)
def test_a_command_loads_no_more_than_it_uses(words: tuple[str, ...], allowed: set[str]) -> None:
    _, heavy = loaded(*words)
    assert set(heavy) <= allowed
