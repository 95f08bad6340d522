"""Reading files that people named: never waiting for one, never more of it than it may hold, and
never the half of one that is being written.
"""

import os
import stat
from pathlib import Path

ATTEMPTS = 3
"""For a file that changes while it is read; whoever writes it is mostly done by then."""
FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""Not blocking: what became a pipe since it was looked at would be waited for."""
MIB = 1 << 20
LARGEST_OF_PEOPLE = MIB
"""Bytes of what somebody wrote by hand: certificates, templates, passwords; more is another file.
"""


class FileError(Exception):
    """A file that cannot be read; says why, and does not name it."""


def read_file(path: Path, *, largest: int = LARGEST_OF_PEOPLE) -> bytes:
    """What a regular file holds, which is at most so many bytes; raises `FileError`."""
    try:
        for _ in range(ATTEMPTS):
            content = _read_once(path, largest)
            if content is not None:
                return content
    except OSError as error:
        raise FileError((error.strerror or "unknown error").lower()) from error
    except ValueError as error:
        raise FileError("this is no name of a file") from error
    raise FileError("it is being written at this moment: try again")


def read_text(path: Path, *, largest: int = LARGEST_OF_PEOPLE) -> str:
    """The same, of a text in UTF-8."""
    try:
        return read_file(path, largest=largest).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError("it is not UTF-8 text") from error


def _read_once(path: Path, largest: int) -> bytes | None:
    """None: it changed meanwhile."""
    _refuse(path.stat())  # first: to open a device may do something to it
    with os.fdopen(os.open(path, FLAGS), "rb", buffering=0) as opened:
        before = os.fstat(opened.fileno())
        _refuse(before)
        content = _all(opened.fileno(), largest + 1)
        if len(content) > largest:
            raise FileError(f"it is larger than {_in_words(largest)}: is this the right file?")
        return content if _stamp(os.fstat(opened.fileno())) == _stamp(before) else None


def _all(descriptor: int, limit: int) -> bytes:
    pieces, left = [], limit
    while left and (piece := os.read(descriptor, left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _refuse(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise FileError("it is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise FileError("it is no regular file")


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _in_words(size: int) -> str:
    return f"{size // MIB} MiB" if size >= MIB else f"{size // 1024} KiB"
