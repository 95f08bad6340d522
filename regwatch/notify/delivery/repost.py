"""Receivers that want to be told again and again what fires, or take it for over."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, runtime_checkable

from regwatch.core.model import Incident
from regwatch.notify.errors import DeliveryError

REPOST_SECONDS = 60.0
"""A fifth of the time that Alertmanager keeps an alert which is not posted again, as we ask it to
(`KEPT_FIRING`): several posts in a row may fail before it says "resolved"."""


@runtime_checkable
class Reposting(Protocol):
    """A receiver of this kind, such as Alertmanager."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""

    async def repost(self, incidents: Iterable[Incident], *, alive: bool) -> None:
        """Tell all that fires, and that regwatch does its work, if it does; raises nothing but
        `DeliveryError`.
        """


async def repost_forever(
    receivers: Sequence[object],
    firing: Callable[[str], Sequence[Incident]],
    alive: Callable[[], bool],
) -> None:
    """Tell each such receiver what it knows to fire, once a minute. Its failures are not
    reported here: the outbox meets the same receiver with every message, and does.
    """
    reposting = [receiver for receiver in receivers if isinstance(receiver, Reposting)]
    while reposting:
        await asyncio.sleep(REPOST_SECONDS)
        for receiver in reposting:
            try:
                await receiver.repost(firing(receiver.name), alive=alive())
            except DeliveryError:
                continue
