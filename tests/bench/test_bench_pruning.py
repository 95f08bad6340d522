"""How long others wait while the history is pruned: against one statement, which is what it was."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from fakes.stored import happening, url
from fakes.values import ACME, at

from regwatch.store import Store
from regwatch.store.writer import Work

pytestmark = pytest.mark.bench

LINES = 40_000
SHARE = 0.2
"""Of the one statement's time; for half a million lines it is far less."""


async def filled(file: Path) -> None:
    store = await Store.open(url(file))
    lines = [happening(n, extension=n * 7919 % 10_000) for n in range(LINES)]
    await store.accounts.save(ACME, watched=(), happenings=lines)
    await store.close()


async def holds_of(file: Path) -> Sequence[float]:
    """Seconds that each transaction took."""
    store = await Store.open(url(file))
    holds: list[float] = []
    transact = store._database._transact

    async def timed(works: Sequence[Work]) -> None:
        begun_at = time.perf_counter()
        await transact(works)
        holds.append(time.perf_counter() - begun_at)

    store._database.writer.work_for(timed)
    while await store.prune(before=at(10 * LINES)):
        pass
    await store.close()
    return sorted(holds)


def in_one_statement(file: Path) -> float:
    """With a condition: without one, SQLite only lets go of the table."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        begun_at = time.perf_counter()
        connection.execute("DELETE FROM history WHERE at < ?", (at(10 * LINES),))
        connection.commit()
        return time.perf_counter() - begun_at


def test_nobody_waits_long_while_old_lines_are_pruned(tmp_path: Path) -> None:
    file, copy = tmp_path / "regwatch.db", tmp_path / "copy.db"
    asyncio.run(filled(file))
    shutil.copy(file, copy)
    whole, holds = in_one_statement(copy), asyncio.run(holds_of(file))
    usual, worst = holds[len(holds) // 2], holds[int(len(holds) * 0.99)]
    print(f"\n{LINES} lines: {whole:.2f} s in one statement; in {len(holds)} pieces of", end=" ")
    print(f"{usual * 1000:.0f} ms, 99 % of them below {worst * 1000:.0f} ms")
    assert usual < SHARE * whole
