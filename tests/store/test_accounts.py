"""An account's state against a real SQLite file."""

import sqlite3
from pathlib import Path

import pytest
from fakes.stored import incident, reopened, watched
from fakes.values import ACME, at

from regwatch.core.model import AccountName, ExtensionId, ExtensionState
from regwatch.store import Store, StoreRefusedError


async def test_an_accounts_state_comes_back_as_it_was(store: Store, file: Path) -> None:
    held = [(watched(1), b"remembered"), (watched(2), b"")]
    await store.accounts.save(ACME, watched=held, incidents=[incident()])
    again = await reopened(store, file)
    assert list((await again.accounts.load(ACME)).watched) == held
    assert list(await again.incidents.still_open()) == [incident()]
    await again.close()


async def test_a_later_state_replaces_the_earlier_one(store: Store) -> None:
    await store.accounts.save(ACME, watched=[(watched(1), b"old")])
    newer = watched(1)
    newer.state = ExtensionState.LOST
    await store.accounts.save(ACME, watched=[(newer, b"new")])
    assert list((await store.accounts.load(ACME)).watched) == [(newer, b"new")]


async def test_removed_extensions_are_forgotten(store: Store) -> None:
    await store.accounts.save(ACME, watched=[(watched(1), b""), (watched(2), b"")])
    await store.accounts.save(ACME, watched=[], removed=[ExtensionId(1)])
    assert [w.extension.id for w, _ in (await store.accounts.load(ACME)).watched] == [2]


async def test_accounts_do_not_see_each_other(store: Store) -> None:
    await store.accounts.save(ACME, watched=[(watched(1), b"")])
    assert list((await store.accounts.load(AccountName("other"))).watched) == []


async def test_a_value_that_cannot_be_read_is_left_out_not_fatal(store: Store, file: Path) -> None:
    await store.accounts.save(ACME, watched=[(watched(1), b""), (watched(2), b"")])
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE extensions SET watched = x'00' WHERE extension_id = 1")
    connection.close()
    assert [w.extension.id for w, _ in (await store.accounts.load(ACME)).watched] == [2]


async def test_an_extension_is_not_stored_without_its_incident(store: Store) -> None:
    with pytest.raises(StoreRefusedError):
        await store.accounts.save(
            ACME, watched=[(watched(1), b"")], incidents=[incident("i1"), incident("\udcff")]
        )
    assert list((await store.accounts.load(ACME)).watched) == []
    assert list(await store.incidents.still_open()) == []


async def test_who_went_unanswered_longest_comes_back_first(store: Store) -> None:
    held = [watched(number) for number in (1, 2, 3)]
    for each, when in zip(held, (30, 10, 20), strict=True):
        each.answered_at = at(when)
    await store.accounts.save(ACME, watched=[(each, b"") for each in held])
    assert [w.extension.id for w, _ in (await store.accounts.load(ACME)).watched] == [2, 3, 1]
