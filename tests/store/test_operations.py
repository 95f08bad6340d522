"""What people look up and ask for, against a real SQLite file."""

import sqlite3
from pathlib import Path

import pytest
from fakes.stored import TAKES_NOTHING, happening, incident, reopened
from fakes.values import ACME, at

from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Sought
from regwatch.core.matchers import Matchers
from regwatch.core.model import AccountName, ExtensionId, IncidentId
from regwatch.store import Store, StoreError


async def test_the_history_is_found_by_what_is_asked_latest_first(store: Store, file: Path) -> None:
    lines = [happening(n, extension=n % 3) for n in range(9)]
    await store.accounts.save(ACME, watched=(), happenings=lines)
    other = AccountName("other")
    await store.accounts.save(other, watched=(), happenings=[happening(20, account="other")])
    again = await reopened(store, file)

    async def found(**sought: object) -> list[float]:
        return [h.at - at(0) for h in await again.operations.history(Sought(**sought))]  # type: ignore[arg-type]

    assert await found() == [20, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert await found(limit=2) == [20, 8]
    assert await found(account=ACME, extension_id=ExtensionId(1)) == [7, 4, 1]
    assert await found(incident_id=IncidentId("i2")) == [8, 5, 2]
    assert await found(since=at(3), until=at(6)) == [5, 4, 3]
    await again.prune(before=at(8))
    assert await found() == [20, 8]
    await again.close()


async def test_an_incident_is_found_by_its_id(store: Store) -> None:
    await store.accounts.save(ACME, watched=(), incidents=[incident("i1")])
    found = await store.operations.incident(IncidentId("i1"))
    assert found is not None
    assert found.id == "i1"
    assert await store.operations.incident(IncidentId("none")) is None


async def test_incidents_are_found_by_how_their_ids_begin(store: Store) -> None:
    ids = ["a_1", "a_2", "ab3"]
    await store.accounts.save(ACME, watched=(), incidents=[incident(each) for each in ids])

    async def found(beginning: str, most: int = 9) -> list[str]:
        return [i.id for i in await store.operations.incidents_like(beginning, most=most)]

    assert await found("a_") == ["a_1", "a_2"], "what stands for any letter stands for itself"
    assert await found("a", most=2) == ["a_1", "a_2"]
    assert await found("b") == []


async def test_silences_survive_a_restart(store: Store, file: Path) -> None:
    made = Silence(
        id="ab12", matchers=Matchers.of({"site": ["riga", "t*"]}), starts_at=at(1),
        ends_at=at(9), author="anna", comment="router", created_at=at(1),
    )  # fmt: skip
    await store.operations.keep_silence(made, happening(1))
    await store.operations.keep_silence(made.ended(now=at(5)), happening(5))
    again = await reopened(store, file)
    assert list(await again.operations.silences()) == [made.ended(now=at(5))]
    assert len(await again.operations.history(Sought())) == 2
    await again.prune(before=at(6))
    assert list(await again.operations.silences()) == []
    await again.close()


async def test_a_silence_is_not_stored_without_its_line_in_the_history(
    store: Store, file: Path
) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(TAKES_NOTHING.format(table="history"))
    connection.close()
    made = Silence(
        id="ab12", matchers=Matchers.of({"site": "riga"}), starts_at=at(1),
        ends_at=at(9), author="anna", comment="router", created_at=at(1),
    )  # fmt: skip
    with pytest.raises(StoreError):
        await store.operations.keep_silence(made, happening(1))
    assert list(await store.operations.silences()) == []
