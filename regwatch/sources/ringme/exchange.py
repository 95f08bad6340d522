"""One request and its reply, and what the reply's status means. Pure."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from regwatch.core.model import FailureReason, Quota, Timestamp
from regwatch.sources.ringme.errors import (
    PbxAnswerError,
    PbxAuthError,
    PbxError,
    PbxRateLimitedError,
    PbxRejectedError,
    PbxUnavailableError,
)

LIMIT_EXCEEDED = "rate_limit_exceeded"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Endpoint(StrEnum):
    """What a request is about; the metric label."""

    TOKEN = "token"  # noqa: S105 - the endpoint's name
    USER = "user"
    EXTENSIONS = "extensions"
    GROUPS = "groups"
    REGISTRATIONS = "registrations"
    REGISTRATION = "registration"
    UNREGISTER_ALL = "unregister_all"
    UNREGISTER = "unregister"
    REG_STATUS_LOG = "reg_status_log"


DENIED_OTHERWISE = "the PBX denies this application access"
DENIED = dict.fromkeys(
    (Endpoint.REGISTRATIONS, Endpoint.REGISTRATION),
    "the registration resource is closed to your application, ask the provider to open it",
)
"""Closed to applications by default: what everybody meets first."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request, complete but for its token."""

    endpoint: Endpoint
    path: str
    """After the PBX's URL, with its query, percent-encoded."""
    method: str = "GET"
    form: dict[str, str] | None = field(default=None, repr=False)
    gone_is_success: bool = False
    """Whether a 404 is what was wanted."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever its status."""

    status: int
    body: bytes = field(repr=False)
    received_at: Timestamp
    took: float = 0.0
    """Seconds from the request to the end of the body."""
    content_type: str = ""
    location: str = ""
    quota: Quota | None = None
    retry_after: float | None = None
    """Seconds, by its header."""


def is_success(reply: Reply, request: Request) -> bool:
    """Whether the PBX did what was asked."""
    return 200 <= reply.status < 300 or (request.gone_is_success and reply.status == 404)


def json_body(reply: Reply) -> bytes:
    """The body, if it is said to be JSON; raises `PbxAnswerError`."""
    if reply.content_type and "json" not in reply.content_type.lower():
        text = f"{reply.content_type} instead of JSON: {_said(reply)}"
        raise PbxAnswerError(text, reason=FailureReason.BAD_ANSWER)
    return reply.body


def error_for(reply: Reply, request: Request, host: str) -> PbxError:
    """What a reply that is no success means: by its HTTP status, then by a string `status` in its
    body, never by its `message`. The text is raw: the transport redacts it.
    """
    status, code = reply.status, code_of(reply.body)
    text = f"{host}, {request.endpoint}: {status} {_said(reply)}"
    if status == 429:
        return _rate_limited(reply, text, code)
    if status in REDIRECTS:
        target = _origin(reply.location, host)
        text = f"{host}, {request.endpoint}: {status}, redirected to {target}; not followed"
        return PbxRejectedError(text, reason=FailureReason.REDIRECTED, status=status)
    if status == 401 or (status == 400 and request.endpoint is Endpoint.TOKEN):
        what, reason = "token", FailureReason.TOKEN_REFUSED
        if request.endpoint is Endpoint.TOKEN:
            what, reason = "credentials", FailureReason.CREDENTIALS_REFUSED
        text = f"the PBX refuses the {what}: {text}"
        return PbxAuthError(text, reason=reason, status=status, code=code)
    if status == 403:
        text = f"{DENIED.get(request.endpoint, DENIED_OTHERWISE)}: {text}"
        return PbxAuthError(text, reason=FailureReason.ACCESS_DENIED, status=status, code=code)
    if status == 408:
        return PbxUnavailableError(text, reason=FailureReason.TIMEOUT, status=status, code=code)
    if status >= 500:
        reason = FailureReason.SERVER_ERROR
        return PbxUnavailableError(text, reason=reason, status=status, code=code)
    if status >= 400:
        reason = FailureReason.NOT_FOUND if status == 404 else FailureReason.REJECTED
        return PbxRejectedError(text, reason=reason, status=status, code=code)
    return PbxAnswerError(text, reason=FailureReason.BAD_ANSWER, status=status)


def _rate_limited(reply: Reply, text: str, code: str) -> PbxRateLimitedError:
    """The hour's quota, unless some of it is left: then it is too much at once. Where nothing is
    told at all, that is also what is assumed: waiting for the next hour would be the worse error.
    """
    quota = reply.quota
    exhausted = quota.remaining == 0 if quota is not None else code == LIMIT_EXCEEDED
    reason = FailureReason.QUOTA_EXHAUSTED if exhausted else FailureReason.THROTTLED
    return PbxRateLimitedError(text, reason=reason, retry_after=reply.retry_after, code=code)


def code_of(body: bytes) -> str:
    """The body's string `status` or OAuth `error`; empty if there is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    words = (answer.get("status"), answer.get("error"))
    return next((word for word in words if isinstance(word, str)), "")


def _said(reply: Reply) -> str:
    text = reply.body.decode("utf-8", errors="replace").strip()
    return f"(an HTML page) {text}" if text.startswith("<") else text


def _origin(location: str, host: str) -> str:
    try:
        parts = urlsplit(location)
        if not parts.hostname:
            return host
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an invalid URL"
    return f"{parts.scheme or 'https'}://{parts.hostname}{port}"
