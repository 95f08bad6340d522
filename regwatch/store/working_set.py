"""What of the outbox is not over, as it is known from the store: what waits, and what each receiver
was told (`hearing`). It is here that the outbox looks: it goes on while the store is away. Changed
only by what was stored, or will be.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import Table

from regwatch.core.model import Consequences, Timestamp
from regwatch.store.hearing import Hearing
from regwatch.store.rows import StoredEntry, entry_row
from regwatch.store.schema import outbox

MOST_REFUSED = 500
"""Refused messages of one receiver that are looked at together."""


class WorkingSet:
    """All receivers' messages that are not settled, with what receivers were told."""

    def __init__(self) -> None:
        self.next_id = 1
        """Of the next message: grows with each, over restarts."""
        self._waiting: dict[str, dict[int, StoredEntry]] = {}
        self._receivers: dict[int, str] = {}
        self._known: dict[str, Timestamp | None] = {}
        """Messages by their names, settled ones too, and when they were settled."""
        self.hearing = Hearing()

    # --- what is asked -----------------------------------------------------------------------

    def pending(self, receiver: str, *, limit: int) -> Sequence[StoredEntry]:
        """The oldest, oldest first; those refused besides."""
        mine = self._waiting.get(receiver, {})
        fresh = islice((e for e in mine.values() if e.refused_at is None), limit)
        refused = islice((e for e in mine.values() if e.refused_at is not None), MOST_REFUSED)
        return sorted((*fresh, *refused), key=lambda entry: entry.id)

    def backlog(self) -> Mapping[str, tuple[int, Timestamp]]:
        """By receiver: how many wait, and when the oldest was made."""
        return {
            receiver: (len(mine), min(entry.created_at for entry in mine.values()))
            for receiver, mine in self._waiting.items()
            if mine
        }

    # --- what is known from now on -----------------------------------------------------------

    def add(self, entry: StoredEntry) -> None:
        """It waits, if it was not stored before."""
        if entry.notification.id in self._known:
            return
        self._known[entry.notification.id] = None
        self._waiting.setdefault(entry.receiver, {})[entry.id] = entry
        self._receivers[entry.id] = entry.receiver
        self.next_id = max(self.next_id, entry.id + 1)

    def recall(self, notification_id: str, settled_at: Timestamp) -> None:
        """It was stored once, and is over."""
        self._known[notification_id] = settled_at

    def change(self, ids: Iterable[int], values: Mapping[str, Any]) -> None:
        """These columns of these are so now; what is settled waits no more."""
        settled_at = values.get("settled_at")
        for entry in self._found(ids):
            if settled_at is not None:
                self._settle(entry, settled_at)
            else:
                changed = {name: value for name, value in values.items() if name != "error"}
                self._waiting[entry.receiver][entry.id] = replace(entry, **changed)

    def follow(self, that: Consequences) -> None:
        """What the end of messages means for those to come, and for others that wait."""
        self.hearing.follow(that)
        for entry in self._found(that.left):
            said = replace(entry, notification=that.left[entry.id])
            self._waiting[entry.receiver][entry.id] = said

    def forget_receivers(self, known: Collection[str], *, at: Timestamp) -> None:
        """What waits for others, and what they are owed, is over."""
        gone = [mine for receiver, mine in self._waiting.items() if receiver not in known]
        for entry in [entry for mine in gone for entry in mine.values()]:
            self._settle(entry, at)
        self.hearing.forget_receivers(known)

    def forget_old(self, *, before: Timestamp) -> None:
        """Messages settled before then may come again."""
        known = self._known.items()
        self._known = {name: at for name, at in known if at is None or at >= before}

    # --- to be stored again ------------------------------------------------------------------

    def rows(self) -> Iterator[tuple[Table, Iterable[Mapping[str, Any]]]]:
        """All of it, by table."""
        yield outbox, (entry_row(each) for mine in self._waiting.values() for each in mine.values())
        yield from self.hearing.rows()

    def _found(self, ids: Iterable[int]) -> Iterator[StoredEntry]:
        for entry_id in ids:
            receiver = self._receivers.get(entry_id)
            if receiver is not None:  # else it was settled before
                yield self._waiting[receiver][entry_id]

    def _settle(self, entry: StoredEntry, at: Timestamp) -> None:
        del self._waiting[entry.receiver][entry.id]
        del self._receivers[entry.id]
        self._known[entry.notification.id] = at
