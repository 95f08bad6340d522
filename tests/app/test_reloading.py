"""What a reload brings, and what it cannot break."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MethodType
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from fakes import bad_reloads
from fakes.bad_reloads import CASES
from fakes.daemon import free_port
from fakes.pbx import info
from fakes.simulated import LIST, MANY
from structlog.testing import capture_logs

from regwatch.app.daemon import Daemon
from regwatch.app.parts import Parts
from regwatch.app.reloading import Coming, Reloader
from regwatch.app.soundness import in_thread
from regwatch.config import Config, load_config
from regwatch.core.model import Incident
from regwatch.simulator import Simulator, SimulatorSettings
from regwatch.store import StoreUnavailableError

SECRET = "hunter2-3f9a61c04be2"
PATIENCE = 60.0
CONFIG = """\
accounts:
  - {{name: acme, url: 'http://127.0.0.1:1', extensions: {{ids: [1], discover: false}}, {account}}}
http: {{listen: '{listen}'{http}}}
storage: {{url: 'sqlite:///{folder}/regwatch.db'}}
{extra}
"""
LISTING = """\
accounts:
  - name: acme
    url: {pbx}
    client_id: demo
    client_secret: demo-secret
    polling: {{{polling}}}
    extensions: {{{extensions}}}
http: {{listen: '127.0.0.1:0'}}
storage: {{url: 'sqlite:///{folder}/regwatch.db'}}
"""
SOUND = {
    "account": "access_token: t0ken",
    "listen": "127.0.0.1:0",
    "http": ", api_token: t0ken",
    "extra": "",
}


def write(folder: Path, **parts: str) -> Path:
    file = folder / "regwatch.yml"
    file.write_text(CONFIG.format(folder=folder, **{**SOUND, **parts}), encoding="utf-8")
    return file


@asynccontextmanager
async def running(folder: Path, **parts: str) -> AsyncIterator[Daemon]:
    """A daemon that watches one extension of a PBX that is not there."""
    file = write(folder, **parts)
    daemon = Daemon(file, load_config(file, environ={}), environ={})
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group, asyncio.timeout(PATIENCE):
        running = group.create_task(daemon.run(stop))
        await daemon.started.wait()
        try:
            yield daemon
        finally:
            stop.set()
        await running


async def metric(daemon: Daemon) -> str:
    """Whether the last reload succeeded, as is scraped."""
    name = "regwatch_config_last_reload_successful "
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{daemon.address}/metrics") as response,
    ):
        lines = (await response.text()).splitlines()
    return next(line.removeprefix(name) for line in lines if line.startswith(name))


async def test_no_bad_configuration_or_environment_changes_anything(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """One daemon suffers them all; `make reliability-reloads` shows what it says."""
    assert len(CASES) >= 30
    with capture_logs() as logs:
        async with bad_reloads.running() as it:
            await it.polls(1)
            told = [await it.suffers(case) for case in CASES]
            it.pbx.answers = lambda i: bad_reloads.lost(i) if i == 2 else info(i)
            await it.hook.until(lambda hook: hook.of(2))
            assert await it.daemon.reload() == []
            assert it.metric == 1.0
            await it.polls(1)
            assert it.pbx.tokens_issued == 1, "nobody was begun anew"
    assert [t.case.name for t in told if not t.is_same] == []
    assert [t.case.name for t in told if t.metric != 0.0] == []
    assert [t.case.name for t in told if t.case.says not in "\n".join(t.problems)] == []
    assert [t.case.name for t in told if events(t.log) != ["config_not_reloaded"]] == []
    said = repr((logs, it.heard, told)) + "".join(capfd.readouterr())
    assert bad_reloads.SECRET not in said
    assert bad_reloads.NUMBER not in said


WRITES = {"Authorization": "Bearer t0ken"}


def events(logs: Sequence[Any]) -> list[str]:
    return [line["event"] for line in logs]


def said(logs: list[Any]) -> list[str]:
    return [line["event"] for line in logs if "reload" in line["event"]]


async def test_a_good_one_is_in_force_when_the_reload_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        write(tmp_path, extra="sites: [{name: riga, extensions: ['1']}]\n")
        before = daemon.begun.view.accounts()
        assert await daemon.reload() == []
        assert daemon.begun.view.accounts() != before
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://{daemon.address}/-/reload", headers=WRITES) as response,
        ):
            assert (response.status, await metric(daemon)) == (200, "1.0")


async def test_a_bug_met_by_a_reload_changes_nothing_and_quotes_nothing(tmp_path: Path) -> None:
    def buggy(_config: Config) -> Parts:
        raise RuntimeError(SECRET)

    with capture_logs() as logs:
        async with running(tmp_path) as daemon:
            before = daemon.begun.view.accounts()
            reloader = daemon.begun.reloader
            reloader._making = replace(reloader._making, parts=buggy)
            (problem,) = await daemon.reload()
            assert problem.startswith("a bug in regwatch: RuntimeError at reloading.py:")
            assert await metric(daemon) == "0.0"
            assert daemon.begun.view.accounts() == before
    assert SECRET not in repr(logs)


async def test_what_fails_in_the_swap_leaves_the_former_configuration_in_force(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs:
        async with running(tmp_path) as daemon:
            (before,) = daemon.begun.engine.parts.accounts
            write(tmp_path, account="access_token: another")
            with failing(daemon, times=1):
                assert await daemon.reload() == ["database is locked"]
            assert await metric(daemon) == "0.0"
            assert daemon.begun.engine.parts.accounts == [before]
            assert before._running.is_started, "it polls again"
            assert await daemon.reload() == [], "the next one is heard"
            assert daemon.begun.engine.parts.accounts != [before]
    assert said(logs) == ["config_not_reloaded", "config_reloaded"]


async def test_while_neither_configuration_can_begin_reloads_and_stops_are_heard(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs:
        async with running(tmp_path) as daemon:
            write(tmp_path, account="access_token: another")
            with failing(daemon, times=1_000):
                assert await daemon.reload() == ["database is locked"]
                while daemon.begun.view.health_problem() is None:
                    await asyncio.sleep(0.01)
                assert daemon.begun.view.live_problem() is None
                assert await daemon.reload() == ["database is locked"]
    assert "part_died" in [line["event"] for line in logs]
    assert logs[-1]["event"] == "stopped"


@contextmanager
def failing(daemon: Daemon, *, times: int) -> Iterator[None]:
    """So many times, nobody can read which incidents are open."""
    store = daemon.begun.around.store
    sound, left = store.incidents.open_incidents, times

    async def open_incidents() -> Sequence[Incident]:
        nonlocal left
        if left:
            left -= 1
            raise StoreUnavailableError("database is locked")
        return await sound()

    store.incidents.open_incidents = open_incidents  # type: ignore[method-assign]
    yield


async def test_a_reload_after_the_stop_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        pass
    assert await daemon.reload() == ["regwatch is stopping"]


async def test_a_reload_that_a_stop_overtakes_is_answered(tmp_path: Path) -> None:
    tried_out = asyncio.Event()

    async def slow(self: Reloader) -> Coming:
        made = await Reloader._try_out(self)
        tried_out.set()
        await self._is_over.wait()
        return made

    async with asyncio.TaskGroup() as group, running(tmp_path) as daemon:
        daemon.begun.reloader._try_out = MethodType(slow, daemon.begun.reloader)  # type: ignore[method-assign]
        reloading = group.create_task(daemon.reload())
        await tried_out.wait()
    assert reloading.result() == ["regwatch is stopping"]


async def test_what_only_a_restart_can_change_is_said(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with running(tmp_path) as daemon:
            heard: list[Config] = []
            daemon.begun.reloader.on_config = heard.append
            write(tmp_path, extra="log: {level: debug}\nmetrics: {per_extension: false}\n")
            assert await daemon.reload() == []
            assert heard[0].log.level == "debug"
            file = tmp_path / "regwatch.yml"
            file.write_text(file.read_text().replace("regwatch.db", "another.db"))
            assert await daemon.reload() == []
    needed = [line["section"] for line in logs if line["event"] == "restart_needed"]
    assert needed == ["storage"]


async def test_many_reloads_at_once_are_two(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        loads = counted(daemon)
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(daemon.reload()) for _ in range(100)]
        assert [task.result() for task in asked] == [[]] * 100
        assert len(loads) <= 2
        assert await daemon.reload() == []
        assert len(loads) <= 3


async def test_who_asks_while_one_is_under_way_gets_what_is_read_after_that(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon, asyncio.TaskGroup() as group:
        reloader = daemon.begun.reloader
        async with reloader._reloading:
            first = group.create_task(daemon.reload())
            await asyncio.sleep(0)
            second = group.create_task(daemon.reload())
            await asyncio.sleep(0)
            write(tmp_path, extra="nonsense: 1\n")
        assert await first == await second
        assert "nonsense" in (await first)[0]


async def test_one_that_is_cut_off_answers_those_who_waited_for_it(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon, asyncio.TaskGroup() as group:
        async with daemon.begun.reloader._reloading:
            first = group.create_task(daemon.reload())
            await asyncio.sleep(0)
            second = group.create_task(daemon.reload())
            await asyncio.sleep(0)
            first.cancel()
        assert await second == ["the reload was cut off"]
        assert await daemon.reload() == []


def counted(daemon: Daemon) -> list[None]:
    """One for each time that the configuration is read from now on."""
    reloader, loads = daemon.begun.reloader, []

    async def read(work: Callable[[], Config]) -> Config:
        loads.append(None)
        return await in_thread(work)

    reloader._file = replace(reloader._file, read=read)
    return loads


async def test_a_store_that_is_known_to_be_away_is_no_reason(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        reloader = daemon.begun.reloader

        async def away() -> None:
            raise StoreUnavailableError("disk full")

        daemon.begun.around.store.check_writable = away  # type: ignore[method-assign]
        assert await daemon.reload() == ["disk full"]
        reloader._is_store_away = lambda: True
        assert await daemon.reload() == []


# --- where it listens ------------------------------------------------------------


async def get(address: object, path: str, token: str = "") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"http://{address}{path}") as response,
    ):
        return response.status


async def refuses(address: object) -> None:
    """Wait until nobody listens there any more."""
    with suppress(aiohttp.ClientConnectionError):
        while True:
            await get(address, "/-/healthy")
            await asyncio.sleep(0.01)


async def test_another_address_is_taken_and_the_reload_is_answered_at_the_former(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as daemon:
        former = daemon.address
        write(tmp_path, listen=f"127.0.0.1:{free_port()}")
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://{former}/-/reload", headers=WRITES) as response,
        ):
            assert response.status == 200
        assert daemon.address != former
        assert await metric(daemon) == "1.0"
        await refuses(former)


async def test_all_interfaces_in_place_of_loopback_on_the_same_port(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        assert daemon.address is not None
        port = daemon.address.port
        for listen in (f"0.0.0.0:{port}", f"127.0.0.1:{port}"):
            write(tmp_path, listen=listen)
            assert await daemon.reload() == []
            assert str(daemon.address) == listen
            while daemon.begun.http._former:
                await asyncio.sleep(0.01)
            assert await get(f"127.0.0.1:{port}", "/-/live") == 200


async def test_another_token_is_in_force_at_the_same_address(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        address = daemon.address
        write(tmp_path, http=", api_token: another")
        assert await get(address, "/api/v1/silences", "another") == 401
        assert await daemon.reload() == []
        assert daemon.address == address
        while daemon.begun.http._former:
            await asyncio.sleep(0.01)
        assert await get(address, "/api/v1/silences", "another") == 200


async def test_what_fails_in_the_swap_leaves_nobody_at_the_new_address(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        former, port = daemon.address, free_port()
        write(tmp_path, account="access_token: another", listen=f"127.0.0.1:{port}")
        with failing(daemon, times=1):
            assert await daemon.reload() == ["database is locked"]
        assert daemon.address == former
        assert await get(former, "/-/live") == 200
        await refuses(f"127.0.0.1:{port}")


async def test_what_is_taken_back_is_the_address_too(tmp_path: Path) -> None:
    former = f"127.0.0.1:{free_port()}"
    with capture_logs() as logs:
        async with running(tmp_path, listen=former) as daemon:
            write(tmp_path, account="access_token: another", listen=f"127.0.0.1:{free_port()}")
            assert await daemon.reload() == []
            await refuses(former)
            (account,) = daemon.begun.engine.parts.accounts
            daemon.begun.engine.exchange.died(account)
            while str(daemon.address) != former:
                await asyncio.sleep(0.01)
            assert await metric(daemon) == "0.0"
    assert "former_config_not_taken_up" not in events(logs)


async def test_if_the_former_address_was_taken_meanwhile_all_else_comes_back(
    tmp_path: Path,
) -> None:
    former = f"127.0.0.1:{free_port()}"
    with capture_logs() as logs:
        async with running(tmp_path, listen=former) as daemon:
            config = daemon.begun.reloader.config
            write(tmp_path, account="access_token: another", listen=f"127.0.0.1:{free_port()}")
            assert await daemon.reload() == []
            await refuses(former)
            with socket.create_server(("127.0.0.1", int(former.rpartition(":")[2]))):
                (account,) = daemon.begun.engine.parts.accounts
                daemon.begun.engine.exchange.died(account)
                while daemon.begun.reloader.config is not config:
                    await asyncio.sleep(0.01)
            assert await metric(daemon) == "0.0"
    assert "former_config_not_taken_up" in events(logs)


# --- the list of extensions ----------------------------------------------------------------------


class CountingSimulator(Simulator):
    """Counts what is asked for, by path."""

    def __init__(self, settings: SimulatorSettings) -> None:
        super().__init__(settings)
        self.asked: Counter[str] = Counter()

    @web.middleware
    async def _delayed(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked[request.path] += 1
        return await super()._delayed(request, handler)


async def test_a_changed_account_reads_no_list_that_is_fresh(tmp_path: Path) -> None:
    pbx = CountingSimulator(SimulatorSettings(extensions=40, calm=True, quota=1_000_000))
    async with pbx.serving() as served, listing_daemon(tmp_path, served.url) as daemon:
        await until_swept(daemon)
        pages = pbx.asked[LIST]
        for change in ("interval: 2s", "interval: 2s, batch_size: 7"):
            asked = pbx.asked[MANY]
            write_listing(tmp_path, served.url, polling=change)
            assert await daemon.reload() == []
            await until_swept(daemon)
            assert pbx.asked[MANY] > asked, "it was begun anew"
        write_listing(tmp_path, served.url, extensions='exclude: ["000*100"]')
        assert await daemon.reload() == []
        await until_swept(daemon)
        assert pbx.asked[LIST] == pages > 0
        write_listing(tmp_path, served.url, extensions="discover: {type: null}")
        assert await daemon.reload() == []
        await until_swept(daemon)
        assert pbx.asked[LIST] > pages, "another list"


def write_listing(
    folder: Path, pbx: str, *, polling: str = "interval: 1s", extensions: str = "discover: {}"
) -> Path:
    file = folder / "regwatch.yml"
    file.write_text(LISTING.format(folder=folder, pbx=pbx, polling=polling, extensions=extensions))
    return file


@asynccontextmanager
async def listing_daemon(folder: Path, pbx: str) -> AsyncIterator[Daemon]:
    file = write_listing(folder, pbx)
    daemon = Daemon(file, load_config(file, environ={}), environ={})
    stop = asyncio.Event()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(daemon.run(stop))
        await daemon.started.wait()
        try:
            yield daemon
        finally:
            stop.set()


async def until_swept(daemon: Daemon) -> None:
    while not all(each.first_sweep_done for each in daemon.begun.view.accounts()):
        await asyncio.sleep(0.01)
