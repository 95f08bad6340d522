"""The service manager's watchdog: fed while polls turn, whatever else is wrong."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes.clocks import Clocks
from fakes.sink import Sink, sink
from sqlalchemy import event
from structlog.testing import capture_logs

from regwatch.app.daemon import Daemon
from regwatch.config import load_config
from regwatch.simulator import Control, Simulator, SimulatorSettings

pytestmark = pytest.mark.looptime

CALM = SimulatorSettings(extensions=40, seed=4, leases="3600", quota=1_000_000, calm=True)
WATCHDOG_SECONDS = 60
MINUTES = 60.0
CONFIG = """\
accounts:
  - {{name: acme, url: "{pbx}", client_id: demo, client_secret: demo-secret,
     polling: {{interval: 30s}}}}
receivers: [{{name: hook, webhook: {{url: "{hook}"}}}}]
routes: [{{receivers: [hook], group_by: [account, extension_id], group_wait: 0s}}]
http: {{listen: "127.0.0.1:0"}}
storage: {{url: "sqlite:///{folder}/regwatch.db"}}
"""


class Unwell(Daemon):
    """Its health is the worst, as long as it runs; that is not what the watchdog asks."""

    def fall_ill(self) -> None:
        self.begun.view.health_problem = lambda: "a receiver refuses"  # type: ignore[method-assign]

    def fill_the_disk(self) -> None:
        """Whatever needs another page fails from now on, on every connection."""

        def no_more_pages(connection: Any, *_: object) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA max_page_count=1")  # no less than there are
            cursor.close()

        engine = self.begun.around.store._database.engine
        event.listen(engine.sync_engine, "checkout", no_more_pages)


@contextmanager
def service_manager(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A socket to notify, and what comes there."""
    path, said = str(folder / "notify"), list[bytes]()
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.setblocking(False)
        listening.bind(path)
        loop.add_reader(listening, lambda: said.append(listening.recv(4096)))
        try:
            yield path, said
        finally:
            loop.remove_reader(listening)


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[tuple[Unwell, Control, Sink, list[bytes]]]:
    """A daemon under a service manager, with a PBX and a receiver, in virtual time."""
    clocks, stop = Clocks(), asyncio.Event()
    async with Simulator(CALM, clock=clocks.wall).serving() as pbx, sink() as hook:
        file = folder / "regwatch.yml"
        file.write_text(CONFIG.format(pbx=pbx.url, hook=hook.url, folder=folder))
        with service_manager(folder) as (path, said):
            environ = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1_000_000)}
            config = load_config(file, environ=environ)
            daemon = Unwell(file, config, environ=environ, clock=clocks.wall, steady=clocks.steady)
            async with asyncio.TaskGroup() as group:
                group.create_task(daemon.run(stop))
                await daemon.started.wait()
                yield daemon, pbx.control, hook, said
                stop.set()


async def test_neither_a_full_disk_nor_a_receiver_that_refuses_has_the_daemon_killed(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs:
        async with watched(tmp_path) as (daemon, pbx, hook, said):
            daemon.fall_ill()
            hook.status = 403
            await asyncio.sleep(35)
            first, *others = pbx.registered_ids()[::2]
            pbx.act(first, "unregister")
            await asyncio.sleep(95)
            daemon.fill_the_disk()
            for phone in others:
                pbx.act(phone, "unregister")
            said.clear()
            await asyncio.sleep(10 * MINUTES)
            pings = said.count(b"WATCHDOG=1")
    assert pings >= 10 * MINUTES / WATCHDOG_SECONDS
    events = {line["event"] for line in logs}
    assert "store_away" in events, "the disk was full"
    assert "notification_not_delivered" in events, "the receiver refused"


async def test_polls_that_stand_still_have_it_killed(tmp_path: Path) -> None:
    async with watched(tmp_path) as (daemon, _pbx, _hook, said):
        await asyncio.sleep(35)
        for account in daemon.begun.engine.parts.accounts:
            account._current.watcher.account.is_stalled = lambda *, now: True  # type: ignore[method-assign]
        said.clear()
        await asyncio.sleep(2 * MINUTES)
        assert b"WATCHDOG=1" not in said
        assert daemon.begun.view.live_problem() == "polling stands still for acme"
