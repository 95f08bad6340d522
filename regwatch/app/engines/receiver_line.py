"""One receiver and the loops that carry messages to it, started and stopped for themselves."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from regwatch.app.engines.running import Running
from regwatch.core.bugs import Where
from regwatch.core.model import Incident, Timestamp
from regwatch.guard import Bugs
from regwatch.notify.delivery.outbox import Outbox
from regwatch.notify.delivery.repost import Reposting, repost_forever
from regwatch.notify.receiver import Receiver
from regwatch.notify.receivers.kind import ReceiverSettings
from regwatch.notify.trial import Trial, tried

DELIVERY_GRACE_SECONDS = 5.0
"""How long a delivery in flight may take at a stop; what it misses is sent after the next start."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LineSettings:
    """A line goes on while these stay as they are."""

    name: str
    receiver: ReceiverSettings
    fallback: str | None
    files: Sequence[bytes]
    """What stands in the files that the settings name."""


class ReceiverLine:
    """Starting twice is starting once, and so is stopping."""

    def __init__(
        self,
        settings: LineSettings,
        receiver: Receiver,
        outbox: Callable[[Receiver, str | None], Outbox],
        *,
        told: Callable[[str], Sequence[Incident]],
        alive: Callable[[], bool],
        on_death: Callable[[object], None] = lambda _part: None,
        bugs: Bugs,
    ) -> None:
        """`told`: what a receiver was told of and still fires; `alive`: whether regwatch does its
        work.
        """
        self.settings = settings
        self._receiver = receiver
        self._make_outbox = outbox
        self._told = told
        self._alive = alive
        self._outbox = outbox(receiver, settings.fallback)
        died = partial(on_death, self)
        self._sending = Running(
            f"outbox {settings.name}", Where.OUTBOX, self._send, bugs, on_death=died
        )
        self._reposting = Running(
            f"repost {settings.name}", Where.REPOST, self._repost, bugs, on_death=died
        )

    @property
    def name(self) -> str:
        """The receiver's."""
        return self.settings.name

    async def load(self) -> None:
        """Nothing: what waits is looked up in the store, message by message."""

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to deliver, in tasks of this group."""
        if not self._sending.is_started:
            self._outbox = self._make_outbox(self._receiver, self.settings.fallback)
        self._sending.start(tasks)
        if isinstance(self._receiver, Reposting):
            self._reposting.start(tasks)

    async def stop(self) -> None:
        """Let the delivery in flight end, for a bounded time."""
        await self._reposting.stop()
        self._sending.let_end()
        self._outbox.stop()
        if not await self._sending.ended(seconds=DELIVERY_GRACE_SECONDS):
            log.info("delivery_cut_off", receiver=self.name, seconds=DELIVERY_GRACE_SECONDS)
            await self._sending.stop()

    def wake(self) -> None:
        """A message for it was stored."""
        self._outbox.wake(self.name)

    async def try_out(self, *, now: Timestamp) -> Trial:
        """Send a test, past those that wait, and take it back."""
        return await tried(self._receiver, now=now)

    async def _send(self) -> None:
        await self._outbox.run()

    async def _repost(self) -> None:
        await repost_forever([self._receiver], self._told, self._alive)
