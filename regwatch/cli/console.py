"""How commands speak to a person: colours only on a terminal, errors on stderr."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from regwatch.cli.look import Look, looked_at_now
from regwatch.cli.pipes import PipeClosed
from regwatch.core.outside import lines_made_safe

BAD_CONFIG = BAD_OPTION = 2
"""click's own for a bad option; systemd does not start again after it."""
FAILED = 1
JOURNAL_ERROR = "<3>"
"""As in sd-daemon(3)."""

PLAIN: Mapping[str, Any] = {
    "highlight": False, "soft_wrap": True, "markup": False, "emoji": False,
}  # fmt: skip
"""Text is shown as it is: `[red]` or `:fire:` in a phone's label is no style and no picture."""
LEAST_COLUMNS = 40
"""A terminal that says it has fewer is taken for one of so many."""


def look() -> Look:
    """How standard output is looked at."""
    if not sys.stdout.isatty():
        return looked_at_now(None)
    return looked_at_now(max(LEAST_COLUMNS, shutil.get_terminal_size().columns))


def out() -> Console:
    """Where results go."""
    return _console()


def err() -> Console:
    """Where progress and errors go."""
    return _console(stderr=True)


def _console(*, stderr: bool = False) -> Console:
    return _Piped(stderr=stderr, **PLAIN)


class _Piped(Console):
    """Ends the program if nobody reads any more, as a pipe's other programs end."""

    def on_broken_pipe(self) -> None:
        """Called by rich in place of its own end, with status 1."""
        raise PipeClosed


def print_lines(lines: Iterable[Text | str]) -> None:
    """To standard output, as they are: in a pipe with their tabs, and without colours."""
    if not sys.stdout.isatty():
        for line in lines:
            click.echo(str(line))
        return
    console = out()
    for line in lines:
        console.print(line)


def say(words: str) -> None:
    """A word to a person, which is no record; a program that reads the records is not bothered."""
    for stream, console in ((sys.stdout, out), (sys.stderr, err)):
        if stream.isatty():
            console().print(words)
            return


def warn(words: str) -> None:
    """What even a program's owner should know: that records are missing."""
    (out() if sys.stdout.isatty() else err()).print(words)


def fail(*messages: str, code: int = FAILED) -> NoReturn:
    """Say why, each reason in a line, and exit."""
    console = err()
    for message in messages:
        console.print(f"{priority()}regwatch: ", style="bold red", end="")
        # It may quote an argument or a file of whatever bytes.
        console.print(lines_made_safe(message))
    sys.exit(code)


def priority() -> str:
    """What a line on stderr that tells of an error begins with, so that the journal knows it."""
    if "JOURNAL_STREAM" not in os.environ:
        return ""
    from regwatch.logs import is_journal  # it brings all of the log along

    return JOURNAL_ERROR if is_journal(sys.stderr, os.environ) else ""
