"""What can be asked of the daemon."""

import click
import pytest

from regwatch.cli.commands import asking
from regwatch.core.model import AlertName, ExtensionState, Severity

COMMANDS = [
    asking.status, asking.incidents, asking.extensions, asking.watch, asking.show, asking.why,
    asking.history,
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_can_be_told_where_the_daemon_is(command: click.Command) -> None:
    assert {"config_file", "url", "user"} <= {each.name for each in command.params}


def params(command: click.Command, *words: str) -> dict[str, object]:
    return command.make_context(command.name, list(words)).params


def test_several_states_and_severities_go_as_the_api_takes_them() -> None:
    given = params(asking.extensions, "--state", "lost", "--state", "overdue", "--find", "Ozola")
    assert (given["states"], given["q"]) == ("lost,overdue", "Ozola")
    assert params(asking.extensions)["states"] is None
    given = params(asking.incidents, "--severity", "critical", "--severity", "info")
    assert given["severity"] == "critical,info"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        *((asking.extensions, ("--state", state.value)) for state in ExtensionState),
        *((asking.incidents, ("--severity", severity.value)) for severity in Severity),
        *((asking.incidents, ("--alert", alert.value)) for alert in AlertName),
    ],
)
def test_all_that_there_is_can_be_asked_for(command: click.Command, words: tuple[str, str]) -> None:
    assert params(command, *words)


def test_what_there_is_not_is_an_error() -> None:
    with pytest.raises(click.BadParameter, match="lost"):
        params(asking.extensions, "--state", "losst")
