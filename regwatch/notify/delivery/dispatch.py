"""From incidents to the outbox: asks the grouping what is due, stores it, wakes the outbox.

What could not be stored stays due, and is tried again; what never can be is given up.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from regwatch.batching import batched, unhurried
from regwatch.clock import Clock
from regwatch.core.bugs import CANNOT_BE_STORED, Where
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.model import Incident, Notification, Notified, Timestamp
from regwatch.core.unstorable import UnstorableError
from regwatch.guard import Bugs

STORE_RETRY_SECONDS = 5.0
"""Until a message that could not be stored is tried again: nothing is sent before it is stored."""
PIECE = 500
"""Incidents taken in or noted in one go: between pieces the event loop gets its turn."""
LOOK_AGAIN_SECONDS = 10.0
"""The longest sleep: the machine may have been suspended, and the loop's clock with it."""

log = structlog.get_logger(__name__)


class NotificationLog(Protocol):
    """Where notifications wait to be sent, and where it stands what each receiver was told."""

    async def enqueue(
        self, notification: Notification | None, notified: Sequence[Notified]
    ) -> None:
        """Store both in one transaction; storing the same notification again does nothing. None:
        these receivers are owed nothing more, though nobody tells them so.
        """


class Dispatcher:
    """One loop for all accounts and receivers."""

    def __init__(
        self,
        grouping: Grouping,
        notification_log: NotificationLog,
        *,
        wake: Callable[[str], None],
        clock: Clock,
        bugs: Bugs | None = None,
    ) -> None:
        self._grouping = grouping
        self._log = notification_log
        self._wake = wake
        self._clock = clock
        self._bugs = Bugs(clock=clock) if bugs is None else bugs
        self._noted = asyncio.Event()
        self._moves: deque[Iterator[None]] = deque()
        """What is still to be moved since the clock was set."""
        self._coming: deque[Incident] = deque()
        """What is to be taken in once nothing is to be moved."""

    def take(self, incidents: Sequence[Incident]) -> None:
        """Take in incidents that changed and are stored: few at once, more in pieces."""
        self._coming.extend(incidents)
        self._noted.set()
        if not self._moves and len(self._coming) <= PIECE:
            self._take_in()

    def _take_in(self) -> None:
        now = self._clock()
        for _ in range(min(PIECE, len(self._coming))):
            incident = self._coming.popleft()
            try:
                self._grouping.take(incident, now=now)
            except Exception as error:  # noqa: BLE001 - a guard: the others are told
                what = f"incident {incident.id}"
                self._bugs.met(
                    "incident_not_dispatched", Where.DISPATCH, what, error, incident=incident.id
                )

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds: what waits, waits neither longer nor
        shorter by that.
        """
        self._moves.append(self._grouping.clock_set(by))
        self._noted.set()

    async def _settle(self) -> None:
        """Nothing is decided before all that is held stands by this setting of the clock."""
        while self._moves or self._coming:
            if self._moves:
                async for _ in unhurried(self._moves[0]):
                    pass
                self._moves.popleft()
            else:
                self._take_in()
                await asyncio.sleep(0)

    async def run(self) -> None:
        """Dispatch until cancelled."""
        while True:
            self._noted.clear()
            await self._settle()
            await self._turn()
            stored = await self._dispatch_due() and await self._note_unsaid()
            self._tell_of_bugs()
            await self._wait(0.0 if stored else STORE_RETRY_SECONDS)

    async def _turn(self) -> None:
        """Of thousands others may be to be told: hours begin, or nobody acknowledged."""
        async for _ in unhurried(self._grouping.turn(now=self._clock())):
            pass
        await self._settle()

    async def _note_unsaid(self) -> bool:
        """Whether it could be stored; what never can be is found again at the next start."""
        if not (rows := tuple(self._grouping.unsaid)):
            return True
        try:
            await self._log.enqueue(None, rows)
        except UnstorableError:
            log.exception("unsaid_not_stored")
        except Exception:  # as above
            log.exception("unsaid_not_stored")
            return False
        del self._grouping.unsaid[: len(rows)]
        return True

    async def _dispatch_due(self) -> bool:
        """Whether all that is due could be stored."""
        for notification in self._grouping.offers(now=self._clock()):
            await asyncio.sleep(0)  # one about thousands took a while to make
            await self._settle()
            now = self._clock()
            try:
                rows = self._grouping.rows(notification, now=now)
            except Exception as error:  # noqa: BLE001 - a guard: the others are told
                self._grouping.put_off(notification, error, now=now)
                continue
            try:
                await self._log.enqueue(notification, rows)
            except UnstorableError as error:
                self._give_up(notification, error)
                continue
            except Exception:  # a full or locked disk: what is due stays due
                log.exception("notification_not_stored", receiver=notification.receiver)
                return False
            await self._note(rows, now)
            self._bugs.mended(
                Where.DISPATCH, _name_of(notification.receiver, notification.group_key)
            )
            self._wake(notification.receiver)
            log.info(
                "notification_queued",
                receiver=notification.receiver,
                reason=notification.reason.value,
                incidents=len(notification.words),
            )
        return True

    async def _note(self, rows: Sequence[Notified], now: Timestamp) -> None:
        pieces = batched(rows, PIECE)
        try:
            for piece in pieces:
                self._grouping.told_by(piece, now=now)
                await asyncio.sleep(0)
        finally:  # all of it is stored: cancelled, we still know that
            for piece in pieces:
                self._grouping.told_by(piece, now=now)

    def _tell_of_bugs(self) -> None:
        """Groups of which nothing can be told now; the others go on."""
        for receiver, key, error in self._grouping.met():
            what = _name_of(receiver, key)
            self._bugs.met("group_put_off", Where.DISPATCH, what, error, receiver=receiver)

    def _give_up(self, notification: Notification, error: UnstorableError) -> None:
        self._grouping.given_up(notification, now=self._clock())
        log.error(
            "notification_lost",
            receiver=notification.receiver,
            notification=notification.id,
            incidents=len(notification.words),
            error=str(error),
        )
        what = f"message {notification.id} to {notification.receiver}"
        self._bugs.lost(Where.DISPATCH, what, CANNOT_BE_STORED)

    async def _wait(self, at_least: float) -> None:
        await asyncio.sleep(at_least)
        due_at = self._grouping.next_due_at()
        seconds = LOOK_AGAIN_SECONDS
        if due_at is not None:
            seconds = min(max(0.0, due_at - self._clock()), seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._noted.wait()


def _name_of(receiver: str, group_key: str) -> str:
    return f"a group of {receiver}: {group_key}"
