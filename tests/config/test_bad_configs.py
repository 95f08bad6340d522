"""A folder of bad configurations, one fault each, with the message that a person gets."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from regwatch.cli.commands.service import check_config
from regwatch.config import ConfigError, load_config

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yml"))
MARK = "# expect: "


def expected(file: Path) -> tuple[str, str]:
    """What the message begins with (file and line), and what follows."""
    text = file.read_text(encoding="utf-8").rsplit(MARK, 1)[1].strip()
    if not text.startswith("line "):
        return str(file), text
    line, _, rest = text.removeprefix("line ").partition(": ")
    return f"{file}:{line}: ", rest.replace("TESTS", str(BAD))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_fault_is_named_with_its_line_and_what_to_write_instead(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(file, environ={})
    begins, message = expected(file)
    lines = [str(problem) for problem in caught.value.problems]
    found = [line for line in lines if line.startswith(begins) and message in line]
    assert found, "\n".join(lines)
    assert not [line for line in lines if "hush" in line], "a secret is shown"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_check_config_ends_with_status_2_and_says_how_many_problems(file: Path) -> None:
    result = CliRunner().invoke(check_config, [str(file)])
    assert result.exit_code == 2
    assert "problem" in result.stderr.splitlines()[-1]
    assert result.stdout == ""


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(BAD / "several-at-once.yml", environ={})
    assert [problem.path for problem in caught.value.problems] == ["recover_after", "http.lisen"]


def test_there_are_thirty_or_more() -> None:
    assert len(FILES) >= 30
