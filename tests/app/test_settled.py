"""The garbage collector and what a daemon knows of its extensions."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.daemon import CONFIG, PATIENCE, free_port

from regwatch.app.daemon import Daemon
from regwatch.app.settled import freeze, release
from regwatch.config import load_config
from regwatch.simulator import Simulator, SimulatorSettings
from regwatch.watcher.watcher import Stage


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Other tests are to have their garbage collected."""
    yield
    gc.unfreeze()


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.self = self


def test_what_is_frozen_is_given_back_once_it_is_released() -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    freeze(Stage.RESTORED)
    del ring
    gc.collect()
    assert gone() is not None
    release()
    assert gone() is None
    assert gc.get_freeze_count() > 0, "what stays is not walked over again"


async def test_a_running_daemon_has_frozen_what_it_knows_and_after_a_reload_too(
    tmp_path: Path,
) -> None:
    calm = SimulatorSettings(extensions=40, leases="3600", quota=1_000_000, calm=True)
    file, listen = tmp_path / "regwatch.yml", f"127.0.0.1:{free_port()}"
    more = {"interval": "1s", "batch_size": 50, "receivers": "", "names": "hook", "extra": ""}
    async with Simulator(calm).serving() as pbx, asyncio.timeout(PATIENCE):
        told = {"hook": "http://127.0.0.1:9/", "listen": listen, "state": tmp_path}
        file.write_text(CONFIG.format(pbx=pbx.url, **told, **more), encoding="utf-8")
        daemon = Daemon(file, load_config(file, environ={}), environ={})
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run(stop))
            await daemon.started.wait()
            await _frozen(daemon)
            (account,) = daemon.begun.engine.parts.accounts
            former = weakref.ref(account._current.watcher)
            del account
            file.write_text(file.read_text().replace("interval: 1s", "interval: 2s"))
            assert await daemon.reload() == []
            while former() is not None:
                await asyncio.sleep(0.01)
            await _frozen(daemon)
            stop.set()


async def _frozen(daemon: Daemon) -> None:
    """Wait until all its extensions were asked for, and frozen."""
    while not all(a.watched() and a.first_sweep_done for a in daemon.begun.view.accounts()):
        await asyncio.sleep(0.01)
    assert gc.get_freeze_count() > len(daemon.begun.view.accounts()[0].watched())
