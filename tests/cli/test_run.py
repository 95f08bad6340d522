"""`regwatch run`: what a signal does, and with which status it ends."""

import asyncio
import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes.commands import config, regwatch
from fakes.daemon import daemon
from fakes.patience import PATIENCE

from regwatch.app.daemon import Daemon, StartError, UnusableError
from regwatch.cli.run import EarlyHangup, _reload_on, _run
from regwatch.core.bugs import Where
from regwatch.guard import Bugs
from regwatch.store import Store


@pytest.fixture
def hangups() -> Iterator[None]:
    """Afterwards, they do again what they did."""
    former = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, former)


@pytest.mark.usefixtures("hangups")
def test_a_hangup_before_the_loop_runs_is_kept() -> None:
    early = EarlyHangup()
    assert not early.came
    os.kill(os.getpid(), signal.SIGHUP)
    assert early.came


class Unable(Daemon):
    """It cannot start, and looks whether a hangup waits to be heard."""

    def __init__(self, error: StartError) -> None:
        self.error = error
        self.started = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        raise self.error


@pytest.mark.usefixtures("hangups")
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StartError("an address in use"), 1),
        (UnusableError("a newer database", "a forbidden port"), 2),
    ],
)
async def test_how_it_ends_where_it_cannot_start(
    error: StartError, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    early = EarlyHangup()
    early.came = True
    with pytest.raises(SystemExit) as ended:
        await _run(Unable(error), early, asyncio.Event())
    assert ended.value.code == status
    assert capsys.readouterr().err.splitlines() == [f"regwatch: {each}" for each in error.problems]


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
async def test_run_names_all_that_only_a_person_can_mend_and_what_else_is_in_the_way(
    tmp_path: Path,
) -> None:
    with closing(sqlite3.connect(tmp_path / "r.db")) as database, database:
        database.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
        database.execute("INSERT INTO schema_version VALUES (99)")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        extra = f"storage: {{url: 'sqlite:///{tmp_path}/r.db'}}\nhttp: {{listen: '{listen}'}}\n"
        result = await regwatch("run", "-c", config(tmp_path, "https://pbx.example.com", extra))
    newer, address = result.err.splitlines()
    assert result.status == 2
    assert "schema version 99, this regwatch knows up to" in newer
    assert address == f"regwatch: cannot listen on {listen}: address already in use"


@pytest.mark.e2e
async def test_a_storm_of_hangups_is_few_reloads_and_none_of_them_ends_it(tmp_path: Path) -> None:
    async with daemon(tmp_path, pbx="http://127.0.0.1:1", hook="http://127.0.0.1:1") as it:
        assert it.process is not None
        it.config.write_text(it.config.read_text().replace("format: json", "format: journal"))
        for _ in range(100):
            it.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(PATIENCE):
            while "config_reloaded" not in it.log.read_text():
                await asyncio.sleep(0.05)
        it.process.send_signal(signal.SIGHUP)
        assert await it.stop() == 0
    log = it.log.read_text()
    # One under way and one after it, if they come within one; a slow machine takes longer for 100.
    assert 1 <= log.count("config_reloaded") <= 20
    assert "<6>config_reloaded file=" in log, "how it is logged changes too"


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
