"""The registration answers (RegInfo) as values of the core.

The hot path: only the fields that are needed, no work per entry that is not. Of the flag and the
entries, the flag is believed; entries are matched by `extension_id`, never by position.
"""

from collections.abc import Collection, Mapping
from sys import intern
from typing import Any

from msgspec import Struct

from regwatch.core.addresses import canonical
from regwatch.core.model import Answer, ExtensionId, Registration, Timestamp
from regwatch.sources.ringme.expiry import LONGEST_LEASE_SECONDS, lease_end
from regwatch.sources.ringme.lenient import (
    LONGEST_ADDRESS,
    LONGEST_NAME,
    ObjectsDecoder,
    cut,
    id_of,
    text_of,
    unpromised,
)

NOTHING_SAID = "n/a"
DEVICE_KEYS = ("name", "user_agent", "device", "model")
"""Where a name may stand in a `device` that is an object: one table of the vendor's says it is."""
LONGEST_ID = 256
"""Characters. A longer registration id is refused: cut, it would be another one's."""
FLAGS: Mapping[str, bool] = {"true": True, "false": False, "1": True, "0": False}


class Entry(Struct, gc=False):
    """One registration as it comes: nothing of it is certain."""

    registration_id: Any = None
    device: Any = None
    real_address: Any = None
    contact_address: Any = None
    expires: Any = None


class RegInfo(Struct, gc=False):
    """One extension's registrations as they come."""

    extension_id: Any = None
    registered: Any = None
    registrations: list[Entry] | None = None


class Decoded(Struct, frozen=True, gc=False):
    """What one answer said of the ids asked for."""

    answers: dict[ExtensionId, Answer]
    contradictions: int
    """Ids not asked for, duplicates, flag against list, entries that cannot be read or taken."""


def decode_registrations(
    body: bytes, *, asked: Collection[ExtensionId], answered_at: Timestamp, took: float = 0.0
) -> Decoded:
    """What the body says of the ids asked for; `took`: seconds until it was there. Raises
    `PbxAnswerError`.
    """
    infos, contradictions = DECODER.decode(body)
    answers: dict[ExtensionId, Answer] = {}
    understood = not infos
    for info in infos:
        extension_id = info.extension_id
        if type(extension_id) is not int:
            extension_id = id_of(extension_id)
        understood = understood or extension_id is not None
        registered = info.registered
        if registered is not True and registered is not False:
            registered = _flag(registered)
        if extension_id not in asked or registered is None:
            contradictions += 1
            continue
        answer, contradicting = _answer(
            extension_id, registered, info.registrations, answered_at, took
        )
        if extension_id in answers:
            answer, contradicting = _union(answers[extension_id], answer), 1
        answers[extension_id] = answer
        contradictions += contradicting
    if not understood:
        raise unpromised(body)
    return Decoded(answers, contradictions)


def decode_registration(
    body: bytes, extension_id: ExtensionId, answered_at: Timestamp, took: float = 0.0
) -> Answer:
    """What the body says of that extension; raises `PbxAnswerError` if it says nothing of it."""
    decoded = decode_registrations(body, asked={extension_id}, answered_at=answered_at, took=took)
    if extension_id not in decoded.answers:
        raise unpromised(body)
    return decoded.answers[extension_id]


def _answer(
    extension_id: ExtensionId,
    registered: bool,
    entries: list[Entry] | None,
    answered_at: Timestamp,
    took: float,
) -> tuple[Answer, int]:
    read = [_registration(entry, answered_at, registered) for entry in entries or ()]
    found = tuple([each for each in read if len(each.id) <= LONGEST_ID])
    refused = len(read) - len(found)
    if len(found) > 1:
        found = tuple({each.id: each for each in found}.values())
    if registered:
        return Answer(extension_id, True, found, (), answered_at, took), refused or not found
    contradicts = any((each.lease_ends_at or 0.0) > answered_at for each in found)
    return Answer(extension_id, False, (), found, answered_at, took), refused or contradicts


def _registration(entry: Entry, answered_at: Timestamp, active: bool) -> Registration:
    # Any, since a NewType costs a call; and here each call counts.
    ends_at: Any
    name: Any
    expires, name, device = entry.expires, entry.registration_id, entry.device
    real, contact = entry.real_address, entry.contact_address
    if type(expires) is int and 0 < expires <= LONGEST_LEASE_SECONDS:
        ends_at = answered_at + expires
    else:
        ends_at = lease_end(expires, answered_at=answered_at, active=active)
    if type(real) is not str:
        real = text_of(real)
    if type(contact) is not str:
        contact = text_of(contact)
    if len(real) > LONGEST_ADDRESS:
        real = cut(real, LONGEST_ADDRESS)
    if len(contact) > LONGEST_ADDRESS:
        contact = cut(contact, LONGEST_ADDRESS)
    if "[" in real:
        real = canonical(real)
    if "[" in contact:
        contact = canonical(contact)
    if type(name) is not str or not name:
        # Its address tells it from the others; no request will find it by that.
        name = text_of(name) or cut(contact or real, LONGEST_ID)
    if type(device) is not str:
        device = _device(device)
    # Thousands of phones share a few dozen names.
    device = intern(device if len(device) <= LONGEST_NAME else cut(device, LONGEST_NAME))
    return Registration(name, "" if device == NOTHING_SAID else device, real, contact, ends_at)


def _device(value: object) -> str:
    if isinstance(value, dict):
        named = (value.get(key) for key in DEVICE_KEYS)
        return next((name for name in named if isinstance(name, str)), "")
    return text_of(value)


def _flag(value: object) -> bool | None:
    return FLAGS.get(text_of(value).lower())


def _union(one: Answer, other: Answer) -> Answer:
    """Of two entries for one extension: registered if either says so."""
    if one.registered != other.registered:
        return one if one.registered else other
    active = {each.id: each for each in (*one.registrations, *other.registrations)}
    former = {each.id: each for each in (*one.former, *other.former)}
    return Answer(
        one.extension_id,
        one.registered,
        tuple(active.values()),
        tuple(former.values()),
        one.answered_at,
        one.took,
    )


def _info_of(value: Mapping[str, Any]) -> RegInfo:
    entries = value.get("registrations")
    if isinstance(entries, dict):
        entries = [entries]
    if not isinstance(entries, list):
        entries = []
    return RegInfo(
        extension_id=value.get("extension_id"),
        registered=value.get("registered"),
        registrations=[_entry_of(entry) for entry in entries if isinstance(entry, dict)],
    )


def _entry_of(value: Mapping[str, Any]) -> Entry:
    return Entry(*map(value.get, Entry.__struct_fields__))


DECODER = ObjectsDecoder(RegInfo, _info_of)
