"""The `slack` receiver with a bot's token: one message per group, changed in place, with a thread
(https://docs.slack.dev/reference/methods/chat.postMessage and …/chat.update).

A group's first message is posted, and its channel and `ts` are noted. What follows changes that
message, so that it always shows how things stand, and is told in its thread; what somebody should
see who reads the channel only (something new, something worse, a reminder) is shown there too. The
API answers 200 to nearly everything: `ok` in the body tells.

The kind stands here, and not in `slack`, since only the bot's module knows both ways to Slack.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from http import HTTPStatus

import aiohttp
import msgspec
from pydantic import Field, model_validator

from regwatch.clock import Clock
from regwatch.core.model import Notification, NotifyReason
from regwatch.core.outside import made_safe
from regwatch.notify.errors import (
    DeliveryError,
    ReceiverRefusedError,
    ReceiverUnavailableError,
)
from regwatch.notify.http import Post, answered, post, to_json
from regwatch.notify.memo import GroupNotes, Memo, begins_anew
from regwatch.notify.receivers.kind import Kind, Means, RestOfFile
from regwatch.notify.receivers.slack import MRKDWN, WEBHOOK, SlackSettings, payload
from regwatch.notify.redaction import redact
from regwatch.notify.words.composition import Composed, send_composed
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import SecretUrl
from regwatch.shapes.values import Duration, Secret, Text, revealed, wrong

API = "https://slack.com/api"
LONGEST_ANSWER = 1 << 20
"""Bytes: Slack's answer repeats the message."""
LONGEST_NOTED = 100
"""Characters of a channel's id or of a message's time: it is kept, and no answer is worth more."""
LATER = frozenset(
    {
        "ratelimited", "rate_limited", "message_limit_exceeded", "internal_error", "fatal_error",
        "service_unavailable", "request_timeout", "team_added_to_org", "accesslimited",
    }
)  # fmt: skip
"""Errors that pass; the others need a person."""
ABOUT_THE_MESSAGE = frozenset(
    {
        "msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format",
        "invalid_attachments", "too_many_attachments", "invalid_arguments", "no_text",
    }
)  # fmt: skip
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Errors of chat.update after which a new message begins."""
SHOWN_IN_CHANNEL = frozenset(
    {
        NotifyReason.NEW_INCIDENTS,
        NotifyReason.WORSE,
        NotifyReason.GROWN,
        NotifyReason.REPEAT_DUE,
    }
)


class SlackShape(Shape):
    """Slack: an incoming webhook, or a bot that keeps one message per group up to date."""

    url: SecretUrl | None = Field(default=None, description="An incoming webhook.")
    token: Secret | None = Field(default=None, description="A bot's token, `xoxb-…`.")
    channel: Text | None = Field(default=None, description="Where the bot writes.")
    timeout: Duration = 10.0

    @model_validator(mode="after")
    def _has_one_way(self) -> "SlackShape":
        if (self.url is None) == (self.token is None):
            raise wrong("needs `url` (an incoming webhook) or `token` and `channel` (a bot)")
        if (self.token is None) != (self.channel is None):
            raise wrong("`token` and `channel` go together")
        return self


@dataclass(frozen=True, slots=True)
class SlackBotSettings:
    """Which bot, and where it writes."""

    token: str = field(repr=False)
    channel: str
    """An id, or a name such as `#alerts`."""
    url: str = API
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES


def settings_of(shape: SlackShape, rest: RestOfFile) -> SlackSettings | SlackBotSettings:
    """As the file says: those of the bot, or those of the webhook."""
    spoken = rest.spoken(shape.timeout)
    if shape.token is not None:
        token, channel = revealed(shape.token), shape.channel or ""
        return SlackBotSettings(token=token, channel=channel, **spoken)
    return SlackSettings(url=revealed(shape.url), **spoken)


class Posted(msgspec.Struct, frozen=True):
    """Where a group's message stands, and how far its last notification got."""

    channel: str
    """The id, which chat.update asks for, also where the settings name the channel."""
    ts: str
    told: str = ""
    """The notification that was delivered last."""
    over: bool = False
    """Whether that was the end of it: what comes next begins a new message."""


class SlackApiError(ReceiverRefusedError):
    """The API said `ok: false`, for good."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, is_about_message=code in ABOUT_THE_MESSAGE)
        self.code = code


class SlackBotReceiver:
    """Keeps one message per group up to date."""

    kind = "slack"

    def __init__(
        self,
        name: str,
        settings: SlackBotSettings,
        session: aiohttp.ClientSession,
        memo: Memo,
        *,
        clock: Clock,
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._notes = GroupNotes(name, memo)
        self._clock = clock

    async def deliver(self, notification: Notification) -> None:
        """Success is that each call is answered `ok`."""
        posted = await self._posted(notification)
        if posted is not None and posted.told == notification.id:
            return  # the process ended before it could be marked as delivered
        if begins_anew(notification) or (posted is not None and posted.over):
            posted = None
        posted = await self._tell(notification, posted)
        await self._note(notification, posted)

    async def _tell(self, notification: Notification, posted: Posted | None) -> Posted:
        settings = self._settings

        async def send(message: Composed) -> None:
            nonlocal posted
            content = payload(message, external_url=settings.external_url)
            posted = await self._show(content, posted, notification)

        await send_composed(notification, settings.own, send, settings)
        if posted is None:  # pragma: no cover - `send` has run, or has raised
            raise AssertionError
        return posted

    async def _show(
        self, content: Mapping[str, object], posted: Posted | None, notification: Notification
    ) -> Posted:
        if posted is None:
            return await self._begin(content)
        try:
            await self._call("chat.update", {"channel": posted.channel, "ts": posted.ts, **content})
        except SlackApiError as error:
            if error.code not in GONE:
                raise
            return await self._begin(content)
        shown = {"reply_broadcast": True} if notification.reason in SHOWN_IN_CHANNEL else {}
        place = {"channel": posted.channel, "thread_ts": posted.ts, **shown}
        await self._post({**place, **content})
        return posted

    async def _begin(self, content: Mapping[str, object]) -> Posted:
        channel = self._settings.channel
        answer = await self._post({"channel": channel, **content})
        return Posted(noted(answer, "channel") or channel, noted(answer, "ts"))

    async def _post(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        quiet = {"unfurl_links": False, "unfurl_media": False}
        return await self._call("chat.postMessage", {**quiet, **arguments})

    async def _call(self, method: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
        settings = self._settings
        request = Post(
            url=f"{settings.url.rstrip('/')}/{method}",
            body=to_json(arguments),
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Authorization": f"Bearer {settings.token}",
            },
            timeout_seconds=settings.timeout_seconds,
            secrets=(settings.token,),
            longest_answer=LONGEST_ANSWER,
        )
        reply = await post(self._session, request, clock=self._clock)
        return self._judged(method, reply.body, reply.status)

    def _judged(self, method: str, text: str, status: int) -> Mapping[str, object]:
        answer = answered(text)
        if answer.get("ok") is True:
            return answer
        code = str(answer.get("error", "")) if status == HTTPStatus.OK else ""
        shown = code or f"not Slack's answer: {text}"
        raise self._error(redact(f"{method}: {shown}", (self._settings.token,)), code)

    def _error(self, message: str, code: str) -> DeliveryError:
        if not code or code in LATER:
            return ReceiverUnavailableError(message)
        return SlackApiError(message, code)

    # --- what is noted ------------------------------------------------------------

    async def _posted(self, notification: Notification) -> Posted | None:
        noted = await self._notes.recall(notification)
        try:
            return msgspec.json.decode(noted, type=Posted) if noted is not None else None
        except msgspec.MsgspecError:
            return None

    async def _note(self, notification: Notification, posted: Posted) -> None:
        told = Posted(posted.channel, posted.ts, notification.id, notification.is_resolved)
        text = msgspec.json.encode(told).decode()
        await self._notes.remember(notification, text, at=self._clock())


def noted(answer: Mapping[str, object], name: str) -> str:
    """What an answer says under this name, fit to be kept; empty if it says nothing."""
    value = answer.get(name)
    return made_safe(value[:LONGEST_NOTED]) if isinstance(value, str) else ""


def _bot(name: str, settings: SlackBotSettings, means: Means) -> SlackBotReceiver:
    return SlackBotReceiver(name, settings, means.session, means.memo, clock=means.clock)


SLACK = Kind(
    "slack",
    SlackShape,
    settings_of,
    {SlackSettings: WEBHOOK.receiver, SlackBotSettings: _bot},
    escape=MRKDWN.escape,
)
