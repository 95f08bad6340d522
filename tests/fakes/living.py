"""A daemon in this process, on virtual time, with two accounts at PBXes that count what they are
asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiosqlite.core
from fakes.clocks import Clocks
from fakes.pbx import SECRET, FakePbx, info, serving
from fakes.sink import Sink, sink

from regwatch.app.daemon import Daemon
from regwatch.config import Config, load_config

CONFIG = """\
accounts:
  - name: acme
    url: "{acme}"
    client_id: demo
    client_secret: {secret}
    extensions: {{discover: {{every: 1h}}}}
    polling: {{interval: 10s{acme_polling}}}
  - name: bolt
    url: "{bolt}"
    client_id: demo
    client_secret: {secret}
    extensions: {{discover: {{every: 1h}}}}
    polling: {{interval: 10s{bolt_polling}}}
alerts: {{address_changed: false{alerts}}}
receivers:
  - {{name: hook, webhook: {{url: "{hook}"{hook_more}}}}}
  - {{name: other, webhook: {{url: "{other}"}}}}
routes:
  - {{receivers: [hook, other], group_by: [account, extension_id], group_wait: {group_wait},
     group_interval: 1m}}
http: {{listen: "127.0.0.1:0"}}
storage: {{url: "sqlite:///{folder}/regwatch.db"}}
{extra}
"""
SOUND = {
    "acme_polling": "",
    "bolt_polling": "",
    "alerts": "",
    "hook_more": "",
    "group_wait": "0s",
    "extra": "",
}


class AtOnce:
    """In place of the queue to the database's thread: what is put in is done. Virtual time would
    run ahead of a thread, by seconds each time."""

    def put_nowait(self, job: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, work = job
        try:
            result = work()
        except Exception as error:
            if future is not None:
                future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)


@contextmanager
def database_at_once() -> Iterator[None]:
    """As long as it holds, connections that are opened need no thread."""
    queue, worker = aiosqlite.core.SimpleQueue, aiosqlite.core._connection_worker_thread
    aiosqlite.core.SimpleQueue = AtOnce
    aiosqlite.core._connection_worker_thread = lambda _queue: None
    try:
        yield
    finally:
        aiosqlite.core.SimpleQueue = queue
        aiosqlite.core._connection_worker_thread = worker


async def at_once(read: Callable[[], Config]) -> Config:
    """In place of a thread, of which virtual time would run ahead."""
    return read()


@dataclass
class Living:
    """The daemon, what it asks and whom it tells."""

    file: Path
    daemon: Daemon
    acme: FakePbx
    bolt: FakePbx
    hook: Sink
    other: Sink
    places: dict[str, str]
    clocks: Clocks
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, **parts: str) -> None:
        write(self.file, self.places, **parts)

    async def reload(self, **parts: str) -> list[str]:
        """With another file."""
        self.write(**parts)
        return await self.daemon.reload()

    def account(self, name: str) -> Any:
        (found,) = [a for a in self.daemon.begun.engine.parts.accounts if a.settings.name == name]
        return found

    def lose(self, *ids: int) -> None:
        """These are registered no more, at both PBXes."""
        for pbx in (self.acme, self.bolt):
            pbx.answers = lambda i: info(i) if i not in ids else gone(i)


def gone(extension_id: int) -> dict[str, object]:
    return {"registered": False, "extension_id": extension_id, "registrations": []}


def fake_pbx(size: int = 4) -> FakePbx:
    pbx = FakePbx()
    pbx.extensions = [
        {"id": i, "name": f"000*10{i}", "type": "phone", "status": "active"}
        for i in range(1, size + 1)
    ]
    return pbx


def write(file: Path, places: dict[str, str], **parts: str) -> None:
    file.write_text(CONFIG.format(**places, **{**SOUND, **parts}), encoding="utf-8")


@asynccontextmanager
async def living(
    folder: Path,
    kind: type[Daemon] = Daemon,
    environ: Mapping[str, str] | None = None,
    **parts: str,
) -> AsyncIterator[Living]:
    """It has started; at the end it is stopped."""
    clocks = Clocks()
    async with AsyncExitStack() as stack:
        stack.enter_context(database_at_once())
        acme = await stack.enter_async_context(serving(fake_pbx()))
        bolt = await stack.enter_async_context(serving(fake_pbx()))
        hook, other = [await stack.enter_async_context(sink()) for _ in range(2)]
        places = {
            "acme": acme.url,
            "bolt": bolt.url,
            "hook": hook.url,
            "other": other.url,
            "folder": str(folder),
            "secret": SECRET,
        }
        file = folder / "regwatch.yml"
        write(file, places, **parts)
        config = load_config(file, environ={})
        daemon = kind(
            file,
            config,
            environ=environ or {},
            clock=clocks.wall,
            steady=clocks.steady,
            read=at_once,
        )
        made = Living(file, daemon, acme, bolt, hook, other, places, clocks)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(daemon.run(made.stop))
            await daemon.started.wait()
            try:
                yield made
            finally:
                made.stop.set()
                await running
