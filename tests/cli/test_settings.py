"""A configuration that cannot be used ends a command with everything that is wrong with it."""

from pathlib import Path

import pytest
from fakes.configured import SMALL

from regwatch.cli.settings import load_or_exit, loaded_or_exit, show_problems
from regwatch.config import ConfigError
from regwatch.shapes.problems import Problem


def test_a_good_one_is_loaded_and_a_bad_one_ends_it_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text(SMALL)
    assert load_or_exit(file).accounts
    assert loaded_or_exit(lambda: 7) == 7
    file.write_text(SMALL + "acounts: []\n")
    with pytest.raises(SystemExit) as ended:
        load_or_exit(file)
    assert ended.value.code == 2
    assert capsys.readouterr() == (
        "",
        f"{file}:2: acounts: unknown key (did you mean `accounts`?)\n1 problem\n",
    )


@pytest.mark.parametrize(("count", "words"), [(1, "1 problem"), (3, "3 problems")])
def test_a_line_each_then_how_many(
    count: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = [Problem(Path("/r.yml"), n, "a[0]", "[wrong]: x") for n in range(1, count + 1)]
    show_problems(ConfigError(problems))
    *lines, last = capsys.readouterr().err.splitlines()
    assert lines == [str(problem) for problem in problems]
    assert last == words
