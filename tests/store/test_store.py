"""All parts of the store together, against a real SQLite file."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from fakes.stored import incident, notification, told, url, watched
from fakes.values import ACME, at

from regwatch.store import Store, StoreRefusedError

HALF = "half a character: \udcff"


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda s: s.outbox.mark_given_up([1], at=at(1), error=HALF), id="an error"),
        pytest.param(
            lambda s: s.accounts.save(ACME, watched=[], incidents=[incident(HALF)]), id="incident"
        ),
        pytest.param(lambda s: s.accounts.save(HALF, watched=[(watched(1), b"")]), id="a key"),
        pytest.param(
            lambda s: s.accounts.save(ACME, watched=[(watched(2**63), b"")]), id="a large number"
        ),
        pytest.param(lambda s: s.outbox.enqueue(notification(receiver=HALF), []), id="message"),
        pytest.param(
            lambda s: s.outbox.enqueue(notification(), [told(receiver=HALF)]), id="who was told"
        ),
        pytest.param(
            lambda s: s.outbox.forward([notification(HALF)], receiver="chat"), id="a copy"
        ),
        pytest.param(lambda s: s.memos.remember("chat", "group", HALF, at=at(1)), id="a memo"),
        pytest.param(lambda s: s.memos.remember("chat", "group", None, at=at(1)), id="nothing"),
        pytest.param(lambda s: s.memos.remember("chat", "group", object(), at=at(1)), id="no text"),
    ],
)
async def test_what_no_database_takes_is_refused_for_good_and_whole(store: Store, write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StoreRefusedError):
        await write(store)
    assert not (await store.accounts.load(ACME)).watched
    assert not await store.outbox.pending("chat", limit=10)
    await store.accounts.save(ACME, watched=[(watched(1), b"")])


async def test_a_writer_killed_at_any_moment_leaves_a_whole_store(file: Path) -> None:
    """Each message in the outbox has its incident and its log row, over five kills."""
    for round_ in range(5):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).parent / "writer.py"),
            url(file),
            str(round_),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        for _ in range(3 + 4 * round_):
            assert await process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        store = await Store.open(url(file))
        incidents = {i.id for i in await store.incidents.still_open()}
        rows = {row.incident_id for row in await store.outbox.notified()}
        messages = await store.outbox.pending("chat", limit=100_000)
        assert {item.incident.id for m in messages for item in m.notification.items} == rows
        assert rows <= incidents
        assert messages
        await store.close()
