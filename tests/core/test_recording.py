"""What is recorded is read again as it was, also by a version that knows more."""

import msgspec
import pytest
from fakes.values import ACME, answer, at, batch, listing, registration

from regwatch.core.model import FailureReason
from regwatch.core.recording import Recorded

RECORDS = {
    "a poll": Recorded(
        at=at(1),
        account=ACME,
        batch=batch(
            answer(1, registration(), when=1),
            answer(2, when=1, former=[registration("old", ends=None)]),
            asked=[3],
            refused=[4],
            failure=FailureReason.TIMEOUT,
        ),
    ),
    "a list": Recorded(at=at(2), account=ACME, listing=listing(1, 2, complete=False)),
    "no answer": Recorded(
        at=at(3), account=ACME, failure=FailureReason.NETWORK, detail="connection refused"
    ),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS.keys())
def test_a_record_survives_its_file(record: Recorded) -> None:
    line = msgspec.json.encode(record)
    assert b"\n" not in line, "an object to a line"
    assert msgspec.json.decode(line, type=Recorded) == record


def test_what_there_was_none_of_is_left_out() -> None:
    line = msgspec.json.decode(msgspec.json.encode(RECORDS["no answer"]))
    assert set(line) == {"at", "account", "failure", "detail"}


def test_what_a_later_version_adds_is_passed_over() -> None:
    line = msgspec.json.decode(msgspec.json.encode(RECORDS["a list"]))
    later = msgspec.json.encode(line | {"weather": "rain"})
    assert msgspec.json.decode(later, type=Recorded) == RECORDS["a list"]
