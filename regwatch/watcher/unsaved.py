"""What of an account is not stored yet, and how to store of it what can be stored at all.

One value that no database takes must not keep the others from being stored: what is refused is
taken apart, down to the one thing that is at fault, which is given up.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from regwatch.core.history import Happening
from regwatch.core.model import ExtensionId, Incident
from regwatch.store.errors import StoreError, StoreRefusedError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Things to store, in one transaction if all are sound."""

    touched: Sequence[ExtensionId] = ()
    removed: Sequence[ExtensionId] = ()
    incidents: Sequence[Incident] = ()
    happenings: Sequence[Happening] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.touched or self.removed or self.incidents or self.happenings)

    def parts(self) -> Sequence["Unsaved"]:
        """In smaller pieces, none of them empty; nothing, if it is a single thing."""
        kinds = {name: things for name, things in self._kinds() if things}
        if len(kinds) > 1:
            return [replace(NOTHING, **{name: things}) for name, things in kinds.items()]
        ((name, things),) = kinds.items()
        half = len(things) // 2
        pieces = (things[:half], things[half:]) if half else ()
        return [replace(NOTHING, **{name: piece}) for piece in pieces]

    def without(self, left: "Unsaved") -> "Unsaved":
        """All but that."""
        return Unsaved(
            _but(self.touched, left.touched),
            _but(self.removed, left.removed),
            _but(self.incidents, left.incidents),
            _but(self.happenings, left.happenings),
        )

    def _kinds(self) -> Iterator[tuple[str, Sequence[Any]]]:
        yield "touched", self.touched
        yield "removed", self.removed
        yield "incidents", self.incidents
        yield "happenings", self.happenings

    def __str__(self) -> str:
        """What it is about, for a log line."""
        ids = (*self.touched, *self.removed)
        named = [f"extension {i}" for i in ids] + [f"incident {i.id}" for i in self.incidents]
        return ", ".join([*named, *(f"history: {each.event}" for each in self.happenings)])


NOTHING = Unsaved()


def _but(things: Sequence[T], left: Sequence[T]) -> Sequence[T]:
    spared = set(map(id, left))
    return [each for each in things if id(each) not in spared] if left else things


@dataclass(frozen=True, slots=True)
class Saved:
    """How it went."""

    incidents: Sequence[Incident]
    """Those stored."""
    left: Sequence[Unsaved] = ()
    """What could not be stored now, in order."""
    error: Exception | None = None
    """Why, if something is left."""


async def save_what_can_be(
    unsaved: Unsaved,
    save: Callable[[Unsaved], Awaitable[None]],
    give_up: Callable[[Unsaved, Exception], None],
) -> Saved:
    """Store it, or all of it that the store does not refuse for good; raises nothing."""
    waiting, stored = [unsaved], list[Incident]()
    while waiting:
        part = waiting.pop(0)
        try:
            await save(part)
        except Exception as error:  # noqa: BLE001 - a guard: a bug met by one thing is a refusal
            if await _is_of_the_store(error, save):
                return Saved(stored, [part, *waiting], error)
            waiting[:0] = _taken_apart(part, error, give_up)
        else:
            stored += part.incidents
    return Saved(stored)


def _taken_apart(
    part: Unsaved, error: Exception, give_up: Callable[[Unsaved, Exception], None]
) -> Sequence[Unsaved]:
    pieces = part.parts()
    if not pieces:
        give_up(part, error)
    return pieces


async def _is_of_the_store(error: Exception, save: Callable[[Unsaved], Awaitable[None]]) -> bool:
    """Whether it is not what was to be stored that is at fault: then nothing can be stored now."""
    if isinstance(error, StoreError):
        return not isinstance(error, StoreRefusedError)
    try:
        await save(NOTHING)
    except Exception:  # noqa: BLE001 - it is judged, and kept
        return True
    return False
