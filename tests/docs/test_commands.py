"""The commands of the documents are those of the program, and those that CI runs."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest


def commands() -> dict[str, click.Command]:
    """Every command by its full name, those of a group in the group's place."""
    from regwatch.cli import main

    return dict(leaves("", main))


def leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for each in command.list_commands(context):
        found = command.get_command(context, each)
        assert found is not None
        yield from leaves(f"{name} {each}".strip(), found)


def options(command: click.Command) -> Iterator[click.Option]:
    yield from (each for each in command.params if isinstance(each, click.Option))


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


def calls_in(document) -> Iterator[list[str]]:
    """Every call of regwatch in a shell block, as words after `regwatch`."""
    lines = [line for b in document.blocks if b.language == "sh" for line in b.body.splitlines()]
    for words in (words for line in lines for words in simple_commands(line)):
        while words and (words[0] == "sudo" or "=" in words[0]):
            words.pop(0)
        if words and Path(words[0]).name == "regwatch":
            yield words[1:]


def called(words: list[str]) -> tuple[str, list[str]]:
    """The full name of the command, and its arguments."""
    known = commands()
    length = 1 if words[0] in known else 2
    return " ".join(words[:length]), words[length:]


def read_as_ci_does(root: Path, name: str) -> tuple[int, str]:
    """Exit status and output of CI's own reading of a block."""
    run = (root / ".ci/run").read_text(encoding="utf-8")
    (function,) = re.findall(r"^readme_block\(\) \{.*?^\}", run, re.MULTILINE | re.DOTALL)
    script = ["bash", "-c", f"{function}\nreadme_block {name}"]
    read = subprocess.run(script, cwd=root, capture_output=True, text=True, check=False)
    return read.returncode, read.stdout


@pytest.fixture(scope="module")
def reference(pages):
    return pages["reference/commands"]


ABOUT_ALL = {
    "What they have in common",
    "On a terminal and in a pipe",
    "Where nobody answers",
    "Exit codes",
}
Row = tuple[str, str]
"""An option as it is written, with what stands for its value; and its default."""


def written(reference, name: str) -> set[Row]:
    """The options that the reference gives a command: its own, and those of several."""
    own = {(row[0], row[1]) for row in reference.section(name).rows()}
    common = reference.section("What they have in common").rows()
    return own | {(row[0], row[1]) for row in common if f"`{name}`" in row[3]}


def names(rows: set[Row]) -> set[str]:
    return {name for cell, _ in rows for name in re.findall(r"(?<![\w-])--?[a-z-]+", cell)}


def test_every_command_has_its_chapter_and_no_other_has(reference):
    chapters = {heading.text for heading in reference.headings if heading.level == 2}
    assert chapters - ABOUT_ALL == {*commands()}


@pytest.mark.parametrize("name", commands())
def test_every_option_stands_in_the_reference_and_no_other(name, reference):
    known = {each for option in options(commands()[name]) for each in option.opts}
    assert names(written(reference, name)) == known


@pytest.mark.parametrize("name", commands())
def test_the_reference_tells_the_true_defaults_of_options(name, reference):
    told = {word: cell for row, cell in written(reference, name) for word in names({(row, "")})}
    for option in options(commands()[name]):
        for word in option.opts:
            assert told[word] == default_of(option), word


def default_of(option: click.Option) -> str:
    """As the table shows it."""
    if option.required:
        return "required"
    shown = option.to_info_dict()["default"]
    if option.is_flag or option.multiple or shown in (None, ""):
        return "none"
    return f"`{shown:g}`" if isinstance(shown, float) else f"`{shown}`"


@pytest.mark.parametrize("name", commands())
def test_the_call_in_the_reference_has_the_command_s_arguments(name, reference):
    command = commands()[name]
    context = click.Context(command)
    arguments = [a.make_metavar(context) for a in command.params if isinstance(a, click.Argument)]
    call = reference.section(name).text.split("\n\n")[1]
    assert call == f"`regwatch {' '.join([name, *arguments])}`"


def test_every_option_named_elsewhere_in_the_documents_exists(document):
    known = {word for command in commands().values() for o in options(command) for word in o.opts}
    known |= {"--help", "--version"}
    for code in document.code:
        if code.startswith(("--", "regwatch ")):
            assert {*re.findall(r"(?<![\w-])--[a-z-]+", code)} <= known, code


def test_every_command_named_elsewhere_in_the_documents_exists(document):
    for code in document.code:
        if match := re.match(r"regwatch ([a-z][a-z-]*)", code):
            assert any(name.split()[0] == match[1] for name in commands()), code


def test_every_call_in_a_shell_block_is_understood(document):
    for words in calls_in(document):
        name, arguments = called(words)
        assert name in commands(), words
        # Parses, and raises for an option or argument that does not exist; runs nothing.
        commands()[name].make_context(name, list(arguments))


def test_the_documents_show_how_the_commands_of_every_day_are_called(documents):
    calls = {called(words)[0] for document in documents.values() for words in calls_in(document)}
    assert calls >= {"demo", "check-config", "poll", "test-alert", "status", "ack", "silence add"}


def test_the_exit_codes_cover_every_command(reference):
    rows = reference.section("Exit codes").rows()
    listed = {name for row in rows for name in re.findall(r"`([a-z -]+)`", row[0])}
    assert listed == {*commands()}


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
    phony = set(" ".join(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)).split())
    tables = {each for each in targets if each.startswith("reliability-")}
    assert targets == phony - {"$(RELIABILITY)"} | tables
    assert targets >= {"help", "demo", "test", "lint", "types", "imports", "bench", "ci", "format"}
