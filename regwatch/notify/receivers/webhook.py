"""The `webhook` receiver: the body of `webhook_body`, or one made by a template, signed as Standard
Webhooks asks (https://www.standardwebhooks.com).
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Annotated

import aiohttp
import structlog
from pydantic import AfterValidator, Field

from regwatch.clock import Clock
from regwatch.core.model import Notification, Timestamp
from regwatch.core.suggestions import did_you_mean
from regwatch.notify.http import Credentials, Post, post, to_json
from regwatch.notify.receivers.authentication import BasicAuth, credentials
from regwatch.notify.receivers.kind import Kind, RestOfFile, posting
from regwatch.notify.redaction import secrets_of
from regwatch.notify.words.markup import tidy
from regwatch.notify.words.sample import try_out
from regwatch.notify.words.template_context import NAMES, template_context
from regwatch.notify.words.templates import Template, TemplateError
from regwatch.notify.words.webhook_body import payload
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import SecretUrl
from regwatch.shapes.values import Duration, Lines, Secret, Text, revealed, wrong

log = structlog.get_logger(__name__)

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110, section 5.6.2."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of a secret, not one
URL_SAFE = str.maketrans("-_", "+/")


def _renders(source: str) -> str:
    try:
        try_out(Template(source, known=NAMES))
    except TemplateError as error:
        advice = did_you_mean(error.name, NAMES) if error.name else None
        raise wrong(f"not a template: {error}", advice or "") from error
    return source


def _names_a_header(name: str) -> str:
    if not HEADER_NAME.fullmatch(name):
        raise wrong("no name of a header")
    return name


HeaderName = Annotated[Text, AfterValidator(_names_a_header)]
TemplateText = Annotated[Lines, AfterValidator(_renders)]


class WebhookShape(Shape):
    """Alertmanager's webhook body, version 4, and a `regwatch` object per alert."""

    url: SecretUrl
    secret: Secret | None = Field(
        default=None,
        description="Signs as Standard Webhooks does; several, one on each line, sign all.",
    )
    max_alerts: int = Field(default=100, ge=0, description="0: no limit.")
    headers: dict[HeaderName, TemplateText] = Field(
        default={}, description="Values may be templates."
    )
    body: TemplateText | None = Field(default=None, description="A Jinja2 template.")
    bearer_token: Secret | None = None
    basic_auth: BasicAuth | None = None
    timeout: Duration = 10.0


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where and how to post."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    """`whsec_` and base64, or any text, one on each line; empty: not signed."""
    max_alerts: int = 0
    """0: all. Otherwise `truncatedAlerts` says how many are left out."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Template | None = None
    """In place of the usual body."""
    header_templates: Mapping[str, Template] = field(default_factory=dict, repr=False)
    credentials: Credentials = field(default_factory=Credentials)
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC


def settings_of(shape: WebhookShape, rest: RestOfFile) -> WebhookSettings:
    """As the file says; headers that are templates apart from those that are not."""
    return WebhookSettings(
        url=revealed(shape.url),
        secret=revealed(shape.secret),
        max_alerts=shape.max_alerts,
        headers={name: text for name, text in shape.headers.items() if not _is_template(text)},
        header_templates={
            name: Template(text, known=NAMES)
            for name, text in shape.headers.items()
            if _is_template(text)
        },
        body=Template(shape.body, known=NAMES) if shape.body is not None else None,
        credentials=credentials(shape.basic_auth, shape.bearer_token),
        timeout_seconds=shape.timeout,
        external_url=rest.external_url,
        zone=rest.zone,
    )


def _is_template(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


class WebhookReceiver:
    """Posts each notification as one JSON body."""

    kind = "webhook"

    def __init__(
        self, name: str, settings: WebhookSettings, session: aiohttp.ClientSession, *, clock: Clock
    ) -> None:
        self.name = name
        self._settings = settings
        self._session = session
        self._clock = clock

    @property
    def most_shown(self) -> int:
        """As many as the file says; 0: all."""
        return self._settings.max_alerts

    async def deliver(self, notification: Notification) -> None:
        """Any 2xx is success."""
        settings = self._settings
        headers, body = self._content(notification)
        signed = signature_headers(notification.id, body, settings.secret, at=self._clock())
        request = Post(
            url=settings.url,
            body=body,
            headers={**headers, **settings.credentials.headers(), **signed},
            timeout_seconds=settings.timeout_seconds,
            secrets=(
                *secrets_in(settings.secret),
                *settings.credentials.secrets,
                *headers.values(),
                *secrets_of(settings.url),
            ),
        )
        await post(self._session, request, clock=self._clock)

    def _content(self, notification: Notification) -> tuple[dict[str, str], bytes]:
        """Headers and body by the templates; should one fail, the usual ones, which say so."""
        settings = self._settings
        if notification.is_minimal or (settings.body is None and not settings.header_templates):
            return dict(settings.headers), to_json(self._usual(notification))
        context = template_context(
            notification,
            external_url=settings.external_url,
            max_alerts=settings.max_alerts,
            zone=settings.zone,
        )
        try:
            headers = {
                name: tidy(template.render(context))
                for name, template in settings.header_templates.items()
            }
            text = settings.body.render(context) if settings.body else None
        except TemplateError as error:
            log.warning("template_failed", receiver=self.name, error=str(error))
            usual = {**self._usual(notification), "templateError": str(error)}
            return dict(settings.headers), to_json(usual)
        headers = {**settings.headers, **headers}
        if text is None:
            return headers, to_json(self._usual(notification))
        return headers, text.encode("utf-8", errors="replace")

    def _usual(self, notification: Notification) -> dict[str, object]:
        settings = self._settings
        return payload(
            notification,
            max_alerts=1 if notification.is_minimal else settings.max_alerts,
            external_url=settings.external_url,
            zone=settings.zone,
        )


def signature_headers(
    message_id: str, body: bytes, secret: str, *, at: Timestamp
) -> dict[str, str]:
    """The Standard Webhooks headers; without a secret, only id and time.

    The id is the notification's and thus the same at each retry: receivers deduplicate by it.
    """
    stamp = str(int(at))
    headers = {"webhook-id": message_id, "webhook-timestamp": stamp}
    signed = f"{message_id}.{stamp}.".encode() + body
    signatures = [
        base64.b64encode(hmac.digest(signing_key(each), signed, hashlib.sha256)).decode()
        for each in secrets_in(secret)
    ]
    if signatures:
        headers["webhook-signature"] = " ".join(f"v1,{signature}" for signature in signatures)
    return headers


def secrets_in(secret: str) -> list[str]:
    """One on each line: while one is changed for another, both sign."""
    return [line.strip() for line in secret.splitlines() if line.strip()]


def signing_key(secret: str) -> bytes:
    """The bytes behind `whsec_…`; the text itself if it is not of that form."""
    return key_in(secret) or secret.encode()


def key_in(secret: str) -> bytes | None:
    """What `whsec_` and base64 stand for, padded or not, url-safe or not, as the libraries of
    Standard Webhooks between them read it; None if it is something else.
    """
    if not secret.startswith(SECRET_PREFIX):
        return None
    text = secret.removeprefix(SECRET_PREFIX).translate(URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None


WEBHOOK = Kind("webhook", WebhookShape, settings_of, {WebhookSettings: posting(WebhookReceiver)})
