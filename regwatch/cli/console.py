"""How commands speak to a person: colours only on a terminal, errors on stderr."""

import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from rich.console import Console

from regwatch.core.outside import lines_made_safe
from regwatch.logs import is_journal

BAD_CONFIG = BAD_OPTION = 2
FAILED = 1
JOURNAL_ERROR = "<3>"
"""As in sd-daemon(3)."""
"""Exit codes: 2 is click's own for a bad option, and systemd does not start again after it."""


PLAIN: Mapping[str, Any] = {
    "highlight": False, "soft_wrap": True, "markup": False, "emoji": False,
}  # fmt: skip
"""Text is shown as it is: `[red]` or `:fire:` in a phone's label is no style and no picture."""
WIDE = 250
"""Columns where nobody looks: tables in a file or a pipe are not cut."""


def out() -> Console:
    """Where results go."""
    console = Console(**PLAIN)
    if not console.is_terminal:
        console.width = WIDE
    return console


def err() -> Console:
    """Where progress and errors go."""
    return Console(stderr=True, **PLAIN)


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
    return JOURNAL_ERROR if is_journal(sys.stderr, os.environ) else ""
