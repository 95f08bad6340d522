"""`regwatch check-config`: everything that is wrong with configurations, at once."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from regwatch.app.soundness import load_sound
from regwatch.cli.console import BAD_CONFIG, out
from regwatch.cli.settings import show_problems
from regwatch.config import Config, ConfigError, Problem, schema_text
from regwatch.config.source import LARGEST_FILE

STDIN = Path("-")
STDIN_SHOWN = Path("<stdin>")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one file."""

    file: Path
    config: Config | None
    problems: Sequence[Problem] = ()
    notices: Sequence[Problem] = ()


def check_config(
    *, files: tuple[Path, ...], config_file: Path, as_json: bool, schema: bool
) -> None:
    """Check all of them; exits with 2 if one cannot be used."""
    if schema:
        click.echo(schema_text(), nl=False)
        return
    verdicts = [_checked(each, config_file) for each in files or (config_file,)]
    if as_json:
        click.echo(json.dumps(_as_json(verdicts), indent=2))
    else:
        for verdict in verdicts:
            _show(verdict)
    if any(verdict.problems for verdict in verdicts):
        raise SystemExit(BAD_CONFIG)


def _checked(file: Path, config_file: Path) -> Verdict:
    if file != STDIN:
        return _verdict(file, file, None)
    try:
        text = sys.stdin.buffer.read(LARGEST_FILE + 1).decode("utf-8")
    except UnicodeDecodeError:
        problem = Problem(STDIN_SHOWN, None, "", "cannot be read: it is not UTF-8 text")
        return Verdict(STDIN_SHOWN, None, (problem,))
    return _verdict(STDIN_SHOWN, config_file, text)


def _verdict(shown: Path, file: Path, text: str | None) -> Verdict:
    """`file`: where it stands, or would; what is said of it is said of what is `shown`."""
    try:
        config = load_sound(file, environ=os.environ, text=text)
    except ConfigError as error:
        return Verdict(shown, None, problems=_called(shown, file, error.problems))
    return Verdict(shown, config, notices=_called(shown, file, config.notices))


def _called(shown: Path, file: Path, problems: Iterable[Problem]) -> Sequence[Problem]:
    return [replace(p, file=shown) if p.file == file else p for p in problems]


def _show(verdict: Verdict) -> None:
    if verdict.config is None:
        show_problems(ConfigError(verdict.problems))
        return
    console = out()
    for notice in verdict.notices:
        console.print(str(notice), style="yellow")
    console.print(f"{verdict.file}: ", style="bold", end="")
    console.print("OK", style="bold green", end="")
    counts = (_count(number, name.removesuffix("s")) for name, number in _sizes(verdict.config))
    console.print(f" ({', '.join(counts)})")


def _sizes(config: Config) -> Iterable[tuple[str, int]]:
    yield "accounts", len(config.accounts)
    yield "sites", len(config.sites)
    yield "receivers", len(config.receivers)
    yield "routes", len(config.routes)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _as_json(verdicts: Sequence[Verdict]) -> dict[str, object]:
    return {
        "ok": not any(verdict.problems for verdict in verdicts),
        "files": [
            {
                "file": str(verdict.file),
                "ok": not verdict.problems,
                **(dict(_sizes(verdict.config)) if verdict.config else {}),
                "problems": [_problem_as_json(each) for each in verdict.problems],
                "notices": [_problem_as_json(each) for each in verdict.notices],
            }
            for verdict in verdicts
        ],
    }


def _problem_as_json(problem: Problem) -> dict[str, object]:
    return {
        "file": str(problem.file),
        "line": problem.line,
        "path": problem.path,
        "message": problem.message,
        "suggestion": problem.suggestion,
        "text": str(problem),
    }
