"""Whether two entries are the same device. The only place that says so.

`old` is an entry that is gone, or left to run out; `other` stands beside it, or came in its place.
The first line that fits says why the device of `old` goes on under `other`:

    SAME_CONTACT   both have the same Contact and the same source, and neither names another model:
                   one binding that two nodes of the registrar list, though both entries live
    (none)         old was refreshed after other came: they live side by side
    SAME_HOST      the same model, and a host in common: it was restarted, or updated
    (none)         old said good-bye when other had been there for a while: they lived side by side
    TAKES_OVER     the same model, and the extension was never seen with two devices side by side:
                   it went elsewhere, and old was not refreshed since
    ONLY_DEVICE    another model, or none is named, and the extension was never seen with two: the
                   one that comes took the place of the one before
    (none)         otherwise

A model is the User-Agent without the firmware's version and its build stamps. Hosts that say
nothing (`.invalid`, as browsers send, or none) are no evidence for or against.
"""

import re
from collections.abc import Container, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from string import ascii_letters, whitespace

from msgspec import Struct

from regwatch.core.addresses import host_of, same_uri
from regwatch.core.model import Registration, RegistrationId, Timestamp

SAYS_NOTHING = ".invalid"
"""How hosts end that browsers make up (RFC 7118 section 5)."""
VERSION = re.compile(r"(?<!\d)\d++(?:\.\d++)++\S*+")
"""Digits with dots between them, and what follows up to the next space. What stands before them is
taken off without an expression: one that begins anew at each letter costs the square of a name.
"""
STAMP = re.compile(
    r"\b(?:build|revision|rev|release|firmware|fw)[ .:_#-]?+\d++\b"
    r"|\b\d{6,}+\b"
    r"|\b(?:dirty|snapshot|nightly)\b",
    re.IGNORECASE,
)
"""What else tells one build from another: `build 5512`, `rev 12`, `20240301`, `-dirty`."""
SEPARATORS = f"{whitespace}/_(-"


class Track(Struct, frozen=True, gc=False):
    """How a registration was seen to behave over time."""

    first_seen_at: Timestamp
    refreshed_at: Timestamp
    """When its last refresh was seen; when it was first seen, if there was none."""


Tracks = Mapping[RegistrationId, Track]


class Evidence(StrEnum):
    """Why two entries are the same device; the best comes first."""

    SAME_CONTACT = "same_contact"
    SAME_HOST = "same_host"
    TAKES_OVER = "takes_over"
    ONLY_DEVICE = "only_device"

    @property
    def words(self) -> str:
        """As a person is told."""
        return WORDS[self]


WORDS = {
    Evidence.SAME_CONTACT: "the same contact from the same source",
    Evidence.SAME_HOST: "the same model at the same host, the old entry not refreshed since",
    Evidence.TAKES_OVER: "the same model, the old entry not refreshed since",
    Evidence.ONLY_DEVICE: "it never had two devices side by side",
}
BY_ABSENCE = (Evidence.TAKES_OVER, Evidence.ONLY_DEVICE)
"""That there were not two is concluded from not having seen them."""
RANKS = {evidence: rank for rank, evidence in enumerate(Evidence)}


class Heir(Struct, frozen=True, gc=False):
    """The entry under which a device goes on."""

    registration: Registration
    evidence: Evidence


def heir_of(
    old: Registration,
    others: Iterable[Registration],
    tracks: Tracks,
    *,
    has_several: bool,
    outlived: Container[RegistrationId] = (),
) -> Heir | None:
    """Under which of the others the device of `old` goes on; None if under none. `has_several`:
    whether its extension was seen with two devices side by side; `outlived`: those that were there
    already when it said good-bye.
    """
    found = []
    for other in others:
        evidence = same_device(old, other, tracks, has_several=has_several)
        if evidence is None or (evidence in BY_ABSENCE and other.id in outlived):
            continue
        found.append(Heir(other, evidence))
    # Whatever the order of the answer: the best evidence, then the latest that came.
    return min(found, key=lambda heir: _order(heir, tracks), default=None)


def _order(heir: Heir, tracks: Tracks) -> tuple[int, float, str]:
    track = tracks.get(heir.registration.id)
    came_at = float("inf") if track is None else track.first_seen_at
    return RANKS[heir.evidence], -came_at, heir.registration.id


def same_device(
    old: Registration, other: Registration, tracks: Tracks, *, has_several: bool
) -> Evidence | None:
    """See the table above; None: they are two."""
    if other.id == old.id:
        return None
    one, two = model_of(old.device), model_of(other.device)
    if (one == two or not one or not two) and same_binding(old, other):
        return Evidence.SAME_CONTACT
    if lives_beside(old, other, tracks):
        return None
    if one and one == two:
        if has_host_in_common(old, other):
            return Evidence.SAME_HOST
        return None if has_several else Evidence.TAKES_OVER
    return None if has_several else Evidence.ONLY_DEVICE


def same_binding(one: Registration, other: Registration) -> bool:
    """Whether both have the same Contact and the same source, both known."""
    return (
        bool(one.contact_address and one.real_address)
        and same_uri(one.contact_address, other.contact_address)
        and same_uri(one.real_address, other.real_address)
    )


def lives_beside(old: Registration, other: Registration, tracks: Tracks) -> bool:
    """Whether `old` was refreshed after `other` came: its device lived still."""
    old_track, other_track = tracks.get(old.id), tracks.get(other.id)
    if old_track is None or other_track is None:  # the other came with this very answer
        return False
    return other_track.first_seen_at < old_track.refreshed_at


def has_host_in_common(one: Registration, other: Registration) -> bool:
    """Whether they came from one host, or name one in their Contacts."""
    return same_host(one.contact_address, other.contact_address) or same_host(
        one.real_address, other.real_address
    )


def same_host(one: str, other: str) -> bool:
    """Whether two SIP URIs name the same host; two that say nothing do not."""
    host = host_of(one)
    return bool(host) and not host.endswith(SAYS_NOTHING) and host == host_of(other)


def two_live(registrations: Iterable[Registration], tracks: Tracks) -> bool:
    """Whether two of these are seen to be alive side by side: each was refreshed, or came, after
    the other did; and they are not one binding that is listed twice.
    """
    held = [r for r in registrations if r.id in tracks]
    return any(
        _is_alive(tracks[a.id], tracks[b.id])
        and _is_alive(tracks[b.id], tracks[a.id])
        and not same_binding(a, b)
        for number, a in enumerate(held)
        for b in held[:number]
    )


def _is_alive(one: Track, other: Track) -> bool:
    """Whether it was heard of after the other came."""
    return one.refreshed_at > other.first_seen_at


@lru_cache(maxsize=4096)
def model_of(device: str) -> str:
    """A User-Agent without the firmware's version: `Yealink SIP-T46G`; empty if unknown."""
    begin, kept = 0, []
    for version in VERSION.finditer(device):
        kept.append(device[begin : version.start()].rstrip(ascii_letters).rstrip(SEPARATORS))
        begin = version.end()
    plain = STAMP.sub("", "".join((*kept, device[begin:])))
    return " ".join(plain.replace("()", "").split()).rstrip(SEPARATORS)
