"""Telling another receiver what one will not take, and the end of it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from regwatch.core.model import Notification
from regwatch.notify.delivery.deliveries import OutboxStore
from regwatch.notify.delivery.forwarding import copies_for, end_for
from regwatch.notify.delivery.parcels import Parcel
from regwatch.notify.delivery.persistence import Persistence


class Elsewhere:
    """The fallbacks of all receivers."""

    def __init__(
        self,
        fallbacks: Mapping[str, str],
        store: OutboxStore,
        persistence: Persistence,
        *,
        wake: Callable[[str], None],
    ) -> None:
        """`fallbacks`: by receiver, who gets what it will not take."""
        self._fallbacks = fallbacks
        self._store = store
        self._persistence = persistence
        self._wake = wake

    async def tell(self, receiver: str, parcel: Parcel) -> None:
        """To the fallback, once for each message."""
        fallback = self._fallbacks.get(receiver)
        if fallback is None:
            return
        look = partial(self._store.forwarded, parcel.incidents, receiver=receiver)
        told = await self._persistence.read(look, receiver)
        if copies := copies_for(fallback, parcel, told):
            await self._forward(copies, receiver, fallback)

    async def end(self, receiver: str, parcel: Parcel) -> None:
        """Who was told of a firing in place of this one is told of its end."""
        fallback = self._fallbacks.get(receiver)
        ended = parcel.resolved
        if fallback is None or not ended:
            return
        look = partial(self._store.forwarded, ended, receiver=receiver)
        if told := await self._persistence.read(look, receiver):
            await self._forward([end_for(fallback, parcel, told)], receiver, fallback)

    async def _forward(self, copies: Sequence[Notification], receiver: str, fallback: str) -> None:
        forward = partial(self._store.forward, copies, receiver=receiver)
        await self._persistence.write(forward, receiver)
        self._wake(fallback)
