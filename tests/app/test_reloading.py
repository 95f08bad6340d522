"""What a reload brings, and what it cannot break."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from types import MethodType
from typing import Any

import aiohttp
from structlog.testing import capture_logs

from regwatch.app.daemon import Daemon
from regwatch.app.parts import Parts
from regwatch.app.reloading import Reloader
from regwatch.config import Config, load_config
from regwatch.core.model import Incident
from regwatch.store import StoreUnavailableError

SECRET = "hunter2-3f9a61c04be2"
LONG_SECRET = SECRET * 20
PATIENCE = 60.0
CONFIG = """\
accounts:
  - {{name: acme, url: 'http://127.0.0.1:1', extensions: {{ids: [1], discover: false}}, {account}}}
http: {{listen: '127.0.0.1:0'{http}}}
storage: {{url: 'sqlite:///{folder}/regwatch.db'}}
{extra}
"""
SOUND = {"account": "access_token: t0ken", "http": "", "extra": ""}
MAIL = """\
receivers:
  - {{name: mail, email: {{host: 127.0.0.1, from: a@example.com, to: [b@example.com],
     ca_file: {0}}}}}
routes: [{{receivers: [mail]}}]
"""


def write(folder: Path, **parts: str) -> Path:
    file = folder / "regwatch.yml"
    file.write_text(CONFIG.format(folder=folder, **{**SOUND, **parts}), encoding="utf-8")
    return file


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Daemon]:
    """A daemon that watches one extension of a PBX that is not there."""
    file = write(folder)
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


def files(folder: Path) -> None:
    """What the bad configurations name."""
    (folder / "folder").mkdir()
    (folder / "words").write_text("no certificate", encoding="utf-8")
    (folder / "web.yml").write_text("tls_server_config: {cert_file: gone, key_file: gone}\n")
    (folder / "odd.yml").write_text("basic_auth_users: {? [a]: b}\n")


BAD: Mapping[str, tuple[dict[str, str], str]] = {
    "authorities that are not there": ({"account": "access_token: a, ca_file: nope.pem"}, "nope"),
    "authorities that are a folder": (
        {"account": "access_token: a, ca_file: folder"},
        "it is a directory",
    ),
    "authorities that are none": (
        {"account": "access_token: a, ca_file: words"},
        "holds no certificates in PEM",
    ),
    "authorities with a name that is too long": (
        {"account": f"access_token: a, ca_file: {'c' * 300}"},
        "file name too long",
    ),
    "authorities with a name that is none": (
        {"account": 'access_token: a, ca_file: "a\\0b"'},
        "holds a character that is none",
    ),
    "a name with half a character": (
        {"account": 'access_token: a, ca_file: "a\\ud800b"'},
        "holds a character that is none",
    ),
    "a receiver's authorities": ({"extra": MAIL.format("nope.pem")}, "receivers[0].email.ca_file"),
    "a long secret in place of its file": (
        {"account": f"access_token_file: {LONG_SECRET}"},
        "accounts[0].access_token_file: cannot be read: file name too long",
    ),
    "a short secret in place of its file": (
        {"account": f"access_token_file: {SECRET}"},
        "accounts[0].access_token_file: there is no such file",
    ),
    "a secret like a path in place of its file": (
        {"account": f"access_token_file: '{SECRET}/{SECRET}'"},
        "there is no such file",
    ),
    "a folder in place of a secret's file": (
        {"account": "access_token_file: folder"},
        "there is no such file",
    ),
    "a secret's file with a name that is none": (
        {"account": 'access_token_file: "a\\0b"'},
        "holds a character that is none",
    ),
    "templates in a folder that is none": ({"extra": 'templates: "a\\0b"\n'}, "character"),
    "templates that are a file": ({"extra": "templates: words\n"}, "not a directory"),
    "a web config file that is not there": ({"http": ", web_config_file: nope.yml"}, "nope.yml"),
    "a web config file that is a folder": ({"http": ", web_config_file: folder"}, "directory"),
    "a web config file whose certificate is gone": (
        {"http": ", web_config_file: web.yml"},
        "cannot be read",
    ),
    "a web config file of another kind": (
        {"http": ", web_config_file: odd.yml"},
        "holds what cannot be read",
    ),
}


async def test_no_bad_configuration_changes_anything(tmp_path: Path) -> None:
    files(tmp_path)
    answers: dict[str, str] = {}
    with capture_logs() as logs:
        async with running(tmp_path) as daemon:
            before = daemon.begun.view.accounts()
            for name, (parts, _) in BAD.items():
                write(tmp_path, **parts)
                answers[name] = "\n".join(await daemon.reload())
                assert await metric(daemon) == "0.0", name
                assert daemon.begun.view.accounts() == before, f"{name}: stopped for nothing"
            write(tmp_path)
            assert await daemon.reload() == []
            assert await metric(daemon) == "1.0"
    assert [name for name, (_, words) in BAD.items() if words not in answers[name]] == []
    assert said(logs) == ["config_not_reloaded"] * len(BAD) + ["config_reloaded"]
    assert SECRET not in repr(logs)
    assert SECRET not in repr(answers)


def said(logs: list[Any]) -> list[str]:
    return [line["event"] for line in logs if "reload" in line["event"]]


def vanish(file: Path) -> None:
    file.unlink()


def become_a_folder(file: Path) -> None:
    file.unlink(missing_ok=True)
    file.mkdir()


def become_noise(file: Path) -> None:
    file.write_bytes(b"accounts: \xff\xfe\0")


async def test_a_file_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        before = daemon.begun.view.accounts()
        for spoil in (vanish, become_noise, become_a_folder):
            spoil(tmp_path / "regwatch.yml")
            (problem,) = await daemon.reload()
            assert "regwatch.yml" in problem
            assert await metric(daemon) == "0.0"
            assert daemon.begun.view.accounts() == before


async def test_a_good_one_is_in_force_when_the_reload_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        write(tmp_path, extra="sites: [{name: riga, extensions: ['1']}]\n")
        before = daemon.begun.view.accounts()
        assert await daemon.reload() == []
        assert daemon.begun.view.accounts() != before
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://{daemon.address}/-/reload") as response,
        ):
            assert (response.status, await metric(daemon)) == (200, "1.0")


async def test_a_database_that_another_process_holds_locked_changes_nothing(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as daemon:
        before = daemon.begun.view.accounts()
        with closing(sqlite3.connect(tmp_path / "regwatch.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            write(tmp_path, account="access_token: another")
            assert await daemon.reload() == ["database is locked"]
            assert await metric(daemon) == "0.0"
            assert daemon.begun.view.accounts() == before
        assert await daemon.reload() == []
        assert await metric(daemon) == "1.0"


async def test_a_bug_met_by_a_reload_changes_nothing_and_quotes_nothing(tmp_path: Path) -> None:
    def buggy(_config: Config) -> Parts:
        raise RuntimeError(SECRET)

    with capture_logs() as logs:
        async with running(tmp_path) as daemon:
            before = daemon.begun.view.accounts()
            daemon.begun.reloader._parts_of = buggy
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

    async def slow(self: Reloader) -> tuple[Config, Parts]:
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
            write(tmp_path, extra="log: {level: debug}\nmetrics: {per_extension: false}\n")
            assert await daemon.reload() == []
    needed = [line["section"] for line in logs if line["event"] == "restart_needed"]
    assert needed == ["log"]
