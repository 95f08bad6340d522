"""What is said to the service manager, over a real socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.patience import PATIENCE

from regwatch.systemd import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(path)
        listening.settimeout(PATIENCE)
        yield path, listening


def test_what_is_said_when(manager: tuple[str, socket.socket]) -> None:
    path, listening = manager
    notifier = Notifier.from_environ({"NOTIFY_SOCKET": path})
    notifier.ready("Watching 3 extensions")
    notifier.status("two\nlines")
    notifier.reloading()
    notifier.watchdog()
    notifier.stopping()
    said = [listening.recv(1000).decode() for _ in range(5)]
    assert said[0] == "READY=1\nSTATUS=Watching 3 extensions"
    assert said[1] == "STATUS=two lines"
    reloading, monotonic = said[2].split("\n")
    assert reloading == "RELOADING=1"
    assert int(monotonic.removeprefix("MONOTONIC_USEC=")) > 0
    assert said[3:] == ["WATCHDOG=1", "STOPPING=1"]


def test_a_name_in_the_abstract_namespace() -> None:
    name = f"regwatch-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        listening.settimeout(PATIENCE)
        Notifier.from_environ({"NOTIFY_SOCKET": "@" + name}).watchdog()
        assert listening.recv(100) == b"WATCHDOG=1"


def test_without_a_service_manager_nothing_is_said_and_nothing_fails() -> None:
    notifier = Notifier.from_environ({})
    notifier.ready("x")
    Notifier("/no/such/socket").stopping()
    assert notifier.watchdog_seconds is None


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "9" * 5000}, None),
        ({}, None),
    ],
)
def test_how_often_the_watchdog_wants_to_hear(
    environ: dict[str, str], seconds: float | None
) -> None:
    assert Notifier.from_environ(environ).watchdog_seconds == seconds
