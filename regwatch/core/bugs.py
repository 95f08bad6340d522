"""Bugs of ours that were survived: where one may be met, and what was set aside because of it.

Of an error only its kind and its place in the code are kept: its words may quote a secret.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.clock_steps import moved
from regwatch.core.model import ExtensionId, Timestamp

KEPT_SECONDS = 86_400.0
"""What was not met again for so long, and is not known to be mended, is named no more."""
MOST_KEPT = 1000
"""One bug may be met by every extension there is; the oldest are let go."""
MOST_SHOWN = 20
PACKAGE = __file__.rpartition("/core/")[0]
"""The folder of all our own files."""

CANNOT_BE_STORED = "it can never be stored"
"""Why something was given up."""

T = TypeVar("T")
R = TypeVar("R")


class Where(StrEnum):
    """Where a bug was met; the metric label."""

    WATCH = "watch"
    """The loops of an account."""
    POLL = "poll"
    """One request to the PBX, or one list."""
    ANSWER = "answer"
    """One extension, by its answer or by how the PBX lists it."""
    INCIDENT = "incident"
    """One incident, or one place: it stays as it was."""
    MONITOR = "monitor"
    """A step of an account that concerns no single extension."""
    RESTORE = "restore"
    """Something stored that could not be taken up at a start."""
    LISTENER = "listener"
    """Who counts and logs what happens."""
    STATE = "state"
    """Something about an account can never be stored."""
    SELF_WATCH = "self_watch"
    """The watch over regwatch itself; or the same of what it found."""
    SILENCE = "silence"
    """One silence or maintenance window: it mutes nothing."""
    DISPATCH = "dispatch"
    """Who decides whom to tell; or one message, or one incident to be told."""
    OUTBOX = "outbox"
    """The loop of a receiver; or one message, that is lost so."""
    RECEIVER = "receiver"
    """One message that could not be put into a service's words: it counts as refused."""
    REPOST = "repost"
    HEARTBEAT = "heartbeat"
    RECORD = "record"
    """One answer is missing from the record that `--record` keeps."""
    STORE = "store"
    """The care for the store."""
    CLOCK = "clock"
    """Who looks whether the clock was set."""
    RELOAD = "reload"
    STATUS = "status"
    """What the service manager is told."""
    WATCHDOG = "watchdog"
    HTTP = "http"
    """One request, or one line of an answer."""
    PAGE = "page"
    """One part of the status page."""
    METRICS = "metrics"
    """One family, or one extension's series."""


class SetAside(Struct, frozen=True):
    """What a bug of ours kept from being taken in, so that the rest could be."""

    extension_id: ExtensionId | None
    """None: it concerns no single extension."""
    error: Exception
    where: Where = Where.MONITOR
    what: str = ""
    """Which one, if it is no extension."""


class Setback(Struct, frozen=True):
    """One thing that is set aside, or was lately."""

    where: Where
    what: str
    why: str
    since: Timestamp
    last_at: Timestamp
    times: int = 1


class Book:
    """What was set aside and is not known to be well again; bounded."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Where, str], Setback] = {}
        """The one met last stands last."""

    def note(self, where: Where, what: str, why: str, *, now: Timestamp) -> bool:
        """Once more; whether that is news."""
        self._forget(now)
        known = self._kept.pop((where, what), None)
        is_same = known is not None and known.why == why
        if known is None:
            entry = Setback(where, what, why, now, now)
        else:
            entry = replace(known, why=why, last_at=now, times=known.times + 1)
        self._kept[where, what] = entry
        if len(self._kept) > MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        return not is_same

    def mended(self, where: Where, what: str) -> Setback | None:
        """It is well again; returns what was kept of it."""
        return self._kept.pop((where, what), None)

    def latest(self, *, now: Timestamp) -> Sequence[Setback]:
        """The last `MOST_SHOWN`, the latest first."""
        self._forget(now)
        return list(self._kept.values())[: -MOST_SHOWN - 1 : -1]

    def count(self, *, now: Timestamp) -> int:
        """How many there are, up to `MOST_KEPT`."""
        self._forget(now)
        return len(self._kept)

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        self._kept = {key: moved(entry, by) for key, entry in self._kept.items()}

    def _forget(self, now: Timestamp) -> None:
        while self._kept:
            key, oldest = next(iter(self._kept.items()))
            if now - oldest.last_at < KEPT_SECONDS:
                return
            del self._kept[key]


def without_culprits(
    items: Sequence[T], attempt: Callable[[Sequence[T]], R]
) -> tuple[R, Sequence[tuple[T, Exception]]]:
    """What comes of all items with which it can be done, and those with which it cannot; raises
    what is raised without any.
    """
    try:
        return attempt(items), ()
    except Exception:  # noqa: BLE001 - the guard: whatever it was, it is looked for
        attempt(())
    found = list(_culprits(items, attempt))
    wrong = {id(item) for item, _ in found}
    return attempt([item for item in items if id(item) not in wrong]), found


def _culprits(
    items: Sequence[T], attempt: Callable[[Sequence[T]], object]
) -> Iterator[tuple[T, Exception]]:
    try:
        attempt(items)
    except Exception as error:  # noqa: BLE001 - as above
        half = len(items) // 2
        if half == 0:
            yield items[0], error
        else:
            yield from _culprits(items[:half], attempt)
            yield from _culprits(items[half:], attempt)


def why(error: BaseException) -> str:
    """Its kind, and where in our code it was met."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return f"{type(error).__name__}{place_of(error)}"


def place_of(error: BaseException) -> str:
    """The last of our own lines that an error came through, else the last line of all; empty if it
    was raised nowhere.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    own, last, trace = "", "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        last = f" at {file.rpartition('/')[2]}:{trace.tb_lineno}"
        own = last if file.startswith(PACKAGE) else own
        trace = trace.tb_next
    return own or last
