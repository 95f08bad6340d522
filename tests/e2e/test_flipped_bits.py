"""A database in which bits are flipped, as a dying disk or a bad memory leaves it: the daemon
begins with it all the same, tells nothing that is not so, and says what it forgot.
"""

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fakes.living import Living, living

from regwatch.core.model import ExtensionState

pytestmark = pytest.mark.looptime

OWN = {"RegwatchMemoryLost", "RegwatchStoreDamaged"}
LOST = 1


async def lived(folder: Path) -> bytes:
    """A database of a life in which a phone was lost, and told of."""
    async with living(folder) as it:
        await asyncio.sleep(60)
        it.lose(LOST)
        await it.hook.until(lambda sink: len(sink.of(LOST, "firing")) == 2)
        await it.other.until(lambda sink: len(sink.of(LOST, "firing")) == 2)
        await asyncio.sleep(400)
    with closing(sqlite3.connect(folder / "regwatch.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "regwatch.db").read_bytes()


def flipped(content: bytes, seed: int) -> bytes:
    """With 1 to 50 bits turned over."""
    choose, damaged = random.Random(seed), bytearray(content)
    for _ in range(1 + seed * 49 // 39):
        damaged[choose.randrange(len(damaged))] ^= 1 << choose.randrange(8)
    return bytes(damaged)


async def begin_with(folder: Path, content: bytes) -> tuple[list[str], bool]:
    """What the daemon told of itself, and whether it set the file aside."""
    for each in folder.iterdir():
        each.unlink()
    (folder / "regwatch.db").write_bytes(content)
    async with living(folder) as it:
        it.lose(LOST)
        await asyncio.sleep(90)
        assert all_answered(it)
        assert it.daemon.begun.around.bugs.trouble == ""
        told = [*it.hook.alerts, *it.other.alerts]
    for alert in told:
        of, name = alert["labels"].get("extension_id"), alert["labels"]["alertname"]
        assert name in OWN or (of, alert["status"]) == (str(LOST), "firing"), alert
    own = sorted({a["labels"]["alertname"] for a in told} & OWN)
    beside = (".reason", "-wal", "-shm")
    aside = [e for e in folder.glob("regwatch.db.corrupt-*") if not e.name.endswith(beside)]
    assert all(each.with_name(f"{each.name}.reason").exists() for each in aside)
    return own, bool(aside)


def all_answered(it: Living) -> bool:
    names = ("acme", "bolt")
    held = [it.account(name)._current.watcher.account.monitor.roster.by_id for name in names]
    states = [watched.state for by_id in held for watched in by_id.values()]
    return len(states) == 8 and states.count(ExtensionState.UNKNOWN) == 0


async def try_out(folder: Path, seeds: range) -> None:
    content = await lived(folder)
    own, is_aside = await begin_with(folder, content)
    assert (own, is_aside) == ([], False), "a sound one"
    found = [await begin_with(folder, flipped(content, seed)) for seed in seeds]
    print(f"{len(found)} databases of {len(content)} bytes: {sum(a for _, a in found)} set aside")
    assert all(own for own, is_aside in found if is_aside)


async def test_some_flipped_bits_are_survived_and_nothing_false_is_told(tmp_path: Path) -> None:
    await try_out(tmp_path, range(0, 40, 13))


@pytest.mark.long
@pytest.mark.by_hand
async def test_forty_databases_with_flipped_bits_are_survived(tmp_path: Path) -> None:
    await try_out(tmp_path, range(40))


async def test_a_database_that_is_damaged_while_running_costs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "regwatch.db"
    async with living(tmp_path) as it:
        await asyncio.sleep(60)
        it.lose(LOST)
        await it.hook.until(lambda sink: len(sink.of(LOST, "firing")) == 2)
        await asyncio.sleep(5)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damaged = bytearray(file.read_bytes())
        damaged[4096:] = b"\xff" * (len(damaged) - 4096)
        file.write_bytes(damaged)
        await it.daemon.begun.around.store._database.engine.dispose()
        it.lose(LOST, LOST + 1)
        await it.hook.until(lambda sink: len(sink.of(LOST + 1, "firing")) == 2)
        await asyncio.sleep(30)
        own = {alert["labels"]["alertname"] for alert in it.hook.alerts} & OWN
        assert own == {"RegwatchStoreDamaged"}
        assert it.daemon.begun.engine.store_problem == ""
    assert len(list(tmp_path.glob("*.reason"))) == 1
    async with living(tmp_path) as it:
        it.lose(LOST, LOST + 1)
        await asyncio.sleep(90)
        assert all_answered(it)
        assert it.hook.bodies == it.other.bodies == [], "all was stored again: nothing is news"
