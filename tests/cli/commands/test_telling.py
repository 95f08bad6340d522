"""What the daemon can be told."""

from collections.abc import Sequence

import click
import pytest
from click.testing import CliRunner

from regwatch.cli.commands import telling


@pytest.mark.parametrize(
    ("words", "matchers"),
    [
        (["site=riga"], {"site": ["riga"]}),
        (["site=riga", "site=tallinn"], {"site": ["riga", "tallinn"]}),
        (['device = "Yealink *"'], {"device": ["Yealink *"]}),
        (["device=a=b"], {"device": ["a=b"]}),
        (["place="], {"place": [""]}),
    ],
)
def test_matchers_as_people_write_them(
    words: Sequence[str], matchers: dict[str, list[str]]
) -> None:
    (argument,) = [each for each in telling.add.params if isinstance(each, click.Argument)]
    assert argument.process_value(click.Context(telling.add), tuple(words)) == matchers


@pytest.mark.parametrize("word", ["riga", "=riga"])
def test_what_is_no_matcher_is_told_how_to_write_one(word: str) -> None:
    words = ["add", word, "--for", "1h", "--comment", "x"]
    result = CliRunner().invoke(telling.silence, words)
    assert result.exit_code == 2
    assert f"`{word}` is no matcher: write LABEL=PATTERN" in result.stderr


@pytest.mark.parametrize("end", [(), ("--for", "1h", "--until", "2999-01-01")], ids=["none", "two"])
def test_a_silence_has_one_end(end: tuple[str, ...]) -> None:
    words = ["add", "site=riga", "--comment", "x", *end]
    result = CliRunner().invoke(telling.silence, words)
    assert result.exit_code == 2
    assert "give --for or --until" in result.stderr


@pytest.mark.parametrize("command", [telling.ack, telling.silence], ids=["ack", "silence"])
def test_it_is_said_what_right_it_needs(command: click.Command) -> None:
    help_text = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert "the members of the group `regwatch`" in help_text
