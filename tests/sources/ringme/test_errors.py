"""What can go wrong with the PBX, and whether it is worth another try."""

import pytest

from regwatch.core.model import FailureReason
from regwatch.sources.ringme import errors
from regwatch.sources.ringme.errors import PbxError, PbxRateLimitedError, is_retryable
from regwatch.sources.source import SourceError

FOR_A_PERSON = {"credentials_refused", "access_denied", "rejected", "not_found", "redirected"}
KINDS = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and each.__module__ == errors.__name__
]


@pytest.mark.parametrize("reason", FailureReason)
def test_what_only_a_person_can_mend_is_not_tried_again(reason: FailureReason) -> None:
    assert is_retryable(PbxError("x", reason=reason)) is (reason not in FOR_A_PERSON)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_says_all_that_is_known_of_it(kind: type[PbxError]) -> None:
    error = kind("no", reason=FailureReason.TIMEOUT, status=503, code="busy", retry_after=7.0)
    assert isinstance(error, SourceError)
    assert (str(error), error.reason, error.retry_after) == ("no", FailureReason.TIMEOUT, 7.0)
    assert (error.status, error.code) == (503, "busy")


def test_a_used_up_quota_is_a_429_unless_it_is_said_otherwise() -> None:
    assert PbxRateLimitedError("x", reason=FailureReason.THROTTLED).status == 429
