"""Files that the configuration names, as people leave them: told plainly, never a traceback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pytest
from click.testing import CliRunner

from regwatch.cli import main
from regwatch.config import ConfigError, load_config

SMALL = "accounts: [{url: 'https://pbx.example.com', access_token: t0ken}]\n"
NOBODY = 65_534


@contextmanager
def as_nobody() -> Iterator[None]:
    """As a user who may not read everything, which root may."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.mark.parametrize("key", ["access_token_file", "access_token: t0ken, ca_file"])
@pytest.mark.parametrize("closed", ["folder", "folder/file"])
def test_what_we_may_not_read_is_a_plain_error(tmp_path: Path, key: str, closed: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("s3cret")
    file = tmp_path / "regwatch.yml"
    file.write_text(f"accounts: [{{url: 'https://pbx.example.com', {key}: folder/file}}]\n")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.is_relative_to(gettempdir()) and folder != Path(gettempdir()):
            folder.chmod(0o755)
    (tmp_path / closed).chmod(0)
    try:
        with as_nobody(), pytest.raises(ConfigError) as caught:
            load_config(file, environ={})
    finally:
        (tmp_path / closed).chmod(0o700)
    (problem,) = caught.value.problems
    assert problem.line == 1
    assert "cannot be read: permission denied" in problem.message


def test_a_secret_is_found_in_one_folder_though_the_other_cannot_be_entered(
    tmp_path: Path,
) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text("accounts: [{url: 'https://pbx.example.com', access_token_file: token}]\n")
    (tmp_path / "token").write_text("s3cret")
    too_long = str(tmp_path / ("c" * 300))
    assert load_config(file, environ={"CREDENTIALS_DIRECTORY": too_long}).accounts


@pytest.mark.parametrize("command", [["check-config"], ["run", "-c"]], ids=" ".join)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: no such file or directory"),
        ("tls_server_config: {cert_file: gone.pem, key_file: gone.pem}", "gone.pem cannot be read"),
        ('tls_server_config: {cert_file: "a\\0b", key_file: b}', "no name of a file"),
        ("basic_auth_users: {? [a]: b}", "holds what cannot be read"),
        ("basic_auth_users: 2024-13-41", "holds what cannot be read"),
        ("[" * 5000, "holds what cannot be read"),
    ],
)
def test_a_web_config_file_that_cannot_be_used_is_a_bad_configuration(
    tmp_path: Path, command: list[str], content: str | None, words: str
) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text(f"{SMALL}http: {{web_config_file: web.yml}}\n")
    if content is not None:
        (tmp_path / "web.yml").write_text(content)
    result = CliRunner().invoke(main, [*command, str(file)])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{tmp_path / 'web.yml'}: ")
    assert words in " ".join(result.stderr.split())
    assert result.stderr.splitlines()[-1] == "1 problem"
