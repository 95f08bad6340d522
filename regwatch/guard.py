"""No loop ends unseen, and no bug is met in silence.

A `Guard` keeps one loop going: whatever ends it is said, counted, and it is begun again, ever more
slowly. `Bugs` says, counts and keeps what was set aside, for whoever asks how regwatch is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

import structlog

from regwatch.clock import Clock, wall_clock
from regwatch.core.bugs import Book, Setback, Where, why

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
"""Half of it, on average, is what a fault that has passed costs besides its own time."""
SETTLED_SECONDS = 60.0
"""Who lived for so long was well: what it dies of then is another fault, tried again soon."""
MOST_FRAMES = 50
"""Of a traceback: endless recursion has a thousand."""

log = structlog.get_logger(__name__)

T = TypeVar("T")


class StrayCancelError(Exception):
    """It was cancelled from inside, which nobody had asked for."""


class ReturnedError(Exception):
    """A loop that is to go on for ever came to its end."""


class Bugs:
    """All that were met in the life of a daemon. Whatever it is told, it raises nothing: who tells
    it is just surviving something.
    """

    def __init__(
        self, *, clock: Clock = wall_clock, count: Callable[[Where], None] = lambda _where: None
    ) -> None:
        self._clock = clock
        self._count = count
        self._book = Book()
        self._traced: set[str] = set()
        self._dead: dict[str, str] = {}

    def met(
        self, event: str, where: Where, what: str, error: BaseException, **fields: object
    ) -> None:
        """Say it: once, and again only if something else is the matter with the same thing."""
        with suppress(Exception):
            if self.note(where, what, error):
                log.error(event, **fields, why=why(error), **self.trace(error))

    def note(self, where: Where, what: str, error: BaseException) -> bool:
        """Count and keep it without a word; whether that is news of this thing."""
        self._count(where)
        return self._book.note(where, what, why(error), now=self._clock())

    def lost(self, where: Where, what: str, reason: str) -> None:
        """Count and keep what was given up, and said by whoever did so."""
        self._count(where)
        self._book.note(where, what, reason, now=self._clock())

    def trace(self, error: BaseException) -> dict[str, Any]:
        """For a log line: the traceback, if none of this place in the code stands there yet."""
        origin = why(error)
        if origin in self._traced:
            return {}
        self._traced.add(origin)
        return {"exc_info": error.with_traceback(_shortened(error.__traceback__))}

    def mended(self, where: Where, what: str) -> int:
        """It is well again; returns how often the bug was met."""
        known = self._book.mended(where, what)
        return known.times if known else 0

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        self._book.clock_set(by)

    # --- what is seen of it ----------------------------------------------------------------------

    def latest(self) -> Sequence[Setback]:
        """What was set aside last, the latest first; bounded."""
        return self._book.latest(now=self._clock())

    @property
    def kept(self) -> int:
        """How many things are set aside."""
        return self._book.count(now=self._clock())

    @property
    def trouble(self) -> str:
        """What a part died of that is not well again; empty if all live."""
        return next(iter(self._dead.values()), "")

    def died(self, name: str, words: str) -> None:
        """A loop waits to be begun again, or was begun just now."""
        self._dead[name] = words

    def lives(self, name: str) -> None:
        """It is well, or nobody wants it any more."""
        self._dead.pop(name, None)


class Guard:
    """Keeps one loop going; what it left half done must not matter: that is the loop's care."""

    def __init__(
        self,
        name: str,
        where: Where,
        bugs: Bugs,
        *,
        on_death: Callable[[], None] = lambda: None,
        no_bugs: tuple[type[Exception], ...] = (),
        longest_pause: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        """`on_death` hears of each death; `no_bugs`: what it may die of without anybody's fault;
        `longest_pause`: seconds.
        """
        self.name = name
        self.trouble = ""
        """What it died of, until it has lived as long as it was waited for."""
        self._where = where
        self.bugs = bugs
        self._on_death = on_death
        self._no_bugs = no_bugs
        self._longest_pause = longest_pause
        self._may_end = False
        self._deaths = 0

    def let_end(self) -> None:
        """It was asked to come to its end by itself."""
        self._may_end = True

    async def keep(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it until cancelled, or until it ends because it may."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                begun_at = loop.time()
                error = await self._death(work)
                if error is None:
                    return
                is_settled = loop.time() - begun_at >= SETTLED_SECONDS
                self._deaths = 1 if is_settled else self._deaths + 1
                is_wanted = not (self._may_end or _is_cancelled())
                self._note(error, at_stop=not is_wanted)
                if not is_wanted:  # it failed in its last deed
                    return
                await asyncio.sleep(self._pause)
        finally:
            self._forget()

    @property
    def _pause(self) -> float:
        return pause_after(self._deaths, longest=self._longest_pause)

    async def _death(self, work: Callable[[], Awaitable[None]]) -> BaseException | None:
        well = None
        if self.trouble:
            well = asyncio.get_running_loop().call_later(self._pause, self._recovered)
        try:
            await lived(work())
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the guard of all loops: the others go on
            return error
        finally:
            if well is not None:
                well.cancel()
        return None if self._may_end else ReturnedError()

    def _note(self, error: BaseException, *, at_stop: bool) -> None:
        """Whatever fails in here, such as for want of memory, the loop is begun again."""
        with suppress(Exception):
            if not at_stop:
                self.trouble = f"{self.name} died of {why(error)}"
                self.bugs.died(self.name, self.trouble)
            is_bug = not isinstance(error, self._no_bugs)
            is_news = self.bugs.note(self._where, self.name, error) if is_bug else self._deaths == 1
            if is_news or at_stop:
                trace = self.bugs.trace(error) if is_bug else {}
                log.error("part_died", part=self.name, why=why(error), at_stop=at_stop, **trace)
        if not at_stop:
            with suppress(Exception):
                self._on_death()

    def _recovered(self) -> None:
        self._forget()
        log.info("part_lives_again", part=self.name, deaths=self._deaths)

    def _forget(self) -> None:
        if self.trouble:
            self.trouble = ""
            self.bugs.lives(self.name)
            self.bugs.mended(self._where, self.name)


async def lived(work: Awaitable[T]) -> T:
    """What became of it, in a task of its own: so a cancel that comes from inside is told from one
    that was asked for, and raised as `StrayCancelError`. Each that was asked for is handed on: the
    second one cuts short what is done last.
    """
    task = asyncio.create_task(_awaited(work))  # noqa: TID251 - it is waited for, to its very end
    is_asked = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            is_asked = True
            task.cancel()
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error
    if is_asked:
        raise asyncio.CancelledError
    if task.cancelled():
        raise StrayCancelError
    return task.result()


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def pause_after(failures: int, *, longest: float = LONGEST_PAUSE_SECONDS) -> float:
    """Seconds until something is tried again, after so many failures in a row; `longest`: at most
    so many.
    """
    doublings = min(max(failures - 1, 0), 30)  # more would overflow a float after some weeks
    return min(longest, FIRST_PAUSE_SECONDS * 2.0**doublings)


def _shortened(trace: TracebackType | None) -> TracebackType | None:
    """Its last frames."""
    depth, each = 0, trace
    while each is not None:
        depth, each = depth + 1, each.tb_next
    for _ in range(depth - MOST_FRAMES):
        trace = trace.tb_next if trace else None
    return trace
