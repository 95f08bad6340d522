"""What can be typed of the daemon and its configuration."""

import click
import pytest
from click.testing import CliRunner

from regwatch.cli.commands import service

COMMANDS = [service.run, service.check_config, service.poll, service.test_alert, service.replay]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_takes_the_configuration(command: click.Command) -> None:
    (option,) = [each for each in command.params if each.name == "config_file"]
    assert option.opts == ["-c", "--config"]
    assert option.envvar == "REGWATCH_CONFIG"


@pytest.mark.parametrize(
    ("words", "environ", "said"),
    [
        (["-c", "none.yml"], {}, "none.yml: cannot be read"),
        ([], {"REGWATCH_CONFIG": "none.yml", "REGWATCH_URL": "ftp://x"}, "--url ftp://x is no URL"),
    ],
    ids=["by a file", "by the daemon"],
)
def test_a_test_goes_by_the_file_that_is_named_or_through_the_daemon(
    words: list[str], environ: dict[str, str], said: str
) -> None:
    result = CliRunner().invoke(service.test_alert, words, env=environ)
    assert result.exit_code != 0
    assert said in result.stderr


def test_check_config_takes_several_files_and_standard_input() -> None:
    context = service.check_config.make_context("check-config", ["a.yml", "-", "--json"])
    assert [str(each) for each in context.params["files"]] == ["a.yml", "-"]
    assert context.params["as_json"] is True
