"""Commands that teach."""

import click
import pytest
from click.testing import CliRunner

from regwatch.cli.grammar import Command, Group


@click.group(cls=Group)
def tool() -> None:
    pass


@tool.command(exits={0: "well", 3: "not seen"}, examples=("tool look up",), epilog="And more.")
def look() -> None:
    """Look."""


@click.command(cls=Command)
def plain() -> None:
    """Plain."""


def said(*words: str, command: click.Command = tool) -> str:
    return CliRunner().invoke(command, list(words), prog_name="tool").output


def test_help_ends_with_examples_and_with_what_status_it_ends() -> None:
    help_text = said("look", "--help")
    examples, exits, more = (
        help_text.index(each) for each in ("  tool look up", "  3  not seen", "And")
    )
    assert examples < exits < more


def test_a_command_that_says_nothing_else_ends_as_usual() -> None:
    assert "1  not done: it says why" in said("--help", command=plain)


@pytest.mark.parametrize(
    ("word", "advice"),
    [("lok", "did you mean `look`?"), ("LOOK", "did you mean `look`?"), ("zzz", "one of `look`")],
)
def test_a_mistyped_command_is_told_what_it_may_mean(word: str, advice: str) -> None:
    result = CliRunner().invoke(tool, [word])
    assert result.exit_code == 2
    assert f"There is no command `{word}`: {advice}" in result.output


def test_of_many_commands_where_they_are_listed() -> None:
    @click.group(cls=Group)
    def large() -> None:
        pass

    for number in range(20):
        large.add_command(click.Command(f"command-{number}"))
    assert "`large --help` lists them" in CliRunner().invoke(large, ["zzz"]).output


def test_a_mistyped_option_is_told_what_it_may_mean() -> None:
    assert "No such option" in said("--hepl")
