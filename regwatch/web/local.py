"""The daemon's own socket in the file system: who may open it may read and write."""

import errno
import os
import socket
import stat
from pathlib import Path

MODE = 0o660
"""For the daemon's user and its group; the folder says who comes that far."""


class LocalSocketError(Exception):
    """A path at which no socket can be made; the text names it and says why."""

    def __init__(self, path: Path, why: str, *, may_pass: bool = False) -> None:
        super().__init__(f"cannot listen on {path}: {why}")
        self.may_pass = may_pass


def bound(path: Path, *, backlog: int) -> socket.socket:
    """A socket that listens there; one that a daemon left behind that was killed is taken away.
    Raises `LocalSocketError`.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        _take_away_stale(path)
        made.bind(os.fspath(path))
        path.chmod(MODE)
        made.listen(backlog)
    except LocalSocketError:
        made.close()
        raise
    except OSError as error:
        made.close()
        why = os.strerror(error.errno).lower() if error.errno else str(error)
        raise LocalSocketError(path, why, may_pass=error.errno == errno.EADDRINUSE) from error
    return made


def _take_away_stale(path: Path) -> None:
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise LocalSocketError(path, "there is something else")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.setblocking(False)
        try:
            asking.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except BlockingIOError:  # its queue is full
            pass
    raise LocalSocketError(path, "another daemon answers there", may_pass=True)
