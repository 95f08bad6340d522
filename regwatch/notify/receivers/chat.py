"""The path that all chats share: a message is composed, posted in one request, and judged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import aiohttp

from regwatch.clock import Clock
from regwatch.core.model import Notification
from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.http import Post, Reply, post
from regwatch.notify.receivers.kind import Means, ReceiverSettings
from regwatch.notify.redaction import redact
from regwatch.notify.words.composition import Composed, send_composed
from regwatch.notify.words.templates import OwnWords


class ChatSettings(ReceiverSettings, Protocol):
    """What the settings of all chats have in common."""

    @property
    def own(self) -> OwnWords:
        """Templates of the receiver's own."""


SettingsT = TypeVar("SettingsT", bound=ChatSettings)


def any_success(reply: Reply) -> str:
    """Nothing is wrong with any 2xx."""
    del reply
    return ""


@dataclass(frozen=True, slots=True)
class Chat(Generic[SettingsT]):
    """What a chat has of its own."""

    kind: str
    request: Callable[[Composed, SettingsT], Post]
    """The message as the service takes it."""
    refusal: Callable[[Reply], str] = any_success
    """Why a 2xx is no success all the same; empty if it is one."""

    def receiver(self, name: str, settings: SettingsT, means: Means) -> "ChatReceiver[SettingsT]":
        """One that posts there."""
        return ChatReceiver(self, name, settings, means.session, clock=means.clock)


class ChatReceiver(Generic[SettingsT]):
    """Posts each notification as one message."""

    def __init__(
        self,
        chat: Chat[SettingsT],
        name: str,
        settings: SettingsT,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
    ) -> None:
        self.name = name
        self.kind = chat.kind
        self._chat = chat
        self._settings = settings
        self._session = session
        self._clock = clock

    async def deliver(self, notification: Notification) -> None:
        """Success is a 2xx that the chat finds nothing wrong with."""
        settings = self._settings
        await send_composed(notification, settings.own, self._send, settings)

    async def _send(self, message: Composed) -> None:
        request = self._chat.request(message, self._settings)
        reply = await post(self._session, request, clock=self._clock)
        # Redacted here, since a service's answer may echo the message and the secrets with it.
        if problem := self._chat.refusal(reply):
            raise ReceiverRefusedError(redact(problem, request.secrets), is_about_message=True)
