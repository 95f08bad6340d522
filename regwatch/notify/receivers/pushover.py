"""The `pushover` receiver: push notifications to phones (https://pushover.net/api).

A message holds 1024 characters of up to four bytes each, its title 250, a link 512. An emergency
sounds again and again until somebody acknowledges it on the phone; here it bears a tag of its
group, by which it is cancelled once nothing of its kind fires any more
(https://pushover.net/api/receipts). 429 says that the application's messages of the month are
spent.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import IntEnum
from typing import Annotated, Literal

import aiohttp
import structlog
from pydantic import AfterValidator, Field, SecretStr

from regwatch.clock import Clock
from regwatch.core.model import ItemStatus, Notification, NotifyReason, Severity
from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.http import Post, Reply, answered, post, to_json
from regwatch.notify.receivers.chat import Chat, ChatReceiver
from regwatch.notify.receivers.kind import Kind, RestOfFile, posting
from regwatch.notify.words.composition import Composed, text_within
from regwatch.notify.words.links import page_of
from regwatch.notify.words.markup import PLAIN, cut_to
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import WebUrl
from regwatch.shapes.values import ONE_OR_MORE, Duration, Secret, Text, revealed, wrong

log = structlog.get_logger(__name__)

API = "https://api.pushover.net"
MESSAGE_LIMIT = 1024
TITLE_LIMIT = 250
URL_LIMIT = 512
KEY = re.compile(r"[A-Za-z0-9]{30}")
DEVICE = re.compile(r"[A-Za-z0-9_-]{1,25}")
GOOD_NEWS = frozenset({NotifyReason.SOME_RESOLVED, NotifyReason.ALL_RESOLVED})


class Priority(IntEnum):
    """How a message sounds (https://pushover.net/api#priority)."""

    LOWEST = -2
    """Shown nowhere but in the app."""
    LOW = -1
    """Shown, without a sound."""
    NORMAL = 0
    HIGH = 1
    """Sounds in quiet hours too."""
    EMERGENCY = 2
    """The same, until somebody acknowledges it."""


# --- what the file says ------------------------------------------------------------


def _key(value: SecretStr) -> SecretStr:
    if not KEY.fullmatch(value.get_secret_value()):
        raise wrong("no key of Pushover", "it has 30 letters and digits")
    return value


def _device(value: str) -> str:
    if not DEVICE.fullmatch(value):
        raise wrong(f"`{value[:80]}` is no name of a device", "letters, digits, `_` and `-`")
    return value


Key = Annotated[Secret, AfterValidator(_key)]
Device = Annotated[Text, AfterValidator(_device)]
Level = Literal["lowest", "low", "normal", "high", "emergency"]


class PrioritiesShape(Shape):
    """How each severity sounds."""

    critical: Level = "emergency"
    warning: Level = "normal"
    info: Level = "low"


class PushoverShape(Shape):
    """Pushover: push notifications; what is critical sounds until it is acknowledged."""

    token: Key = Field(description="Of the application.")
    user: Key = Field(description="The key of a user or of a group.")
    device: Annotated[list[Device], ONE_OR_MORE] = Field(
        default=[], description="Only these of the user's devices."
    )
    sound: Text | None = Field(default=None, description="In place of the user's own.")
    priorities: PrioritiesShape = PrioritiesShape()
    retry: Duration = Field(
        default=60.0, ge=30.0, description="How often an emergency sounds; at least 30s."
    )
    expire: Duration = Field(
        default=3600.0, ge=30.0, le=10_800.0, description="When it gives up; at most 3h."
    )
    url: WebUrl = API
    timeout: Duration = 10.0


PRIORITIES: Mapping[Severity, Priority] = {
    severity: Priority[getattr(PrioritiesShape(), severity).upper()] for severity in Severity
}
"""Unless the file says otherwise."""


@dataclass(frozen=True, slots=True)
class PushoverSettings:
    """Which application writes to whom, and how loud."""

    token: str = field(repr=False)
    user: str = field(repr=False)
    device: tuple[str, ...] = ()
    """None: all of them."""
    sound: str = ""
    priorities: Mapping[Severity, Priority] = field(default_factory=lambda: PRIORITIES)
    retry_seconds: float = 60.0
    expire_seconds: float = 3600.0
    url: str = API
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES

    def request(self, path: str, content: Mapping[str, object]) -> Post:
        """One to the API."""
        return Post(
            url=f"{self.url.rstrip('/')}/1/{path}.json",
            body=to_json({"token": self.token, **content}),
            timeout_seconds=self.timeout_seconds,
            secrets=(self.token, self.user),
        )


def settings_of(shape: PushoverShape, rest: RestOfFile) -> PushoverSettings:
    """As the file says."""
    levels = shape.priorities
    return PushoverSettings(
        token=revealed(shape.token),
        user=revealed(shape.user),
        device=tuple(shape.device),
        sound=shape.sound or "",
        priorities={each: Priority[getattr(levels, each).upper()] for each in Severity},
        retry_seconds=shape.retry,
        expire_seconds=shape.expire,
        url=shape.url,
        **rest.spoken(shape.timeout),
    )


# --- what is sent ------------------------------------------------------------


class PushoverReceiver:
    """Sends each notification as one message, and cancels the emergencies that are over."""

    kind = "pushover"

    def __init__(
        self, name: str, settings: PushoverSettings, session: aiohttp.ClientSession, *, clock: Clock
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock
        self._chat: ChatReceiver[PushoverSettings] = ChatReceiver(
            CHAT, name, settings, session, clock=clock
        )

    async def deliver(self, notification: Notification) -> None:
        """Success is that the message is taken. What is over stops sounding before that: should
        the message fail, the next attempt does both again, which changes nothing.
        """
        if ends_emergency(notification, self._settings):
            await self._cancel(notification)
        await self._chat.deliver(notification)

    async def _cancel(self, notification: Notification) -> None:
        request = self._settings.request(f"receipts/cancel_by_tag/{tag_of(notification)}", {})
        try:
            await post(self._session, request, clock=self._clock)
        except ReceiverRefusedError as error:
            # It ends by itself; that it is over must be told all the same.
            log.warning("emergency_not_cancelled", receiver=self.name, error=error.message)


def request(message: Composed, settings: PushoverSettings) -> Post:
    """The whole message."""
    return settings.request("messages", payload(message, settings))


def refusal(reply: Reply) -> str:
    """Success is a 2xx whose `status` is 1; `errors` says what is wrong otherwise."""
    is_taken = answered(reply.body).get("status") == 1
    return "" if is_taken else f"not Pushover's answer, {reply.status}: {reply.body}"


CHAT = Chat("pushover", request, refusal)


def payload(message: Composed, settings: PushoverSettings) -> dict[str, object]:
    """The message, in plain text, but for the application's token."""
    notification = message.notification
    priority = priority_of(notification, settings)
    return {
        "user": settings.user,
        "title": cut_to(message.title, TITLE_LIMIT),
        "message": _text(message),
        "priority": int(priority),
        "timestamp": int(notification.created_at),
        **_link(notification, settings.external_url),
        **({"device": ",".join(settings.device)} if settings.device else {}),
        **({"sound": settings.sound} if settings.sound else {}),
        **(_until_acknowledged(notification, settings) if priority is Priority.EMERGENCY else {}),
    }


def _text(message: Composed) -> str:
    text = text_within(MESSAGE_LIMIT, message, PLAIN, "")
    # Pushover refuses a message without words; a template may well give all of them to the title.
    return text if text.strip() else cut_to(message.title, MESSAGE_LIMIT)


def priority_of(notification: Notification, settings: PushoverSettings) -> Priority:
    """By the severity; good news never wakes anybody."""
    priority = settings.priorities[notification.severity]
    is_good = notification.is_resolved or notification.reason in GOOD_NEWS
    return min(priority, Priority.NORMAL) if is_good else priority


def ends_emergency(notification: Notification, settings: PushoverSettings) -> bool:
    """Whether all in it that was worth an emergency is over."""
    firing = [
        word.status is not ItemStatus.RESOLVED
        for word in notification.words
        if settings.priorities[word.severity] is Priority.EMERGENCY
    ]
    return bool(firing) and not any(firing)


def tag_of(notification: Notification) -> str:
    """The same for all messages of a group to a receiver; a group's own key may hold anything."""
    whose = f"{notification.receiver}\n{notification.group_key}"
    return f"regwatch-{hashlib.sha256(whose.encode(errors='replace')).hexdigest()[:24]}"


def _until_acknowledged(
    notification: Notification, settings: PushoverSettings
) -> dict[str, object]:
    return {
        "retry": int(settings.retry_seconds),
        "expire": int(settings.expire_seconds),
        "tags": tag_of(notification),
    }


def _link(notification: Notification, external_url: str) -> dict[str, object]:
    url = page_of(notification, external_url)
    if not url or len(url) > URL_LIMIT:
        return {}
    return {"url": url, "url_title": "Show in regwatch"}


PUSHOVER = Kind(
    "pushover",
    PushoverShape,
    settings_of,
    {PushoverSettings: posting(PushoverReceiver)},
    escape=PLAIN.escape,
)
