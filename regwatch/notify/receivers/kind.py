"""What a kind of receiver is to the rest of regwatch; nothing of any single service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Generic, Protocol, TypedDict, TypeVar

import aiohttp

from regwatch.clock import Clock
from regwatch.notify.memo import Memo
from regwatch.notify.receiver import Receiver
from regwatch.notify.words.templates import Escape, OwnWords
from regwatch.shapes.shape import Shape

ShapeT = TypeVar("ShapeT", bound=Shape)


class Spoken(TypedDict):
    """What the settings of all kinds that people read have in common."""

    timeout_seconds: float
    external_url: str
    zone: tzinfo
    own: OwnWords


@dataclass(frozen=True, slots=True)
class RestOfFile:
    """What a receiver's settings take from outside its own mapping of the file."""

    external_url: str
    zone: tzinfo
    """Of the times in messages."""
    own: OwnWords
    """Templates; none for kinds whose words cannot be changed."""
    path: Callable[[str | None], Path | None]
    """From a file's name as it stands there to the file."""

    def spoken(self, timeout: float) -> Spoken:
        """The settings that all kinds share which people read."""
        return Spoken(
            timeout_seconds=timeout, external_url=self.external_url, zone=self.zone, own=self.own
        )


class ReceiverSettings(Protocol):
    """What the settings of all kinds have in common."""

    @property
    def timeout_seconds(self) -> float:
        """For one message."""

    @property
    def external_url(self) -> str:
        """Where people find regwatch's pages; may be empty."""

    @property
    def zone(self) -> tzinfo:
        """Of the times in messages."""


@dataclass(frozen=True, slots=True)
class Means:
    """What receivers work with while they run."""

    session: aiohttp.ClientSession
    clock: Clock
    memo: Memo


Build = Callable[[str, Any, Means], Receiver]
"""From a receiver's name and settings to itself."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[ShapeT]):
    """A kind of receiver: all that others need to know of its service."""

    name: str
    """Its key in the file."""
    shape: type[ShapeT]
    """Of what stands under that key."""
    settings: Callable[[ShapeT, RestOfFile], ReceiverSettings]
    receivers: Mapping[type, Build]
    """By the type of the settings: a service may be spoken to in more than one way."""
    escape: Escape | None = None
    """How a template's values are made harmless in a body; None: its words cannot be changed."""


def posting(receiver: Callable[..., Receiver]) -> Build:
    """For receivers that post to a web address and remember nothing."""

    def build(name: str, settings: Any, means: Means) -> Receiver:
        return receiver(name, settings, means.session, clock=means.clock)

    return build
