"""What can be typed to try things out."""

from click.testing import CliRunner

from regwatch.cli.commands.trying import LIVES, simulate
from regwatch.simulator import TABLE, rates


def test_the_lives_are_those_of_the_simulator() -> None:
    assert set(LIVES) == set(rates.LIVES)


def test_faults_are_listed_and_nothing_begins() -> None:
    result = CliRunner().invoke(simulate, ["--list-faults"])
    assert result.exit_code == 0
    assert all(fault.name in result.output for fault in TABLE)
