"""The wall clock was set: whatever stands by it is moved along, so that what was a minute ago still
is, and a lease goes on for as long as it did.

Which fields of a value are points in time, its annotations tell: a new one is moved by itself. What
is held in a class stands in no annotation: each has a `clock_set` of its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import cache, partial
from itertools import islice
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.model import Answer, BatchAnswer, Now, Timestamp

PIECE = 200
"""Values moved in one go: a few milliseconds, whatever they hold."""

K = TypeVar("K")
V = TypeVar("V")
Move = Callable[[Any, float], Any]


def moved(value: V, by: float) -> V:
    """The value, as it is by a clock that was set forward by so many seconds. A struct that can be
    changed is changed, and is the same as before.
    """
    kind: Any = type(value)
    move = move_of(kind)
    return value if move is None or not by else move(value, by)


def move_all(held: MutableMapping[K, V], of: object, by: float) -> Iterator[None]:
    """Move the values of a mapping where they stand, in pieces; `of`: what they are."""
    move = move_of(of)
    if move is None:
        raise TypeError(f"no points in time are held in {of}")
    for piece in pieces(tuple(held)):
        for key in piece:
            held[key] = move(held[key], by)
        yield


def pieces(items: Iterable[V]) -> Iterator[Sequence[V]]:
    """As many of them as are moved in one go."""
    left = iter(items)
    while piece := tuple(islice(left, PIECE)):
        yield piece


def answers_by_now(batch: BatchAnswer, by: float, *, asked: Now, now: Now) -> BatchAnswer:
    """A poll during which the clock was set forward by so many seconds. What was stamped before
    that lies, by the present setting, outside the time that the poll took.
    """

    def of_now(answer: Answer) -> Answer:
        at = now.instant_of(answer.answered_at)
        return answer if asked.steady <= at <= now.steady else moved(answer, by)

    return replace(batch, answers={i: of_now(answer) for i, answer in batch.answers.items()})


def back_to(now: Timestamp, times: Iterable[Timestamp | None]) -> float:
    """By how much to move what another setting of the clock stamped, so that the latest of these
    times is the present one; 0: none of them is in the future.
    """
    latest = max((at for at in times if at is not None), default=now)
    return min(0.0, now - latest)


@cache
def move_of(kind: Any) -> Move | None:
    """How a value of this annotation is moved; None: there is no point in time in it."""
    if kind is Timestamp:
        return _later
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _move_of_choice(get_args(kind))
    if origin is tuple:
        return _move_of_tuple(get_args(kind))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        of_key, of_value = map(move_of, get_args(kind))
        if of_key is not None:
            raise TypeError(f"a point in time as a key cannot be moved: {kind}")
        return of_value and partial(_mapping, of_value)
    if isinstance(origin, type) and issubclass(origin, Iterable):
        (of_each,) = map(move_of, get_args(kind))
        return of_each and partial(_each, of_each)
    is_struct = isinstance(kind, type) and issubclass(kind, Struct)
    return _move_of_struct(kind) if is_struct else None


def _move_of_struct(kind: type[Struct]) -> Move | None:
    hints = get_type_hints(kind)
    found = {name: move_of(hints[name]) for name in kind.__struct_fields__}
    moves = {name: move for name, move in found.items() if move is not None}
    if not moves:
        return None
    return partial(_struct if kind.__struct_config__.frozen else _changed_struct, moves)


def _move_of_choice(kinds: Sequence[Any]) -> Move | None:
    moves = {kind: move_of(kind) for kind in kinds if kind is not NoneType}
    if not any(moves.values()):
        return None
    if len(moves) > 1:
        raise TypeError(f"cannot tell which of these it is: {kinds}")
    (move,) = moves.values()
    return move and partial(_if_any, move)


def _move_of_tuple(kinds: Sequence[Any]) -> Move | None:
    if kinds[-1] is Ellipsis:
        of_each = move_of(kinds[0])
        return of_each and partial(_each, of_each)
    moves = tuple(map(move_of, kinds))
    return partial(_row, moves) if any(moves) else None


def _later(at: float, by: float) -> float:
    return at + by


def _if_any(move: Move, value: Any, by: float) -> Any:
    return None if value is None else move(value, by)


def _each(move: Move, values: Iterable[Any], by: float) -> Any:
    return tuple(move(value, by) for value in values) if values else values


def _row(moves: Sequence[Move | None], values: Sequence[Any], by: float) -> tuple[Any, ...]:
    pairs = zip(moves, values, strict=True)
    return tuple(value if move is None else move(value, by) for move, value in pairs)


def _mapping(move: Move, values: Mapping[Any, Any], by: float) -> Mapping[Any, Any]:
    return {key: move(value, by) for key, value in values.items()} if values else values


def _struct(moves: Mapping[str, Move], value: Struct, by: float) -> Struct:
    return replace(value, **{name: move(getattr(value, name), by) for name, move in moves.items()})


def _changed_struct(moves: Mapping[str, Move], value: Struct, by: float) -> Struct:
    for name, move in moves.items():
        setattr(value, name, move(getattr(value, name), by))
    return value
