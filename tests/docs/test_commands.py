"""The commands of the README are those of the program, and those that CI runs."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest


def commands() -> dict[str, click.Command]:
    from regwatch.cli import main

    assert isinstance(main, click.Group)
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def simple_commands(line: str) -> Iterator[list[str]]:
    """The words of each simple command of a line of shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("&|;()<>"):
            yield words
            words = []
        else:
            words.append(word)
    yield words


def calls_in(readme) -> Iterator[list[str]]:
    """Every call of regwatch in a shell block, as words after `regwatch`."""
    lines = [line for b in readme.blocks if b.language == "sh" for line in b.body.splitlines()]
    for words in (words for line in lines for words in simple_commands(line)):
        while words and (words[0] == "sudo" or "=" in words[0]):
            words.pop(0)
        if words and Path(words[0]).name == "regwatch":
            yield words[1:]


def read_as_ci_does(root: Path, name: str) -> tuple[int, str]:
    """Exit status and output of CI's own reading of a block."""
    run = (root / ".ci/run").read_text(encoding="utf-8")
    (function,) = re.findall(r"^readme_block\(\) \{.*?^\}", run, re.MULTILINE | re.DOTALL)
    script = ["bash", "-c", f"{function}\nreadme_block {name}"]
    read = subprocess.run(script, cwd=root, capture_output=True, text=True, check=False)
    return read.returncode, read.stdout


def test_the_table_lists_the_commands_that_there_are(readme):
    rows = readme.section("Commands").rows()
    listed = {m[1] for row in rows if (m := re.match(r"`regwatch ([a-z-]+)", row[0]))}
    assert listed == set(commands())


def test_every_option_in_the_table_exists(readme):
    known_commands = commands()
    for first, text in (row for row in readme.section("Commands").rows() if len(row) == 2):
        name = first.strip("`").split()[1]
        known = {option for parameter in known_commands[name].params for option in parameter.opts}
        options = re.findall(r"`(--[a-z-]+)", text)
        assert set(options) <= known, name


def test_every_call_in_a_shell_block_is_understood(readme):
    calls = list(calls_in(readme))
    assert {words[0] for words in calls} >= {"demo", "check-config", "poll", "test-alert"}
    for name, *arguments in calls:
        assert name in commands(), name
        # Parses, and raises for an option or argument that does not exist; runs nothing.
        commands()[name].make_context(name, list(arguments))


def test_the_exit_codes_cover_every_command(readme):
    rows = readme.section("Exit codes").rows()
    listed = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row[0])}
    assert listed == set(commands())


def test_ci_runs_every_block_marked_for_it(readme, root):
    marked = {block.mark.removeprefix("ci: ") for block in readme.blocks if "ci: " in block.mark}
    assert marked == {"demo", "test"}
    run = (root / ".ci/run").read_text(encoding="utf-8")
    called = re.findall(r"\$\(activated \w+ (\w+)\)", run)
    assert sorted(called) == sorted(marked)


@pytest.mark.parametrize("name", ["demo", "test"])
def test_ci_takes_the_blocks_as_they_stand(name, readme, root):
    assert read_as_ci_does(root, name) == (0, readme.block(f"ci: {name}").body)


def test_ci_notices_a_block_that_is_gone(root):
    assert read_as_ci_does(root, "no-such-block") == (1, "")


def test_the_two_commands_are_one_line_each_and_need_no_make(readme):
    for name in ("demo", "test"):
        body = readme.block(f"ci: {name}").body
        assert body.count("\n") == 1
        assert not re.search(r"\bmake\b", body)


def test_make_offers_what_the_makefile_promises(root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())
    assert targets == phony
    assert targets >= {"help", "demo", "test", "lint", "types", "imports", "bench", "ci", "format"}
