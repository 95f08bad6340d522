"""What there is to say of a command."""

import click

from regwatch.cli.grammar import USUAL_EXITS, Command, Group
from regwatch.cli.manual.tree import Entry, entries


@click.group(cls=Group)
def tool() -> None:
    """A tool.

    That is of
    two paragraphs.
    """


@tool.command(short_help="Look up.", exits={0: "found"}, examples=("tool look x",), epilog="So.")
@click.argument("what", metavar="WHAT")
@click.option("-n", "--number", type=int, default=3, metavar="N", envvar="NUMBER", help="Many.")
@click.option("--all", is_flag=True, help="All.")
@click.option("--need", required=True, metavar="X")
@click.option("--share", type=float, default=0.5)
def look() -> None:
    """Look WHAT up."""


@click.command(cls=Command)
def plain() -> None:
    """Plain. Very."""


def found() -> dict[str, Entry]:
    tool.add_command(plain)
    return {each.name: each for each in entries(tool, "tool")}


def test_the_whole_of_it_comes_first_with_its_commands() -> None:
    whole = next(iter(found().values()))
    assert (whole.name, whole.call) == ("", "tool COMMAND")
    assert whole.paragraphs == ["A tool.", "That is of two paragraphs."]
    assert whole.commands == [("look", "Look up"), ("plain", "Plain")]


def test_of_a_command_all_is_known() -> None:
    entry = found()["look"]
    assert (entry.short, entry.call) == ("Look up", "tool look WHAT")
    assert (entry.exits, entry.examples, entry.epilog) == ({0: "found"}, ("tool look x",), "So.")
    assert [(o.written, o.default, o.help, o.envvar) for o in entry.options] == [
        ("-n, --number N", "3", "Many.", "NUMBER"),
        ("--all", "none", "All.", ""),
        ("--need X", "required", "", ""),
        ("--share FLOAT", "0.5", "", ""),
    ]


def test_a_command_that_says_nothing_of_its_end_ends_as_usual() -> None:
    assert found()["plain"].exits == USUAL_EXITS
