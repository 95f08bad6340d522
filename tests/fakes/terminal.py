"""A terminal of so many columns, in which a program runs."""

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping

from fakes.patience import PATIENCE


async def in_a_terminal(columns: int, *words: str, **environ: str) -> tuple[int, str]:
    """Exit status and all that `regwatch WORDS` shows, escape sequences as well."""
    async with asyncio.timeout(PATIENCE):
        return await asyncio.to_thread(_run, columns, words, environ)


def _run(columns: int, words: tuple[str, ...], environ: Mapping[str, str]) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    program = subprocess.Popen(
        [sys.executable, "-m", "regwatch", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**kept, "TERM": "xterm", **environ},
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return program.wait(), shown.decode().replace("\r\n", "\n")
