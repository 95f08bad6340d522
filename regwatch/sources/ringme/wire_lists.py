"""The extension list, the groups, the user and the token as values. Not the hot path."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from regwatch.core.model import Extension, ExtensionId, FailureReason
from regwatch.sources.ringme.errors import PbxAnswerError
from regwatch.sources.ringme.lenient import (
    LONGEST_NAME,
    ObjectsDecoder,
    cut,
    id_of,
    text_of,
    unpromised,
)

TOKEN_SECONDS = 600.0
"""How long a token is taken to last if the PBX does not say."""
LONGEST_TOKEN_SECONDS = 86_400.0
"""A longer life is not believed: a new token once a day costs nothing."""


class ListedExtension(Struct, gc=False):
    """An extension as it comes: only `id` and `name` are to be relied on."""

    id: Any = None
    name: Any = None
    label: Any = None
    extension_group_id: Any = None


class ListedGroup(Struct, gc=False):
    """A group as it comes."""

    id: Any = None
    name: Any = None


class RawUser(Struct, gc=False):
    """The user as it comes."""

    client_id: Any = None
    timezone: Any = None
    extension_id: Any = None


class RawGrant(Struct, gc=False):
    """A token as it comes."""

    access_token: Any = None
    expires_in: Any = None


class Page(Struct, frozen=True):
    """One page of the extension list."""

    extensions: tuple[tuple[Extension, int | None], ...]
    """Each with its group's id, if it has one."""
    length: int
    """How many entries the page had, readable or not."""

    @property
    def is_whole(self) -> bool:
        """Whether every entry could be read."""
        return len(self.extensions) == self.length


class User(Struct, frozen=True):
    """Whom the credentials belong to."""

    client_id: str
    timezone: str
    extension_id: ExtensionId | None


class Grant(Struct, frozen=True):
    """A token and how long it lasts; its `repr` hides the token."""

    access_token: str
    expires_in: float
    """Seconds."""

    def __repr__(self) -> str:
        return f"Grant(expires_in={self.expires_in})"


def decode_page(body: bytes) -> Page:
    """A page of the extension list; raises `PbxAnswerError`."""
    listed, unreadable = EXTENSIONS.decode(body)
    found = tuple(
        (_extension(each), id_of(each.extension_group_id)) for each in listed if _is_named(each)
    )
    if listed and not found:
        raise unpromised(body)
    return Page(found, len(listed) + unreadable)


def _is_named(each: ListedExtension) -> bool:
    return id_of(each.id) is not None and text_of(each.name) != ""


def _extension(each: ListedExtension) -> Extension:
    extension_id = id_of(each.id)
    assert extension_id is not None  # noqa: S101 - only named ones come here
    return Extension(ExtensionId(extension_id), _named(each.name), _named(each.label))


def _named(value: object) -> str:
    return cut(text_of(value), LONGEST_NAME)


def decode_groups(body: bytes) -> Mapping[int, str]:
    """The groups' names by id; raises `PbxAnswerError`."""
    listed, _ = GROUPS.decode(body)
    named = ((id_of(each.id), _named(each.name)) for each in listed)
    groups = {number: name for number, name in named if number is not None}
    if listed and not groups:
        raise unpromised(body)
    return groups


def decode_user(body: bytes) -> User:
    """The user; raises `PbxAnswerError`."""
    listed, _ = USERS.decode(body)
    if len(listed) != 1 or not text_of(listed[0].client_id):
        raise unpromised(body)
    user = listed[0]
    extension_id = id_of(user.extension_id)
    return User(
        text_of(user.client_id),
        text_of(user.timezone),
        None if extension_id is None else ExtensionId(extension_id),
    )


def decode_grant(body: bytes) -> Grant:
    """A token; raises `PbxAnswerError`, which quotes nothing: half a token is a secret too."""
    raw = _raw_grant_in(body)
    if raw is None or not isinstance(raw.access_token, str) or not _is_sendable(raw.access_token):
        raise PbxAnswerError("no token in the answer", reason=FailureReason.BAD_ANSWER)
    return Grant(raw.access_token, _lifetime(raw.expires_in))


def _raw_grant_in(body: bytes) -> RawGrant | None:
    try:
        listed, _ = GRANTS.decode(body)
    except PbxAnswerError:
        return None
    return listed[0] if len(listed) == 1 else None


def _is_sendable(token: str) -> bool:
    return token != "" and token.isascii() and token.isprintable() and " " not in token


def _lifetime(expires_in: object) -> float:
    try:
        seconds = float(text_of(expires_in))
    except ValueError:
        return TOKEN_SECONDS
    return min(seconds, LONGEST_TOKEN_SECONDS) if seconds > 0 else TOKEN_SECONDS


def _listed_extension(value: Mapping[str, Any]) -> ListedExtension:
    return ListedExtension(*_fields(value, ListedExtension))


def _listed_group(value: Mapping[str, Any]) -> ListedGroup:
    return ListedGroup(*_fields(value, ListedGroup))


def _raw_user(value: Mapping[str, Any]) -> RawUser:
    return RawUser(*_fields(value, RawUser))


def _raw_grant(value: Mapping[str, Any]) -> RawGrant:
    return RawGrant(*_fields(value, RawGrant))


def _fields(value: Mapping[str, Any], kind: type[Struct]) -> list[object]:
    return [value.get(name) for name in kind.__struct_fields__]


EXTENSIONS = ObjectsDecoder(ListedExtension, _listed_extension)
GROUPS = ObjectsDecoder(ListedGroup, _listed_group)
USERS = ObjectsDecoder(RawUser, _raw_user)
GRANTS = ObjectsDecoder(RawGrant, _raw_grant)
