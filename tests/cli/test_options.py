"""Options that several commands have."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from regwatch.cli.options import DEFAULT_FILE, remote_options


@click.command()
@remote_options
def ask(config_file: Path, url: str | None, user: str | None) -> None:
    click.echo(f"{config_file} {url} {user}")


@pytest.mark.parametrize(
    ("words", "environ", "said"),
    [
        ([], {}, f"{DEFAULT_FILE} None None"),
        (
            [],
            {"REGWATCH_CONFIG": "a.yml", "REGWATCH_URL": "u", "REGWATCH_USER": "anna"},
            "a.yml u anna",
        ),
        (["-c", "b.yml", "--url", "v", "--user", "bob"], {"REGWATCH_URL": "u"}, "b.yml v bob"),
    ],
    ids=["nothing said", "by the environment", "by words, which win"],
)
def test_where_the_daemon_is(words: list[str], environ: dict[str, str], said: str) -> None:
    assert CliRunner().invoke(ask, words, env=environ).output == f"{said}\n"
