"""Telling the service manager how we are: sd_notify(3), a datagram to a socket it names.

Never raises, and does nothing where no service manager listens. No library: the protocol is one
`sendto`, and the ones there are have seen no release in years.
"""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

MICROSECONDS = 1_000_000
LONGEST_NUMBER = 12
"""Digits."""


@dataclass(frozen=True, slots=True)
class Notifier:
    """Speaks to the socket in `$NOTIFY_SOCKET`."""

    address: str | None = None
    """A path, or a name in the abstract namespace if it begins with `@`; None: say nothing."""
    watchdog_seconds: float | None = None
    """How often at least `watchdog` must be called, from `$WATCHDOG_USEC`; None: never."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Notifier":
        """As the service manager set the process up."""
        return cls(environ.get("NOTIFY_SOCKET") or None, _watchdog_seconds(environ))

    def ready(self, status: str) -> None:
        """The start, or a reload, is done."""
        self._send("READY=1", f"STATUS={status}")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={text}")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it. systemd 253 and later want the time with it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The stop begins."""
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        """All is well; not said in time, the service manager restarts us."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if self.address is None:
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        message = "\n".join(line.replace("\n", " ") for line in lines)
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.sendto(message.encode(errors="replace"), address)


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """Only if it is meant for this process, and not for a parent whose environment we inherited."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = environ.get("WATCHDOG_USEC", "")
    # So many digits are days; Python refuses to convert thousands of them.
    if not microseconds.isdecimal() or len(microseconds) > LONGEST_NUMBER:
        return None
    return int(microseconds) / MICROSECONDS or None
