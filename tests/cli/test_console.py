"""How commands speak: results on one stream, errors on the other."""

import pytest

from regwatch.cli.console import BAD_CONFIG, FAILED, WIDE, err, fail, out


def test_results_and_errors_go_apart(capsys: pytest.CaptureFixture[str]) -> None:
    out().print("found [101]", markup=False)
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
