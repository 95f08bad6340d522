"""The files of a database: for nobody else to read, and set aside whole, with the reason, when they
are damaged. Nothing is ever overwritten; of those set aside the latest few are kept.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from regwatch import __version__
from regwatch.core.model import Timestamp

PRIVATE = 0o600
BESIDE = ("-wal", "-shm")
"""What SQLite writes beside the file, and what belongs to it."""
REASON = ".reason"
MOST_ASIDE = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Aside:
    """A file that was set aside."""

    path: Path
    reason: str
    at: Timestamp


def make_private(path: Path) -> None:
    """Make the file if there is none; nobody else may read it, nor what lies beside it, whatever
    the umask is. Where the rights are not ours to change, they stay. Raises `OSError`.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    for each in (path, *(_beside(path, suffix) for suffix in BESIDE)):
        with suppress(OSError):
            each.chmod(PRIVATE)


def set_aside(path: Path, reason: str, *, at: Timestamp) -> Aside:
    """Give the file another name, and say beside it why; raises `OSError`."""
    aside = _free_name(path, at)
    # The file itself last: a log that is left beside a new file would be taken for that one's.
    for suffix in (*BESIDE, ""):
        with suppress(FileNotFoundError):
            _beside(path, suffix).rename(_beside(aside, suffix))
    _say_why(aside, reason, at)
    _remove_oldest(path)
    return Aside(aside, reason, at)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _free_name(path: Path, at: Timestamp) -> Path:
    name = f"{path.name}.corrupt-{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    aside = path.with_name(name)
    while any(_beside(aside, suffix).exists() for suffix in ("", REASON, *BESIDE)):
        number += 1
        aside = path.with_name(f"{name}-{number}")
    return aside


def _say_why(aside: Path, reason: str, at: Timestamp) -> None:
    text = (
        f"Set aside by regwatch {__version__} at {datetime.fromtimestamp(at, UTC):%F %T} UTC.\n"
        f"Reason: {reason}\n"
        "A new database was begun in its place. This one is not needed any more; it may tell why\n"
        "it was damaged, and SQLite's `.recover` may read more of it.\n"
    )
    try:
        _beside(aside, REASON).write_text(text)
        _beside(aside, REASON).chmod(PRIVATE)
    except OSError as error:  # a full disk: the log says it, too
        log.warning("reason_not_written", path=str(aside), error=str(error))


def _remove_oldest(path: Path) -> None:
    for aside in sorted(_all_aside(path), key=lambda each: each.stat().st_mtime)[:-MOST_ASIDE]:
        for suffix in (*BESIDE, REASON, ""):
            with suppress(OSError):
                _beside(aside, suffix).unlink(missing_ok=True)
        log.warning("set_aside_removed", path=str(aside), kept=MOST_ASIDE)


def _all_aside(path: Path) -> Iterator[Path]:
    for each in path.parent.glob(f"{path.name}.corrupt-*"):
        if not each.name.endswith((*BESIDE, REASON)):
            yield each
