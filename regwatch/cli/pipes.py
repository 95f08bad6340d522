"""Whoever reads our output may stop: `regwatch history | head`."""

import os
import signal
import sys
from typing import NoReturn

BY_SIGPIPE = 128 + signal.SIGPIPE
"""What a shell says of a program that SIGPIPE ended."""


class PipeClosed(SystemExit):
    """Nobody reads any more. Ends the program in order, tasks and temporary files as well."""

    def __init__(self) -> None:
        super().__init__(BY_SIGPIPE)


def end_as_others_do() -> NoReturn:
    """By SIGPIPE, as `cat` and `grep` end; nothing is said of what could not be written."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    raise PipeClosed  # it is blocked: whoever started us wanted it so
