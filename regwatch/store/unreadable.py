"""Rows that cannot be read any more: each costs itself, and no other. They are said and counted."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import structlog

from regwatch.store.sealed import UnreadableError, opened

T = TypeVar("T")
S = TypeVar("S")

log = structlog.get_logger(__name__)


class Unreadable:
    """Those of one database, since it was opened."""

    def __init__(self) -> None:
        self.count = 0
        """How often one was met, and not reported yet."""
        self._said: dict[str, tuple[int, str]] = {}

    def all_but(self, kind: type[T], stored: Iterable[Any]) -> list[T]:
        """The values of a column, but for those."""
        return self.all_made(kind, lambda each: opened(each, kind), stored)

    def all_made(self, kind: type, make: Callable[[S], T], rows: Iterable[S]) -> list[T]:
        """What is made of rows, but for those of which it raises `UnreadableError`."""
        made: list[T] = []
        errors: list[str] = []
        for row in rows:
            try:
                made.append(make(row))
            except UnreadableError as error:
                errors.append(str(error))
        self.note(kind, errors)
        return made

    def tried(self, kind: type, make: Callable[[S], T], row: S) -> T | None:
        """The same of one row; None if it is one."""
        return next(iter(self.all_made(kind, make, (row,))), None)

    def take_count(self) -> int:
        """How many there were since this was asked last."""
        count, self.count = self.count, 0
        return count

    def note_dropped(self, count: int) -> None:
        """So many rows were deleted: they held what no column of theirs may hold."""
        if count:
            self.count += count
            log.error("stored_rows_unfit", count=count)

    def note(self, kind: type, errors: list[str]) -> None:
        """So many were met in one go. What was said of a kind is not said again."""
        if not errors:
            return
        self.count += len(errors)
        news = len(errors), errors[0]
        if self._said.get(kind.__name__) != news:
            self._said[kind.__name__] = news
            log.error("stored_value_unreadable", kind=kind.__name__, count=news[0], error=news[1])
