"""The files of a database."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.values import START, at
from structlog.testing import capture_logs

from regwatch.store.files import MOST_ASIDE, make_private, set_aside


def rights(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    former = os.umask(request.param)
    yield
    os.umask(former)


@pytest.mark.usefixtures("umask")
def test_nobody_else_reads_them_whatever_the_umask_is(file: Path) -> None:
    beside = file.with_name("regwatch.db-wal")
    beside.touch()
    beside.chmod(0o644)
    make_private(file)
    assert (rights(file), rights(beside)) == ("0o600", "0o600")
    file.write_text("x")
    file.chmod(0o664)
    make_private(file)
    assert (rights(file), file.read_text()) == ("0o600", "x")


def test_all_of_a_database_goes_aside_with_the_reason(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).write_text(f"content{suffix}")
    aside = set_aside(file, "malformed", at=START)
    assert aside.path.name == "regwatch.db.corrupt-20270115T080000Z"
    names = sorted(each.name.removeprefix(aside.path.name) for each in file.parent.iterdir())
    assert names == ["", "-shm", "-wal", ".reason"]
    assert aside.path.read_text() == "content"
    reason = aside.path.with_name(f"{aside.path.name}.reason")
    assert "Reason: malformed" in reason.read_text()
    assert rights(reason) == "0o600"


def test_nothing_is_overwritten(file: Path) -> None:
    for content in ("one", "two"):
        file.write_text(content)
        set_aside(file, "malformed", at=START)
    kept = [
        each.read_text() for each in sorted(file.parent.glob("*Z*")) if each.suffix != ".reason"
    ]
    assert kept == ["one", "two"]


def test_of_many_the_latest_are_kept_and_it_is_said(file: Path) -> None:
    with capture_logs() as logs:
        for number in range(MOST_ASIDE + 2):
            file.write_text(str(number))
            aside = set_aside(file, "malformed", at=at(number))
            os.utime(aside.path, (number, number))
    kept = {each.read_text() for each in file.parent.glob("*Z")}
    assert kept == {"2", "3", "4", "5", "6"}
    assert [line["event"] for line in logs] == ["set_aside_removed"] * 2
    assert len(list(file.parent.glob("*.reason"))) == MOST_ASIDE


def test_without_room_for_the_reason_it_goes_aside_all_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    file.write_text("content")
    monkeypatch.setattr(Path, "write_text", full)
    with capture_logs() as logs:
        aside = set_aside(file, "malformed", at=START)
    assert aside.path.exists()
    assert [line["event"] for line in logs] == ["reason_not_written"]
