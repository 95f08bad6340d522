"""The socket of this machine: who may open it, what stands in its way."""

import socket
import stat
from pathlib import Path

import aiohttp
import pytest
from fakes.web import FakeDaemon, FakeOperations, instruments

from regwatch.web.listener import ListenError, listen
from regwatch.web.local import LocalSocketError, bound
from regwatch.web.server import build_app


def test_the_group_may_open_it_and_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "regwatch.sock"
    with bound(path, backlog=1):
        assert stat.filemode(path.stat().st_mode) == "srw-rw----"


def test_one_that_was_left_behind_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "regwatch.sock"
    bound(path, backlog=1).close()
    assert path.exists(), "as after kill -9"
    with bound(path, backlog=1), socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(path))


def test_one_at_which_a_daemon_answers_is_not(tmp_path: Path) -> None:
    path = tmp_path / "regwatch.sock"
    with bound(path, backlog=1):
        with pytest.raises(LocalSocketError, match="another daemon answers there") as raised:
            bound(path, backlog=1)
        assert raised.value.may_pass


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "regwatch.sock"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(LocalSocketError, match="there is something else"):
        bound(path, backlog=1)
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["no/such/folder", "x" * 200])
def test_a_path_that_cannot_be_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(LocalSocketError, match="cannot listen on"):
        bound(tmp_path / name, backlog=1)


async def test_who_comes_through_it_may_write_and_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "regwatch.sock"
    reloads = []

    async def reload() -> list[str]:
        reloads.append(1)
        return []

    app = build_app(
        FakeDaemon(),
        instruments(),
        reload=reload,
        clock=lambda: 0.0,  # type: ignore[arg-type,return-value]
        operations=FakeOperations(),
    )
    listener = await listen(app, "127.0.0.1:0", local=path)
    connector = aiohttp.UnixConnector(str(path))
    async with aiohttp.ClientSession("http://localhost", connector=connector) as session:
        async with session.post("/-/reload") as answer:
            assert answer.status == 200
        for _ in range(150):
            async with session.get("/api/v1/silences") as answer:
                assert answer.status == 200
    await listener.close()
    listener.leave()
    assert (reloads, path.exists()) == ([1], False)


async def test_a_daemon_whose_socket_cannot_be_says_so(tmp_path: Path) -> None:
    app = build_app(FakeDaemon(), instruments(), reload=list, clock=lambda: 0.0)  # type: ignore[arg-type,return-value]
    with pytest.raises(ListenError, match=r"cannot listen on .*no/such"):
        await listen(app, "127.0.0.1:0", local=tmp_path / "no/such")
