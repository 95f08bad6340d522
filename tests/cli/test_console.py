"""How commands speak: results on one stream, errors on the other."""

import os
import sys
from pathlib import Path

import pytest

from regwatch.cli.console import BAD_CONFIG, FAILED, err, fail, look, out, print_lines, say, warn
from regwatch.cli.settings import show_problems
from regwatch.config import ConfigError, Problem


def test_results_and_errors_go_apart(capsys: pytest.CaptureFixture[str]) -> None:
    out().print("found [101]")
    err().print("trouble")
    assert capsys.readouterr() == ("found [101]\n", "trouble\n")


def test_in_a_pipe_a_line_stays_a_line_without_colours(capsys: pytest.CaptureFixture[str]) -> None:
    assert look().width is None
    out().print("x" * 500, style="bold red")
    assert capsys.readouterr().out == "x" * 500 + "\n"


def test_a_word_that_is_no_record_goes_beside_the_records(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_lines(["a record"])
    say("that is all")
    warn("and 3 more")
    assert capsys.readouterr() == ("a record\n", "and 3 more\n")


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
    for console in (out(), err()):
        console.print(text)
    assert capsys.readouterr() == (f"{text}\n", f"{text}\n")


def test_what_fails_is_said_without_what_acts_on_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        fail("a\x1b[2Jb\udcff\nc")
    assert capsys.readouterr().err == "regwatch: a [2Jb?\nc\n"


def test_in_the_journal_an_error_has_the_priority_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "journal").open("w") as journal:
        status = os.fstat(journal.fileno())
        monkeypatch.setattr(sys, "stderr", journal)
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        with pytest.raises(SystemExit) as ended:
            fail("no room", "no light", code=2)
        show_problems(ConfigError([Problem(Path("f.yml"), 3, "a.b", "is missing")]))
    assert ended.value.code == 2
    assert (tmp_path / "journal").read_text().splitlines() == [
        "<3>regwatch: no room",
        "<3>regwatch: no light",
        "<3>f.yml:3: a.b: is missing",
        "<3>1 problem",
    ]
