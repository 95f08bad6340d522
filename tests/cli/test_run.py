"""`regwatch run`: what a signal does, and with which status it ends."""

import asyncio
from pathlib import Path

import pytest
from fakes.commands import config, regwatch

from regwatch.cli.run import _reload_on
from regwatch.store import Store


class Starting:
    """A daemon that has not started, and counts its reloads."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.reloaded = asyncio.Event()

    async def reload(self) -> list[str]:
        assert self.started.is_set()
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


@pytest.mark.e2e
async def test_run_ends_with_2_on_a_bad_configuration_and_1_if_it_cannot_start(
    tmp_path: Path,
) -> None:
    missing = await regwatch("run", "-c", str(tmp_path / "nowhere.yml"))
    database = tmp_path / "regwatch.db"
    extra = f"storage: {{url: 'sqlite:///{database}'}}\nhttp: {{listen: '127.0.0.1:0'}}\n"
    file = config(tmp_path, "https://pbx.example.com", extra)
    store = await Store.open(f"sqlite:///{database}")
    second = await regwatch("run", "-c", file)
    await store.close()
    assert missing.status == 2
    assert second.status == 1
    assert f"{database} is in use by another regwatch" in second.err


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
