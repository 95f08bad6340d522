"""`python -m bench.writing`: how much is written for phones that are well, and refresh.

Bytes of the write-ahead log, by extension and hour, in virtual time: a reader that never lets go
keeps SQLite from beginning the log anew, so that its size is all that was ever written.
"""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from fakes.stored import url
from fakes.values import ACME, EVERY_ALERT, START

from regwatch.core.model import (
    Answer,
    BatchAnswer,
    Extension,
    ExtensionId,
    Instant,
    Registration,
    RegistrationId,
    Timestamp,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.sites import Sites
from regwatch.store import Store
from regwatch.watcher.keeper import Keeper

HOUR = 3600.0
BATCH = 50
LEASES = (None, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""In seconds; None: nothing ever changes but the time of the answer."""


class Phones:
    """That many, each with one registration, refreshed half-way, a little later each time."""

    def __init__(self, count: int, lease: float | None) -> None:
        self.ids = [ExtensionId(number) for number in range(1, count + 1)]
        self._lease = lease

    def batches(self, at: float) -> Iterator[BatchAnswer]:
        for start in range(0, len(self.ids), BATCH):
            asked = tuple(self.ids[start : start + BATCH])
            yield BatchAnswer(asked, {each: self._answer(each, at) for each in asked})

    def _answer(self, extension_id: ExtensionId, at: float) -> Answer:
        number = extension_id % 250
        device = Registration(
            RegistrationId(f"1a2b3c4d5e6f-{extension_id}@203.0.113.{number}"),
            "Yealink SIP-T46U 108.86.0.45",
            f"sip:203.0.113.{number}:5062",
            f"sip:{extension_id}@192.0.2.{number}:5062",
            self._lease_end(extension_id, at),
        )
        return Answer(extension_id, True, (device,), (), Timestamp(at))

    def _lease_end(self, extension_id: int, at: float) -> Timestamp:
        if self._lease is None:
            return Timestamp(START + 9e6)
        period = self._lease / 2
        began = START - period * (extension_id * 0.618 % 1)
        times = (at - began) // period
        wobble = (extension_id * 7919 + times * 104729) % 97 / 97 * 0.02 * period
        return Timestamp(began + times * period + wobble + self._lease)


async def written(count: int, lease: float | None, *, hours: int, interval: float) -> Sequence[int]:
    """Bytes of the log in each hour; the first one is that of the first answers and of learning."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "regwatch.db")
        store = await Store.open(url(file))
        reader = sqlite3.connect(file)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM extensions").fetchone()
        sizes = [
            0,
            *[size async for size in _live(store, file, Phones(count, lease), hours, interval)],
        ]
        reader.close()
        await store.close()
    return [after - before for before, after in pairwise(sizes)]


async def _live(
    store: Store, file: Path, phones: Phones, hours: int, interval: float
) -> AsyncIterator[int]:
    now = float(START)
    monitor = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites())
    keeper = Keeper(
        monitor,
        store.accounts,
        clock=lambda: Timestamp(now),
        steady=lambda: Instant(now),
        on_incidents=lambda _: None,
    )
    named = [Extension(each, f"000*{each}", f"Desk {each}") for each in phones.ids]
    await keeper.keep(monitor.watch(named, now=START))
    polls = len(phones.ids) / BATCH
    for _hour in range(hours):
        ends_at = now + HOUR
        while now < ends_at - 1e-6:
            for batch in phones.batches(now):
                now += interval / polls
                await keeper.keep(monitor.observe(batch, now=Timestamp(now)))
        yield file.with_name(file.name + "-wal").stat().st_size


def main(count: int, hours: int, interval: float) -> None:
    print("| lease | " + " | ".join(f"hour {n}" for n in range(1, hours + 1)) + " | by sweep |")
    print("|---" * (hours + 2) + "|")
    for lease in LEASES:
        found = asyncio.run(written(count, lease, hours=hours, interval=interval))
        each = [bytes_written / count for bytes_written in found]
        columns = " | ".join(f"{one:,.0f}" for one in each)
        print(f"| {lease} | {columns} | {each[-1] / (HOUR / interval):,.1f} |", flush=True)


if __name__ == "__main__":
    count, hours, interval = (sys.argv[1:] + ["2000", "2", "60"][len(sys.argv) - 1 :])[:3]
    main(int(count), int(hours), float(interval))
