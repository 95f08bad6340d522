"""How commands speak: results on one stream, errors on the other."""

import os
import sys
from pathlib import Path

import pytest

from regwatch.cli.console import BAD_CONFIG, FAILED, WIDE, err, fail, out
from regwatch.cli.settings import show_problems
from regwatch.config import ConfigError, Problem


def test_results_and_errors_go_apart(capsys: pytest.CaptureFixture[str]) -> None:
    out().print("found [101]", markup=False)
    err().print("trouble")
    assert capsys.readouterr() == ("found [101]\n", "trouble\n")


def test_in_a_pipe_a_line_stays_a_line_without_colours(capsys: pytest.CaptureFixture[str]) -> None:
    assert out().width == WIDE
    out().print("[bold red]" + "x" * 2 * WIDE)
    assert capsys.readouterr().out == "x" * 2 * WIDE + "\n"


@pytest.mark.parametrize(("how", "status"), [({}, FAILED), ({"code": BAD_CONFIG}, 2)])
def test_who_fails_says_why_and_ends(
    how: dict[str, int], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        fail("no [account] is named `x`", **how)
    assert ended.value.code == status
    assert capsys.readouterr() == ("", "regwatch: no [account] is named `x`\n")


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
