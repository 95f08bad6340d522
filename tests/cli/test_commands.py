"""The other commands, as a person meets them."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from regwatch.cli import COMMANDS, main

EXAMPLE = Path(__file__).parents[2] / "config" / "regwatch.example.yml"


def test_help_names_every_command_and_where_to_begin() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)
    assert "Start with `regwatch demo`" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5


def test_an_unknown_command_is_a_plain_error() -> None:
    result = CliRunner().invoke(main, ["pol"])
    assert result.exit_code == 2
    assert "No such command" in result.output
