"""`regwatch completion`: what a shell is given."""

import pytest
from click.testing import CliRunner

from regwatch.cli import main


@pytest.mark.parametrize(
    ("shell", "sign"),
    [
        ("bash", "complete "),
        ("zsh", "#compdef regwatch"),
        ("fish", "complete --no-files --command regwatch"),
    ],
)
def test_a_shell_is_given_its_own_script(shell: str, sign: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert sign in result.output
    assert f"_REGWATCH_COMPLETE={shell}_complete" in result.output


def test_another_shell_is_refused_with_those_that_there_are() -> None:
    result = CliRunner().invoke(main, ["completion", "csh"])
    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.output
