"""What cannot be stored at all is given up alone; what cannot be stored now is kept."""

import asyncio

from fakes.values import at
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.history import Happening, Kind
from regwatch.core.model import ExtensionId
from regwatch.store import StoreError, StoreRefusedError, StoreUnavailableError
from regwatch.watcher.unsaved import Saved, Unsaved, save_what_can_be


def line(number: int) -> Happening:
    return Happening(at=at(number), kind=Kind.SILENCE, event=f"e{number}", text="")


def things(part: Unsaved) -> list[object]:
    return [*part.touched, *part.removed, *(h.event for h in part.happenings)]


class Scripted:
    """A store that refuses some things for good, and is full after so many transactions."""

    def __init__(self, bad: set[object], full_after: int = 10_000) -> None:
        self.bad = bad
        self.left = full_after
        self.stored: list[object] = []
        self.given_up: list[object] = []
        self.asked = 0

    async def save(self, part: Unsaved) -> None:
        self.asked += 1
        if not self.left:
            raise StoreUnavailableError("disk full")
        if not self.bad.isdisjoint(things(part)):
            raise StoreRefusedError("half a character")
        self.left -= 1
        self.stored += things(part)

    def give_up(self, part: Unsaved, _error: StoreError) -> None:
        self.given_up += things(part)


def saving(unsaved: Unsaved, store: Scripted) -> Saved:
    return asyncio.run(save_what_can_be(unsaved, store.save, store.give_up))


UNSAVED = st.builds(
    lambda touched, removed, events: Unsaved(
        tuple(map(ExtensionId, touched)),
        tuple(ExtensionId(1000 + n) for n in removed),
        happenings=tuple(map(line, events)),
    ),
    st.sets(st.integers(0, 99), max_size=9),
    st.sets(st.integers(0, 99), max_size=3),
    st.sets(st.integers(0, 99), max_size=9),
).filter(lambda unsaved: not unsaved.is_empty)


@given(st.data(), UNSAVED)
def test_all_is_stored_but_what_is_refused(data: st.DataObject, unsaved: Unsaved) -> None:
    bad = data.draw(st.sets(st.sampled_from(things(unsaved)), max_size=3))
    store = Scripted(bad)
    saved = saving(unsaved, store)
    assert set(store.given_up) == bad
    assert sorted(map(str, store.stored)) == sorted(map(str, set(things(unsaved)) - bad))
    assert (saved.left, saved.error) == ([], None) or not saved.left
    assert store.asked <= 1 + 2 * 3 * 5 * max(1, len(bad)), "it is searched for by halves"


@given(st.data(), UNSAVED, st.integers(0, 5))
def test_a_full_disk_loses_nothing(data: st.DataObject, unsaved: Unsaved, full: int) -> None:
    bad = data.draw(st.sets(st.sampled_from(things(unsaved)), max_size=2))
    store = Scripted(bad, full)
    saved = saving(unsaved, store)
    left = [thing for part in saved.left for thing in things(part)]
    everything = [*store.stored, *store.given_up, *left]
    assert sorted(map(str, everything)) == sorted(map(str, things(unsaved)))
    assert (saved.error is not None) is bool(saved.left)


class Buggy(Scripted):
    """In place of a refusal it meets a bug."""

    async def save(self, part: Unsaved) -> None:
        try:
            await super().save(part)
        except StoreRefusedError as error:
            raise KeyError("a bug") from error


def test_one_thing_in_which_a_bug_is_met_is_given_up_alone() -> None:
    store = Buggy({3})
    saved = saving(Unsaved(tuple(map(ExtensionId, range(9)))), store)
    assert (store.given_up, sorted(map(int, store.stored))) == ([3], [0, 1, 2, 4, 5, 6, 7, 8])  # type: ignore[call-overload]
    assert saved.error is None


def test_where_a_bug_is_met_by_whatever_is_stored_all_is_kept() -> None:
    class Broken(Scripted):
        async def save(self, part: Unsaved) -> None:
            raise KeyError("a bug")

    unsaved = Unsaved(tuple(map(ExtensionId, range(9))))
    store = Broken(set())
    saved = saving(unsaved, store)
    assert saved.left == [unsaved]
    assert isinstance(saved.error, KeyError)
    assert store.given_up == []
