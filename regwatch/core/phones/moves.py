"""Whether an extension now registers from elsewhere, or with another device.

* Another port of the same address is the NAT's doing; within an IPv6 /64 an address is the phone's
  own choice. Neither is a move.
* Another version of the same firmware is no other device.
* A further device beside the ones that stay is neither: what was there before is there still. But
  if one of them then runs out that was not refreshed since an equal one came, that was its move.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from string import ascii_letters, whitespace

from msgspec import Struct

from regwatch.core.model import ChangeKind, Registration
from regwatch.core.phones.diff import Change, Tracks, came_after
from regwatch.core.phones.outages import place_by_address

CONTINUED = (ChangeKind.MOVED, ChangeKind.DEVICE_CHANGED, ChangeKind.REPLACED)
"""Changes that say themselves what a registration has become."""
RUN_OUT = (ChangeKind.EXPIRED, ChangeKind.ENDED_UNSEEN)
VERSION = re.compile(r"(?<!\d)\d++(?:\.\d++)++\S*+")
"""Digits with dots between them, and what follows up to the next space. What stands before them is
taken off without an expression: one that begins anew at each letter costs the square of a name.
"""
SEPARATORS = f"{whitespace}/_(-"


class Sighting(Struct, frozen=True, gc=False):
    """An extension as it was answered, and as it was before."""

    changes: Sequence[Change]
    was: Sequence[Registration]
    """What it held before or, if nothing, what it lost last."""
    held: Sequence[Registration]
    """What it holds now."""
    tracks: Tracks = {}
    """How those it held before had behaved."""


class Move(Struct, frozen=True, gc=False):
    """What a registration was, and what it has become."""

    before: Registration
    after: Registration


def place_of(registration: Registration) -> str:
    """Its public address, an IPv6 one by its /64; empty if unknown."""
    return place_by_address((registration,))


def model_of(registration: Registration) -> str:
    """Its User-Agent without the firmware's version: `Yealink SIP-T46G`; empty if unknown."""
    device, begin = registration.device, 0
    kept = []
    for version in VERSION.finditer(device):
        kept.append(device[begin : version.start()].rstrip(ascii_letters).rstrip(SEPARATORS))
        begin = version.end()
    return "".join((*kept, device[begin:])).strip()


def address_move(sighting: Sighting) -> Move | None:
    """Whether it registers from another public address than before."""
    continued = (*_continued(sighting), *_left_behind(sighting))
    return _difference(continued, place_of) or _arrival(sighting, place_of)


def device_swap(sighting: Sighting) -> Move | None:
    """Whether another model of device took the place of the one before."""
    return _difference(_continued(sighting), model_of) or _arrival(sighting, model_of)


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


def _left_behind(sighting: Sighting) -> Iterator[Move]:
    for change in sighting.changes:
        old = change.before
        if change.kind in RUN_OUT and old is not None:
            for other in sighting.held:
                if other.device == old.device and came_after(old, other, sighting.tracks):
                    yield Move(old, other)


def _arrival(sighting: Sighting, trait: Trait) -> Move | None:
    was, held = sighting.was, sighting.held
    known = {trait(r) for r in was}
    if not known or "" in known or {r.id for r in was} & {r.id for r in held}:
        return None
    new = (r for r in held if trait(r) not in {*known, ""})
    return next((Move(was[-1], registration) for registration in new), None)
