"""How commands speak: results on one stream, errors on the other."""

import pytest
from rich.table import Column, Table

from regwatch.cli.console import BAD_CONFIG, FAILED, WIDE, err, fail, out


def test_results_and_errors_go_apart(capsys: pytest.CaptureFixture[str]) -> None:
    out().print("found [101]")
    err().print("trouble")
    assert capsys.readouterr() == ("found [101]\n", "trouble\n")


def test_in_a_pipe_a_line_stays_a_line_without_colours(capsys: pytest.CaptureFixture[str]) -> None:
    assert out().width == WIDE
    out().print("x" * 2 * WIDE, style="bold red")
    assert capsys.readouterr().out == "x" * 2 * WIDE + "\n"


@pytest.mark.parametrize(("how", "status"), [({}, FAILED), ({"code": BAD_CONFIG}, 2)])
def test_who_fails_says_why_and_ends(
    how: dict[str, int], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        fail("no [account] is named `x`", **how)
    assert ended.value.code == status
    assert capsys.readouterr() == ("", "regwatch: no [account] is named `x`\n")


@pytest.mark.parametrize("text", ["[red]x", "[/x]", ":fire:", "[link=http://x]y[/link]"])
def test_words_are_no_styles_and_no_pictures(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(Column("what"), box=None)
    table.add_row(text)
    for console in (out(), err()):
        console.print(text)
        console.print(table)
    said = capsys.readouterr()
    assert said.out.count(text) == said.err.count(text) == 2


def test_what_fails_is_said_without_what_acts_on_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        fail("a\x1b[2Jb\udcff\nc")
    assert capsys.readouterr().err == "regwatch: a [2Jb?\nc\n"
