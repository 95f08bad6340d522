"""From incidents to the outbox: asks the grouping what is due, stores it, wakes the outbox.

What could not be stored stays due, and is tried again; what never can be is given up.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from regwatch.clock import Clock, SteadyClock, Steps
from regwatch.core.bugs import CANNOT_BE_STORED, Where
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.model import Incident, Notification, Notified, Timestamp
from regwatch.core.unstorable import UnstorableError
from regwatch.guard import Bugs

STORE_RETRY_SECONDS = 5.0
"""Until a message that could not be stored is tried again: nothing is sent before it is stored."""
LOOK_AGAIN_SECONDS = 10.0
"""The longest sleep: the wall clock, by which groups wait, may have been set."""

log = structlog.get_logger(__name__)


class NotificationLog(Protocol):
    """Where notifications wait to be sent, and where it stands what each receiver was told."""

    async def enqueue(self, notification: Notification, notified: Sequence[Notified]) -> None:
        """Store both in one transaction; storing the same notification again does nothing."""


class Dispatcher:
    """One loop for all accounts and receivers."""

    def __init__(
        self,
        grouping: Grouping,
        notification_log: NotificationLog,
        *,
        wake: Callable[[str], None],
        clock: Clock,
        steady: SteadyClock,
        bugs: Bugs | None = None,
    ) -> None:
        self._grouping = grouping
        self._log = notification_log
        self._wake = wake
        self._steps = Steps(clock, steady)
        self._bugs = Bugs(clock=clock) if bugs is None else bugs
        self._noted = asyncio.Event()

    def take(self, incidents: Sequence[Incident]) -> None:
        """Take in incidents that changed and are stored."""
        now = self._now()
        for incident in incidents:
            try:
                self._grouping.take(incident, now=now)
            except Exception as error:  # noqa: BLE001 - a guard: the others are told
                what = f"incident {incident.id}"
                self._bugs.met(
                    "incident_not_dispatched", Where.DISPATCH, what, error, incident=incident.id
                )
        self._noted.set()

    def _now(self) -> Timestamp:
        """What waits, waits on by a clock that was set: neither longer nor shorter."""
        now, step = self._steps.look()
        if step:
            log.warning("clock_set", seconds=round(step, 1))
            self._grouping.clock_set(step)
        return now.wall

    async def run(self) -> None:
        """Dispatch until cancelled."""
        while True:
            self._noted.clear()
            stored = await self._dispatch_due()
            await self._wait(0.0 if stored else STORE_RETRY_SECONDS)

    async def _dispatch_due(self) -> bool:
        """Whether all that is due could be stored."""
        due = self._grouping.due(now=self._now())
        self._tell_of_bugs()
        for notification in due:
            now = self._now()
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
            self._grouping.queued(notification, now=now)
            self._bugs.mended(
                Where.DISPATCH, _name_of(notification.receiver, notification.group_key)
            )
            self._wake(notification.receiver)
            log.info(
                "notification_queued",
                receiver=notification.receiver,
                reason=notification.reason.value,
                incidents=len(notification.items),
            )
        return True

    def _tell_of_bugs(self) -> None:
        """Groups of which nothing can be told now; the others go on."""
        for receiver, key, error in self._grouping.met():
            what = _name_of(receiver, key)
            self._bugs.met("group_put_off", Where.DISPATCH, what, error, receiver=receiver)

    def _give_up(self, notification: Notification, error: UnstorableError) -> None:
        self._grouping.given_up(notification, now=self._now())
        log.error(
            "notification_lost",
            receiver=notification.receiver,
            notification=notification.id,
            incidents=len(notification.items),
            error=str(error),
        )
        what = f"message {notification.id} to {notification.receiver}"
        self._bugs.lost(Where.DISPATCH, what, CANNOT_BE_STORED)

    async def _wait(self, at_least: float) -> None:
        await asyncio.sleep(at_least)
        due_at = self._grouping.next_due_at()
        seconds = LOOK_AGAIN_SECONDS
        if due_at is not None:
            seconds = min(max(0.0, due_at - self._now()), seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._noted.wait()


def _name_of(receiver: str, group_key: str) -> str:
    return f"a group of {receiver}: {group_key}"
