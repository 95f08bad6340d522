"""Giving a receiver its messages with as many incidents in full as it shows: what waits in the
outbox holds the first of them only.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import structlog

from regwatch.core.dispatch.mentions import MOST_SHOWN, not_shown, with_shown
from regwatch.core.model import Incident, IncidentId, Notification
from regwatch.notify.receiver import Receiver

LOOKUP_SECONDS = 5.0
"""Then the message goes out without them: it says how many it leaves out."""

Found = Mapping[IncidentId, Incident]
"""By id; those that are not known any more are left out."""

log = structlog.get_logger(__name__)


@runtime_checkable
class ShowsMore(Protocol):
    """A receiver that shows more than is kept with the message."""

    @property
    def most_shown(self) -> int:
        """How many incidents of each part, new, still and resolved; 0: all."""


class LookingUp:
    """A receiver, and where the incidents are found that its messages leave out."""

    def __init__(
        self,
        receiver: Receiver,
        *,
        live: Callable[[Sequence[IncidentId]], Found],
        stored: Callable[[Sequence[IncidentId]], Awaitable[Found]],
    ) -> None:
        """`live` knows those of which somebody is still to hear; `stored` may raise."""
        self._receiver = receiver
        self._most = receiver.most_shown if isinstance(receiver, ShowsMore) else MOST_SHOWN
        self._live = live
        self._stored = stored

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self._receiver.name

    @property
    def kind(self) -> str:
        """`webhook`, `slack`, …"""
        return self._receiver.kind

    async def deliver(self, notification: Notification) -> None:
        """Send it, completed as far as it can be; raises nothing but `DeliveryError`."""
        wanted = not_shown(notification, most=self._most)
        if wanted:
            notification = with_shown(notification, await self._found(wanted))
        await self._receiver.deliver(notification)

    async def _found(self, wanted: Sequence[IncidentId]) -> Found:
        live = self._live(wanted)
        missing = [each for each in wanted if each not in live]
        if not missing:
            return live
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                return {**live, **await self._stored(missing)}
        except Exception:  # an alert is told with less to show rather than not at all
            log.exception("incidents_not_read", receiver=self.name)
            return live
