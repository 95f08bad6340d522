"""`regwatch run`: what a signal does, and with which status it ends."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes.commands import config, regwatch

from regwatch.cli.run import _reload_on
from regwatch.core.bugs import Where
from regwatch.guard import Bugs


class Starting:
    """A daemon that has not started, and counts its reloads."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.reloaded = asyncio.Event()
        self.fails = 0
        self.begun = SimpleNamespace(around=SimpleNamespace(bugs=Bugs()))

    async def reload(self) -> list[str]:
        assert self.started.is_set()
        if self.fails:
            self.fails -= 1
            raise RuntimeError("a bug")
        self.reloaded.set()
        return []


async def test_a_hangup_during_the_start_is_heard_after_it() -> None:
    daemon, hangup = Starting(), asyncio.Event()
    hangup.set()
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(_reload_on(hangup, daemon))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        assert hangup.is_set()
        daemon.started.set()
        await daemon.reloaded.wait()
        listening.cancel()


@pytest.mark.looptime
async def test_a_hangup_that_met_a_bug_is_counted_and_the_next_one_is_heard() -> None:
    daemon, hangup = Starting(), asyncio.Event()
    daemon.started.set()
    daemon.fails = 1
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(_reload_on(hangup, daemon))  # type: ignore[arg-type]
        hangup.set()
        await asyncio.sleep(0.5)
        (met,) = daemon.begun.around.bugs.latest()
        assert (met.where, met.what) == (Where.RELOAD, "reloads at SIGHUP")
        hangup.set()
        await daemon.reloaded.wait()
        listening.cancel()


@pytest.mark.e2e
async def test_run_ends_with_2_on_a_bad_configuration_and_1_if_it_cannot_start(
    tmp_path: Path,
) -> None:
    missing = await regwatch("run", "-c", str(tmp_path / "nowhere.yml"))
    extra = "storage: {url: 'sqlite:////nowhere/at/all.db'}\nhttp: {listen: '127.0.0.1:0'}\n"
    file = config(tmp_path, "https://pbx.example.com", extra)
    unwritable = await regwatch("run", "-c", file)
    assert missing.status == 2
    assert unwritable.status == 1
    assert "cannot write to /nowhere/at: no such file or directory" in unwritable.err


@pytest.mark.e2e
async def test_run_names_the_address_that_is_taken(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    extra = f"storage: {{url: 'sqlite:///{tmp_path}/r.db'}}\nhttp: {{listen: '127.0.0.1:{port}'}}\n"
    result = await regwatch("run", "-c", config(tmp_path, "https://pbx.example.com", extra))
    server.close()
    await server.wait_closed()
    assert result.status == 1
    assert result.err == f"regwatch: cannot listen on 127.0.0.1:{port}: address already in use\n"
