"""What an extension registered with and from before: a model that was seen alive there is known,
and an address that it had within a month is no news.
"""

from collections.abc import Iterable

from msgspec import Struct

from regwatch.core.model import ChangeKind, Registration, Timestamp
from regwatch.core.phones.diff import ENDS, Change
from regwatch.core.phones.identity import model_of
from regwatch.core.phones.outages import place_by_address

MOST = 8
"""Of each: bounds memory. People have two or three devices, and lines a handful of addresses."""
NEWS_AGAIN_SECONDS = 30 * 86_400.0
LEAVES = (*ENDS, ChangeKind.MOVED, ChangeKind.DEVICE_CHANGED)


class Address(Struct, frozen=True, gc=False):
    """A public address, an IPv6 one by its /64."""

    place: str
    left_at: Timestamp


class Left(Struct, frozen=True, gc=False):
    """What an extension registers with and from no longer; the latest last."""

    models: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()

    def knows_model(self, model: str) -> bool:
        """Whether it had such a device."""
        return model in self.models

    def knows_address(self, place: str, *, now: Timestamp) -> bool:
        """Whether it was there not too long ago."""
        return any(
            each.place == place and now - each.left_at < NEWS_AGAIN_SECONDS
            for each in self.addresses
        )


NOTHING_LEFT = Left()


def left(before: Left, changes: Iterable[Change]) -> Left:
    """What is to be remembered after these changes; the very same, if they leave nothing."""
    models, addresses = before.models, before.addresses
    for change in changes:
        if change.before is not None and change.kind in LEAVES:
            models = _with_model(models, change.before)
            addresses = _with_address(addresses, change.before, change.at)
    return (
        before
        if models is before.models and addresses is before.addresses
        else Left(models, addresses)
    )


def _with_model(models: tuple[str, ...], gone: Registration) -> tuple[str, ...]:
    model = model_of(gone.device)
    if not model or models[-1:] == (model,):
        return models
    return (*(each for each in models if each != model), model)[-MOST:]


def _with_address(
    addresses: tuple[Address, ...], gone: Registration, now: Timestamp
) -> tuple[Address, ...]:
    place = place_by_address((gone,))
    if not place:
        return addresses
    others = (each for each in addresses if each.place != place)
    return (*others, Address(place, now))[-MOST:]
