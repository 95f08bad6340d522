"""What an answer's status means."""

import pytest

from regwatch.core.model import FailureReason, Quota, Timestamp
from regwatch.sources.ringme.errors import (
    PbxAnswerError,
    PbxAuthError,
    PbxError,
    PbxRateLimitedError,
    PbxRejectedError,
    PbxUnavailableError,
    is_retryable,
)
from regwatch.sources.ringme.exchange import (
    Endpoint,
    Reply,
    Request,
    code_of,
    error_for,
    is_success,
    json_body,
)

NOW = Timestamp(1_800_000_000.0)
GET = Request(Endpoint.USER, "/user/")
ASK = Request(Endpoint.REGISTRATIONS, "/registration/")
TOKEN = Request(Endpoint.TOKEN, "/oauth/token", "POST")
R = FailureReason


def reply(status: int, body: str = "", **more: object) -> Reply:
    return Reply(status, body.encode(), NOW, **more)


@pytest.mark.parametrize(
    ("request_", "status", "body", "kind", "reason"),
    [
        pytest.param(GET, 401, "", PbxAuthError, R.TOKEN_REFUSED, id="401"),
        pytest.param(
            TOKEN,
            400,
            '{"error":"invalid_client"}',
            PbxAuthError,
            R.CREDENTIALS_REFUSED,
            id="400 for a token",
        ),
        pytest.param(
            TOKEN,
            401,
            '{"error":"invalid_client"}',
            PbxAuthError,
            R.CREDENTIALS_REFUSED,
            id="401 for a token",
        ),
        pytest.param(
            GET, 403, '{"status":"access_denied"}', PbxAuthError, R.ACCESS_DENIED, id="403"
        ),
        pytest.param(
            TOKEN,
            403,
            '{"status":"user_blocked"}',
            PbxAuthError,
            R.ACCESS_DENIED,
            id="403 for a token",
        ),
        pytest.param(GET, 400, "", PbxRejectedError, R.REJECTED, id="400"),
        pytest.param(GET, 404, "", PbxRejectedError, R.NOT_FOUND, id="404"),
        pytest.param(GET, 405, "", PbxRejectedError, R.REJECTED, id="405"),
        pytest.param(GET, 413, "", PbxRejectedError, R.REJECTED, id="413"),
        pytest.param(GET, 408, "", PbxUnavailableError, R.TIMEOUT, id="408"),
        pytest.param(GET, 500, "", PbxUnavailableError, R.SERVER_ERROR, id="500"),
        pytest.param(GET, 502, "<html>", PbxUnavailableError, R.SERVER_ERROR, id="502 HTML"),
        pytest.param(GET, 599, "", PbxUnavailableError, R.SERVER_ERROR, id="599"),
        pytest.param(GET, 302, "", PbxRejectedError, R.REDIRECTED, id="302"),
        pytest.param(GET, 304, "", PbxAnswerError, R.BAD_ANSWER, id="304, which nobody asked for"),
        pytest.param(GET, 429, "", PbxRateLimitedError, R.THROTTLED, id="429 that tells nothing"),
        pytest.param(
            GET,
            429,
            '{"status":"rate_limit_exceeded"}',
            PbxRateLimitedError,
            R.QUOTA_EXHAUSTED,
            id="429 by its status",
        ),
        pytest.param(
            GET,
            429,
            '{"status":429,"message":"rate_limit_exceeded"}',
            PbxRateLimitedError,
            R.THROTTLED,
            id="429, never by its message",
        ),
    ],
)
def test_the_error_of_a_status(
    request_: Request, status: int, body: str, kind: type[PbxError], reason: FailureReason
) -> None:
    error = error_for(reply(status, body), request_, "pbx")
    assert type(error) is kind
    assert (error.reason, error.status) == (reason, status)


def test_the_registration_resource_being_closed_is_said_plainly() -> None:
    error = error_for(reply(403, '{"status":"access_denied"}'), ASK, "pbx")
    assert str(error).startswith("the registration resource is closed to your application")
    assert error.code == "access_denied"


@pytest.mark.parametrize(
    ("remaining", "wished", "reason", "wait"),
    [
        pytest.param(0, None, R.QUOTA_EXHAUSTED, None, id="nothing left"),
        pytest.param(0, 5.0, R.QUOTA_EXHAUSTED, 5.0, id="nothing left: its wish wins"),
        pytest.param(7, None, R.THROTTLED, None, id="some left"),
        pytest.param(7, 5.0, R.THROTTLED, 5.0, id="some left, with a wish"),
    ],
)
def test_the_two_kinds_of_429(
    remaining: int, wished: float | None, reason: FailureReason, wait: float | None
) -> None:
    quota = Quota(1000, remaining, Timestamp(NOW + 600), NOW)
    answer = reply(429, '{"message":"no"}', quota=quota, retry_after=wished)
    error = error_for(answer, GET, "pbx")
    assert isinstance(error, PbxRateLimitedError)
    assert (error.reason, error.retry_after) == (reason, wait)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://evil.example.com:8443/x?token=1", "https://evil.example.com:8443;"),
        ("//evil.example.com/x", "https://evil.example.com;"),
        ("/login", "pbx;"),
        ("", "pbx;"),
        ("https://[broken/", "an invalid URL;"),
        ("https://evil.example.com:port/", "an invalid URL;"),
    ],
)
def test_a_redirect_names_its_target_without_the_query(location: str, shown: str) -> None:
    text = str(error_for(reply(307, location=location), GET, "pbx"))
    assert f"redirected to {shown}" in text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"status":"access_denied"}', "access_denied"),
        (b'{"error":"invalid_client"}', "invalid_client"),
        (b'{"status":403,"error":"x"}', "x"),
        (b'{"status":403}', ""),
        (b"{}", ""),
        (b"[]", ""),
        (b"<html>", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_the_code_of_a_body(body: bytes, code: str) -> None:
    assert code_of(body) == code


def test_gone_is_a_success_only_where_it_was_wanted() -> None:
    delete = Request(Endpoint.UNREGISTER, "/x", "DELETE", gone_is_success=True)
    assert [is_success(reply(status), delete) for status in (200, 204, 404, 403)] == [
        True, True, True, False,
    ]  # fmt: skip
    assert not is_success(reply(404), GET)


@pytest.mark.parametrize("kind", ["", "application/json", "text/json; charset=utf-8"])
def test_json_is_taken(kind: str) -> None:
    assert json_body(reply(200, "[]", content_type=kind)) == b"[]"


def test_html_is_not_taken_for_json() -> None:
    with pytest.raises(PbxAnswerError, match=r"text/html instead of JSON: .an HTML page. <p>"):
        json_body(reply(200, "<p>", content_type="text/html"))


@pytest.mark.parametrize("reason", FailureReason)
def test_what_may_be_tried_again(reason: FailureReason) -> None:
    hopeless = {R.CREDENTIALS_REFUSED, R.ACCESS_DENIED, R.REJECTED, R.NOT_FOUND, R.REDIRECTED}
    assert is_retryable(PbxError("", reason=reason)) is (reason not in hopeless)
