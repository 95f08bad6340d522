"""Whether an extension now registers from elsewhere, or with another device.

* Another port of the same address is the NAT's doing; within an IPv6 /64 an address is the phone's
  own choice. Neither is a move.
* Another version of the same firmware is no other device; nor is a model that was seen alive at
  this extension before.
* An address that it had within a month is no news.
* A further device beside the ones that stay is neither: what was there before is there still. But
  if one of them then ends and its device goes on under the new entry, that was its move.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from regwatch.core.model import ChangeKind, Registration, Timestamp
from regwatch.core.phones.diff import Change
from regwatch.core.phones.identity import model_of
from regwatch.core.phones.outages import place_by_address
from regwatch.core.phones.past_devices import NOTHING_LEFT, Left

CONTINUED = (ChangeKind.MOVED, ChangeKind.DEVICE_CHANGED, ChangeKind.REPLACED)
"""Changes that say themselves what a registration has become."""


class Sighting(Struct, frozen=True, gc=False):
    """An extension as it was answered, and as it was before."""

    changes: Sequence[Change]
    was: Sequence[Registration]
    """What it held before or, if nothing, what it lost last."""
    held: Sequence[Registration]
    """What it holds now."""
    left: Left = NOTHING_LEFT
    """What it registered with and from before that."""


class Move(Struct, frozen=True, gc=False):
    """What a registration was, and what it has become."""

    before: Registration
    after: Registration


def place_of(registration: Registration) -> str:
    """Its public address, an IPv6 one by its /64; empty if unknown."""
    return place_by_address((registration,))


def address_move(sighting: Sighting, *, now: Timestamp) -> Move | None:
    """Whether it registers from another public address than before, and than lately."""
    move = _difference(_continued(sighting), place_of) or _arrival(sighting, place_of)
    if move is None or sighting.left.knows_address(place_of(move.after), now=now):
        return None
    return move


def device_swap(sighting: Sighting) -> Move | None:
    """Whether another model of device took the place of the one before, and of any there was."""
    move = _difference(_continued(sighting), _model) or _arrival(sighting, _model)
    if move is None or sighting.left.knows_model(_model(move.after)):
        return None
    return move


def _model(registration: Registration) -> str:
    return model_of(registration.device)


Trait = Callable[[Registration], str]


def _difference(moves: Iterable[Move], trait: Trait) -> Move | None:
    for move in moves:
        before, after = trait(move.before), trait(move.after)
        if before and after and before != after:
            return move
    return None


def _continued(sighting: Sighting) -> Iterator[Move]:
    for change in sighting.changes:
        if change.kind in CONTINUED and change.before is not None and change.after is not None:
            yield Move(change.before, change.after)


def _arrival(sighting: Sighting, trait: Trait) -> Move | None:
    was, held = sighting.was, sighting.held
    known = {trait(r) for r in was}
    if not known or "" in known or {r.id for r in was} & {r.id for r in held}:
        return None
    new = (r for r in held if trait(r) not in {*known, ""})
    return next((Move(was[-1], registration) for registration in new), None)
