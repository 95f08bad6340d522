"""An account's state against a real SQLite file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fakes.stored import incident, reopened, url, watched
from fakes.values import ACME, at

from regwatch.core.model import AccountName, ExtensionId, ExtensionState
from regwatch.core.phones.answer_times import AnswerTime
from regwatch.store import Store, StoreRefusedError
from regwatch.store.rows import CHUNK


async def test_an_accounts_state_comes_back_as_it_was(store: Store, file: Path) -> None:
    held = [(watched(1), b"remembered"), (watched(2), b"")]
    await store.accounts.save(ACME, watched=held, incidents=[incident()])
    again = await reopened(store, file)
    assert list((await again.accounts.load(ACME)).watched) == held
    assert list(await again.incidents.open_incidents()) == [incident()]
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
    assert list(await store.incidents.open_incidents()) == []


async def test_who_went_unanswered_longest_comes_back_first(store: Store) -> None:
    held = [watched(number) for number in (1, 2, 3)]
    for each, when in zip(held, (30, 10, 20), strict=True):
        each.answered_at = at(when)
    await store.accounts.save(ACME, watched=[(each, b"") for each in held])
    assert [w.extension.id for w, _ in (await store.accounts.load(ACME)).watched] == [2, 3, 1]


# --- times of answers -------------------------------------------------------------------------


def time(number: int, when: float) -> AnswerTime:
    return AnswerTime(ExtensionId(number), at(when), (at(600),))


async def test_times_come_back_for_rows_that_are_older(store: Store, file: Path) -> None:
    await store.accounts.save(ACME, watched=[(watched(n), b"") for n in (1, 2, 3)])
    await store.accounts.save_times(ACME, [[time(1, 30), time(2, 10)], [time(3, 20)]])
    await store.accounts.save(ACME, watched=[(watched(2), b"newer")])
    again = await reopened(store, file)
    found = await again.accounts.load(ACME)
    assert found.times == {1: time(1, 30), 3: time(3, 20)}
    assert [w.extension.id for w, _ in found.watched] == [2, 3, 1], "longest unanswered first"
    await again.accounts.save(ACME, watched=[(watched(3), b"newer still")])
    assert (await again.accounts.load(ACME)).times == {1: time(1, 30)}
    await again.close()


async def test_it_is_not_the_clock_that_tells_which_is_newer(store: Store) -> None:
    await store.accounts.save_times(ACME, [[time(1, 3600)]])
    set_back = watched(1)
    set_back.answered_at = at(5)
    await store.accounts.save(ACME, watched=[(set_back, b"")])
    assert (await store.accounts.load(ACME)).times == {}


async def test_times_replace_all_that_were_stored_before(store: Store, file: Path) -> None:
    await store.accounts.save(ACME, watched=[(watched(1), b"")])
    await store.accounts.save_times(ACME, [[time(1, 10)], [time(2, 10)]])
    await store.accounts.save_times(AccountName("other"), [[time(1, 11)]])
    await store.accounts.save_times(ACME, [[time(2, 20)]])
    assert (await store.accounts.load(ACME)).times == {}
    await store.close()
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT account, number FROM answer_times").fetchall()
    connection.close()
    assert sorted(rows) == [("acme", 0), ("other", 0)]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE answer_times SET times = x'00'", id="another value"),
        pytest.param("UPDATE answer_times SET times = 'text'", id="another type"),
        pytest.param("UPDATE answer_times SET revision = 'text'", id="no revision"),
        pytest.param("UPDATE extensions SET revision = 9e18", id="a row that is newer than any"),
        pytest.param("UPDATE extensions SET revision = -5", id="a row without revision"),
        pytest.param("DELETE FROM answer_times", id="none at all"),
    ],
)
async def test_without_sound_times_the_rows_stand_for_themselves(
    store: Store, file: Path, damage: str
) -> None:
    await store.accounts.save(ACME, watched=[(watched(1), b"")])
    await store.accounts.save_times(ACME, [[time(1, 30)]])
    await store.close()
    with sqlite3.connect(file) as connection:
        connection.execute(damage)
    connection.close()
    again = await Store.open(url(file))
    found = await again.accounts.load(ACME)
    assert (list(found.watched), found.times) == ([(watched(1), b"")], {})
    await again.accounts.save(ACME, watched=[(watched(1), b"")])
    await again.accounts.save_times(ACME, [[time(1, 40)]])
    assert (await again.accounts.load(ACME)).times == {1: time(1, 40)}
    await again.close()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("SET watched = 'text'", id="text for bytes"),
        pytest.param("SET watched = 7", id="a number for bytes"),
        pytest.param("SET watched = x'a2fffe'", id="half a character"),
        pytest.param("SET extension_id = 7", id="the row of another"),
    ],
)
async def test_a_row_that_cannot_be_read_costs_itself_alone(
    store: Store, file: Path, damage: str
) -> None:
    await store.accounts.save(ACME, watched=[(watched(n), b"m") for n in (1, 2, 3)])
    await store.close()
    with sqlite3.connect(file) as connection:
        connection.execute(f"UPDATE extensions {damage} WHERE extension_id = 1")
        connection.execute("UPDATE extensions SET memory = x'c100' WHERE extension_id = 2")
    connection.close()
    again = await Store.open(url(file))
    assert list((await again.accounts.load(ACME)).watched) == [
        (watched(2), b""),
        (watched(3), b"m"),
    ]
    assert again.take_unreadable() == 2
    await again.close()


async def test_more_extensions_than_are_read_at_once_come_back(store: Store) -> None:
    held = [(watched(number), b"") for number in range(1, CHUNK + 3)]
    await store.accounts.save(ACME, watched=held)
    assert len((await store.accounts.load(ACME)).watched) == len(held)


async def test_the_times_of_thousands_take_less_than_ten_bytes_each(
    store: Store, file: Path
) -> None:
    pieces = [[time(number, number // 50 * 0.7) for number in range(1, 4001)]]
    await store.accounts.save_times(ACME, pieces)
    with closing(sqlite3.connect(file)) as reader:  # as long as it reads, the log only grows
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM answer_times").fetchone()
        log = file.with_name("regwatch.db-wal")
        before = log.stat().st_size
        await store.accounts.save_times(ACME, pieces)
        assert log.stat().st_size - before < 10 * 4000
