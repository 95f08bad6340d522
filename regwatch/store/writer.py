"""One writer for all: whoever has something to store hands it over, and waits until it is stored.

* What must not be late goes first, in a transaction of its own: incidents and messages before what
  was merely answered. What waits meanwhile goes together, in one commit.
* The store is *away* from the first write that fails, or that takes too long, until one succeeds;
  it is tried again ever more slowly. Meanwhile nobody waits: what is *lasting* (messages and what
  came of them) stays here, in order, and holds at once all the same; what else is handed over is
  refused, and brought again by whoever holds it.
* A piece of work is done once, or not at all, however often it is tried; one that can never be
  done is found among those it was tried with, and fails alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from regwatch import guard
from regwatch.store.errors import StoreError, StoreRefusedError, StoreUnavailableError

PATIENCE_SECONDS = 5.0
"""A write that takes longer is waited for by nobody: alerts go out unsaved."""
LONGEST_PAUSE_SECONDS = 30.0
"""Between two attempts while the store is away."""
MOST_TOGETHER = 100
"""Pieces of work in one transaction."""
CLOSE_SECONDS = 5.0
"""At a stop, for what is still to be stored."""
CUT_OFF_SECONDS = 1.0

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[None]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told how writing goes."""

    written: Callable[[float], None] = lambda _seconds: None
    """A transaction came to its end, well or not, after so many seconds."""
    turned: Callable[[str], None] = lambda _problem: None
    """The store is away, and why; or empty: it is back."""
    bug_met: Callable[[Exception], None] = lambda _error: None
    """In the writer itself, which goes on."""


class WithdrawnError(Exception):
    """Whoever handed over a piece of work does not wait for it any more: it is left out."""


@dataclass(eq=False, slots=True)
class Piece:
    """Something to be stored."""

    work: Work
    then: Callable[[], None] | None = None
    """Called once, when it is stored or the store is away; None: it is not lasting."""
    over: Callable[[], None] = lambda: None
    """Called once, when it is stored or known never to be; may not raise."""
    done: asyncio.Future[bool] = field(default_factory=asyncio.Future)
    """Whether it is stored; or why it is not."""
    is_withdrawn: bool = False

    @property
    def is_lasting(self) -> bool:
        """Whether it is kept here until it is stored."""
        return self.then is not None

    def succeed(self, *, stored: bool) -> None:
        """It holds from now on."""
        if self.done.done():
            return
        try:
            if self.then is not None:
                self.then()
        except Exception as error:  # noqa: BLE001 - a guard: the writer works for the others too
            self.fail(error)
        else:
            self.done.set_result(stored)

    def fail(self, error: Exception) -> None:
        """It never will."""
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # read here: whoever was cancelled does not
        elif self.is_lasting:
            log.error("store_work_lost", error=str(error))


class Writer:
    """Commits what is handed over. It has a task only while there is something to do: nobody who
    is cancelled takes the work of others along.
    """

    def __init__(
        self,
        transact: Callable[[Sequence[Work]], Coroutine[Any, Any, None]],
        probe: Work,
        *,
        stand_in_because: str = "",
    ) -> None:
        """`transact` does all of it in one transaction, or nothing; raises `StoreError`. `probe`:
        what fails as long as the store takes nothing. `stand_in_because`: why what is written does
        not survive the process; empty: it does.
        """
        self.listeners = Listeners()
        self.problem = stand_in_because
        """Why what is handed over is not stored; empty: it is."""
        self._transact = transact
        self._probe = probe
        self._is_stand_in = bool(stand_in_because)
        self._urgent: deque[Piece] = deque()
        self._later: deque[Piece] = deque()
        self._task: asyncio.Task[None] | None = None
        self._alone = 0
        """So many pieces are tried one by one: one of them cannot be stored."""
        self._failures = 0
        self._under_way: Sequence[Piece] = ()
        self._was_urgent = False
        self._is_closing = False
        self._wake = asyncio.Event()
        """Whether to try at once whether it is back."""

    def work_for(self, transact: Callable[[Sequence[Work]], Coroutine[Any, Any, None]]) -> None:
        """Another one does it from now on."""
        self._transact = transact

    # --- handing over ----------------------------------------------------------------------------

    async def write(self, work: Work, *, is_urgent: bool) -> None:
        """Store it, or raise `StoreError`: at once while the store is away."""
        if self._is_away:
            raise StoreUnavailableError(self.problem)
        await self._wait_for(Piece(work), self._urgent if is_urgent else self._later)

    async def try_now(self, work: Work) -> None:
        """The same, but away or not it is tried at once."""
        self._wake.set()
        await self._wait_for(Piece(work), self._urgent)

    async def _wait_for(self, piece: Piece, lane: deque[Piece]) -> None:
        self._hand_over(piece, lane)
        try:
            await asyncio.shield(piece.done)
        except asyncio.CancelledError:
            await self._end_of(piece)
            piece.done.result()

    async def _end_of(self, piece: Piece) -> None:
        """Of one whose asker is cancelled. If it is being stored at this moment, he must know
        whether it was, or would bring it again: he is cancelled with his next wait.
        """
        if piece in self._under_way:
            await asyncio.wait([piece.done], timeout=CUT_OFF_SECONDS)
        asker = asyncio.current_task()
        if not piece.done.done() or asker is None:
            piece.is_withdrawn = True
            raise asyncio.CancelledError
        asker.uncancel()
        asker.cancel()

    async def record(
        self, work: Work, then: Callable[[], None], *, over: Callable[[], None] = lambda: None
    ) -> bool:
        """Store it now or, if the store is away, as soon as it is back; whether it is stored.
        `then` is called in either case, and `over` when nothing is left to be done about it;
        raises `StoreRefusedError` if it never can be.
        """
        piece = self._hand_over(Piece(work, then, over), self._urgent)
        if self._is_away:
            piece.succeed(stored=False)
        stored = await asyncio.shield(piece.done)
        return stored and not self._is_stand_in

    def _hand_over(self, piece: Piece, lane: deque[Piece]) -> Piece:
        lane.append(piece)
        if self._task is None or self._task.done():
            self._begin()
        return piece

    def _begin(self) -> None:
        # Not a task of a group: it is nobody's child, since it works for all.
        self._task = asyncio.get_running_loop().create_task(self._run(), name="store writer")

    async def close(self) -> None:
        """Store what is left, for a bounded time; safe to call twice."""
        task, self._task = self._task, None
        if task is None:
            return
        self._is_closing = True
        self._wake.set()  # one attempt yet
        await asyncio.wait([task], timeout=CLOSE_SECONDS)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        if self._lasting:
            log.error("store_left_behind", operations=len(self._lasting), reason=self.problem)

    # --- storing ---------------------------------------------------------------------------------

    async def _run(self) -> None:
        while self._urgent or self._later or self._is_away:
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001 - a guard: others wait for the writer
                self._failures += 1
                self._say(self.listeners.bug_met, error)
                await asyncio.sleep(pause_after(self._failures))
            if self._is_closing and self._is_away:
                return

    async def _turn(self) -> None:
        if self._is_away:
            await self._pause()
        lane = self._next_lane()
        await self._store(lane, self._batch_of(lane))

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_after(self._failures)):
                await self._wake.wait()
        self._wake.clear()

    @property
    def _is_away(self) -> bool:
        return bool(self.problem) and not self._is_stand_in

    def _next_lane(self) -> deque[Piece]:
        """Urgent work first, but not for ever."""
        self._was_urgent = bool(self._urgent) and not (self._was_urgent and self._later)
        return self._urgent if self._was_urgent else self._later

    def _batch_of(self, lane: deque[Piece]) -> list[Piece]:
        while lane and lane[0].is_withdrawn:
            lane.popleft()
        if self._alone:
            self._alone -= 1
            return list(islice(lane, 1))
        return list(islice(lane, MOST_TOGETHER))

    async def _store(self, lane: deque[Piece], batch: Sequence[Piece]) -> None:
        """These are the first of their lane; an empty batch tries whether the store is back."""
        if not batch and not self._is_away:
            return
        try:
            await self._patiently(batch)
        except WithdrawnError:
            _take_from(lane, [piece for piece in batch if piece.is_withdrawn])
        except StoreRefusedError as error:
            self._found_refused(lane, batch, error)
        except StoreError as error:
            self._failures += 1
            self._note_away(str(error))
        except Exception as error:  # noqa: BLE001 - a guard: a bug in one piece is its own
            self._found_refused(lane, batch, error)
        else:
            _take_from(lane, batch)
            for piece in batch:
                piece.succeed(stored=True)
                piece.over()
            self._note_back()

    def _found_refused(self, lane: deque[Piece], batch: Sequence[Piece], error: Exception) -> None:
        if len(batch) > 1:
            self._alone = len(batch)
            return
        _take_from(lane, batch)
        for piece in batch:
            piece.fail(error)
            piece.over()

    async def _patiently(self, batch: Sequence[Piece]) -> None:
        """Do it, however long it takes; after a while those who wait for it do so no more."""
        loop = asyncio.get_running_loop()
        begun_at = loop.time()
        works = [*map(_unless_withdrawn, batch), _last(batch)] if batch else [self._probe]
        self._under_way = batch
        doing = loop.create_task(self._transact(works), name="store transaction")
        try:
            if not (await asyncio.wait([doing], timeout=PATIENCE_SECONDS))[0]:
                self._note_away(f"it has not answered for {PATIENCE_SECONDS:.0f} s")
            await doing
        finally:
            self._say(self.listeners.written, loop.time() - begun_at)
            if doing.cancel():  # cut off at a stop
                await asyncio.wait([doing], timeout=CUT_OFF_SECONDS)

    # --- away and back ---------------------------------------------------------------------------

    def _note_away(self, problem: str) -> None:
        if problem != self.problem:
            if not self.problem:
                log.error("store_away", reason=problem)
            self.problem = problem
            self._say(self.listeners.turned, problem)
        for lane in (self._urgent, self._later):
            for piece in lane:
                _let_go(piece, problem)
            kept = [piece for piece in lane if piece.is_lasting]
            lane.clear()
            lane.extend(kept)

    def _note_back(self) -> None:
        self._failures = 0
        if self._is_away:
            log.info("store_back", waiting=len(self._lasting))
            self.problem = ""
            self._say(self.listeners.turned, "")

    def _say(self, listener: Callable[[T], None], what: T) -> None:
        try:
            listener(what)
        except Exception:
            log.exception("store_listener_bug")

    @property
    def _lasting(self) -> Sequence[Piece]:
        return [piece for piece in self._urgent if piece.is_lasting]


def pause_after(failures: int) -> float:
    """Seconds until a store that is away is tried again, after so many failures in a row."""
    return guard.pause_after(failures, longest=LONGEST_PAUSE_SECONDS)


def _let_go(piece: Piece, problem: str) -> None:
    """Whoever waits for it goes on."""
    if piece.is_lasting:
        piece.succeed(stored=False)
    else:
        piece.is_withdrawn = True
        piece.fail(StoreUnavailableError(problem))


def _take_from(lane: deque[Piece], done: Sequence[Piece]) -> None:
    for piece in done:
        with suppress(ValueError):  # let go meanwhile
            lane.remove(piece)


def _unless_withdrawn(piece: Piece) -> Work:
    async def work(connection: AsyncConnection) -> None:
        if piece.is_withdrawn:
            raise WithdrawnError
        await piece.work(connection)

    return work


def _last(batch: Sequence[Piece]) -> Work:
    """Just before the commit: what was withdrawn meanwhile is brought again by whoever holds it,
    and is not to be stored twice.
    """

    async def work(_connection: AsyncConnection) -> None:
        if any(piece.is_withdrawn for piece in batch):
            raise WithdrawnError

    return work
