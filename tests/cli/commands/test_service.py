"""What can be typed of the daemon and its configuration."""

import click
import pytest

from regwatch.cli.commands import service

COMMANDS = [service.run, service.check_config, service.poll, service.test_alert, service.replay]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_takes_the_configuration(command: click.Command) -> None:
    (option,) = [each for each in command.params if each.name == "config_file"]
    assert option.opts == ["-c", "--config"]
    assert option.envvar == "REGWATCH_CONFIG"


def test_check_config_takes_several_files_and_standard_input() -> None:
    context = service.check_config.make_context("check-config", ["a.yml", "-", "--json"])
    assert [str(each) for each in context.params["files"]] == ["a.yml", "-"]
    assert context.params["as_json"] is True
