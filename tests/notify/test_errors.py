"""What an HTTP status means to a message: later, or no."""

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regwatch.notify.errors import (
    DeliveryError,
    ReceiverRefusedError,
    ReceiverUnavailableError,
    error_for,
    is_retryable,
)


@pytest.mark.parametrize(
    ("status", "later", "may_have_arrived"),
    [
        (HTTPStatus.FOUND, False, False),
        (HTTPStatus.BAD_REQUEST, False, False),
        (HTTPStatus.UNAUTHORIZED, False, False),
        (HTTPStatus.NOT_FOUND, False, False),
        (HTTPStatus.REQUEST_TIMEOUT, True, False),
        (HTTPStatus.UNPROCESSABLE_ENTITY, False, False),
        (HTTPStatus.TOO_MANY_REQUESTS, True, False),
        (HTTPStatus.INTERNAL_SERVER_ERROR, True, True),
        (HTTPStatus.BAD_GATEWAY, True, True),
        (HTTPStatus.GATEWAY_TIMEOUT, True, True),
    ],
)
def test_what_a_status_means(status: int, later: bool, may_have_arrived: bool) -> None:
    error = error_for(status, "said", retry_after=7.0)
    assert isinstance(error, ReceiverUnavailableError if later else ReceiverRefusedError)
    assert is_retryable(status) is error.retryable is later
    assert error.may_have_arrived is may_have_arrived
    assert error.retry_after == (7.0 if later else None)


@given(st.integers(300, 599))
def test_there_is_an_error_for_every_status_and_only_what_may_pass_is_tried_again(
    status: int,
) -> None:
    error = error_for(status, "x")
    assert error.retryable is isinstance(error, ReceiverUnavailableError)
    assert error.retryable or not error.may_have_arrived


def test_unless_it_is_known_otherwise_what_was_not_refused_may_have_arrived() -> None:
    assert ReceiverUnavailableError("x").may_have_arrived
    assert not ReceiverRefusedError("x").may_have_arrived
    assert not ReceiverUnavailableError("x", may_have_arrived=False).may_have_arrived
    assert ReceiverRefusedError("x", may_have_arrived=True).may_have_arrived


def test_what_a_receiver_answers_is_made_safe_before_anybody_reads_it() -> None:
    error = DeliveryError("no\x1b[31m\ud800!")
    assert error.message == str(error)
    assert error.message.isprintable()
