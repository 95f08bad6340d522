"""`regwatch check-config`: all that is wrong, or that nothing is."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from fakes.configured import SMALL

from regwatch.cli import main
from regwatch.cli.commands.service import check_config
from regwatch.config import schema_text

EXAMPLE = Path(__file__).parents[2] / "config" / "regwatch.example.yml"


def test_check_config_says_ok_and_what_there_is(tmp_path: Path) -> None:
    for name in ("acme-secret", "pd-key", "slack-url", "hook-secret"):
        (tmp_path / name).write_text("https://x")
        (tmp_path / name).chmod(0o600)
    file = tmp_path / "regwatch.yml"
    file.write_text(EXAMPLE.read_text().replace("2026-", "2999-"))  # its window, once it is over
    result = CliRunner().invoke(main, ["check-config", str(file)])
    assert result.exit_code == 0
    assert result.output == f"{file}: OK (1 account, 1 site, 4 receivers, 4 routes)\n"


def test_check_config_prints_the_schema() -> None:
    result = CliRunner().invoke(main, ["check-config", "--schema"])
    assert result.output == schema_text()


@pytest.mark.parametrize(
    ("text", "status", "out", "err"),
    [
        (SMALL, 0, "OK (1 account, 0 sites, 0 receivers, 0 routes)\n", ""),
        (SMALL + "acounts: []\n", 2, "", "1 problem\n"),
        (SMALL + "acounts: []\nroute: []\n", 2, "", "2 problems\n"),
    ],
    ids=["right", "one thing wrong", "two things wrong"],
)
def test_its_last_line_says_how_it_stands(
    tmp_path: Path, text: str, status: int, out: str, err: str
) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text(text)
    result = CliRunner().invoke(check_config, [str(file)])
    assert result.exit_code == status
    assert result.stdout.endswith(out)
    assert result.stderr.endswith(err)


def test_what_is_only_unwise_is_said_before_the_ok(tmp_path: Path) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text(SMALL.replace("https:", "http:"))
    result = CliRunner().invoke(check_config, [str(file)])
    assert result.exit_code == 0
    notice, ok = result.stdout.splitlines()
    assert notice.startswith(f"{file}:1: accounts[0].url: without https")
    assert ok.endswith("OK (1 account, 0 sites, 0 receivers, 0 routes)")


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.yml"
    file.write_text(SMALL)
    result = CliRunner().invoke(main, ["check-config"], env={"REGWATCH_CONFIG": str(file)})
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{file}: OK")


def test_it_finds_what_the_start_would_find_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text(SMALL.replace("t0ken", "t0ken, proxy_from_environment: true"))
    proxy = {"https_proxy": "http://me:hush@p:port", "no_proxy": ""}
    result = CliRunner().invoke(main, ["check-config", str(file)], env=proxy)
    assert result.exit_code == 2
    assert "`https_proxy` in the environment is not the URL of an HTTP proxy" in result.stderr
    assert "hush" not in result.stderr


def test_the_file_may_be_named_as_for_all_other_commands(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.yml"
    file.write_text(SMALL)
    result = CliRunner().invoke(main, ["check-config", "-c", str(file)])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{file}: OK")


def test_several_are_all_checked_and_one_that_is_wrong_makes_it_wrong(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.yml", tmp_path / "wrong.yml"
    right.write_text(SMALL)
    wrong.write_text(SMALL + "acounts: []\n")
    result = CliRunner().invoke(main, ["check-config", str(wrong), str(right)])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{wrong}:2: acounts: unknown key")
    assert result.stdout.startswith(f"{right}: OK")


@pytest.mark.parametrize(
    ("text", "status", "out", "err"),
    [
        (SMALL.encode(), 0, "<stdin>: OK (1 account", ""),
        (SMALL.encode() + b"acounts: []\n", 2, "", "<stdin>:2: acounts: unknown key"),
        (b"\xff", 2, "", "<stdin>: cannot be read: it is not UTF-8 text"),
        (b"", 2, "", "<stdin>:1: the file must be a mapping"),
    ],
    ids=["right", "wrong", "no text", "empty"],
)
def test_what_comes_on_standard_input_is_checked(
    text: bytes, status: int, out: str, err: str
) -> None:
    result = CliRunner().invoke(main, ["check-config", "-"], input=text)
    assert result.exit_code == status
    assert result.stdout.startswith(out)
    assert result.stderr.startswith(err)


def test_standard_input_is_taken_as_if_it_stood_where_the_configuration_stands(
    tmp_path: Path,
) -> None:
    (tmp_path / "pbx-token").write_text("t0ken")
    (tmp_path / "pbx-token").chmod(0o600)
    text = SMALL.replace("access_token: t0ken", "access_token_file: pbx-token")
    words = ["check-config", "-c", str(tmp_path / "regwatch.yml"), "-"]
    result = CliRunner().invoke(main, words, input=text)
    assert (result.exit_code, result.stderr) == (0, "")


def test_for_programs_all_that_is_wrong_and_unwise(tmp_path: Path) -> None:
    wrong, unwise = tmp_path / "wrong.yml", tmp_path / "unwise.yml"
    wrong.write_text(SMALL + "acounts: []\n")
    unwise.write_text(SMALL.replace("https:", "http:"))
    result = CliRunner().invoke(main, ["check-config", "--json", str(wrong), str(unwise)])
    assert result.exit_code == 2
    body = json.loads(result.stdout)
    first, second = body["files"]
    assert (body["ok"], first["ok"], second["ok"]) == (False, False, True)
    (problem,) = first["problems"]
    assert problem == {
        "file": str(wrong), "line": 2, "path": "acounts", "message": "unknown key",
        "suggestion": "did you mean `accounts`?",
        "text": f"{wrong}:2: acounts: unknown key (did you mean `accounts`?)",
    }  # fmt: skip
    assert (second["accounts"], second["notices"][0]["path"]) == (1, "accounts[0].url")
    assert result.stderr == ""
