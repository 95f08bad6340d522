"""Why nobody is told of something that was seen: the decisions that leave no incident behind."""

from enum import StrEnum

from msgspec import Struct

from regwatch.core.model import ExtensionId, Timestamp


class Untold(StrEnum):
    """Why nobody is told."""

    SEEN_ONCE = "seen_once"
    """It was missing from one answer: it is asked again before anybody is told."""
    PLACE_SUPPOSED = "place_supposed"
    """It is silent with others of its place: whether that is what is out, is asked first."""
    ONE_OF_MANY = "one_of_many"
    """Many vanished with it at once: what that is is looked at, and told as one."""
    CONFIRMED_BACK = "confirmed_back"
    """It was there when it was asked again: the PBX had left it out."""
    PLACE_MOVED = "place_moved"
    """Its place has a new address, which was told of others before it."""


class Remark(Struct, frozen=True, gc=False):
    """One such decision."""

    untold: Untold
    extension_id: ExtensionId | None
    """Of whom; None: it is about the account."""
    at: Timestamp
    because: str = ""
    """The evidence, in words."""
