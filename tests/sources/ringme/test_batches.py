"""How ids are put into requests."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import ExtensionId, FailureReason
from regwatch.sources.ringme.batches import BatchSize, Blame, blame, halves, query, split
from regwatch.sources.ringme.errors import PbxError


def ids(*numbers: int) -> tuple[ExtensionId, ...]:
    return tuple(map(ExtensionId, numbers))


@given(
    st.lists(st.integers(1, 10**9), unique=True, max_size=200),
    st.integers(1, 60),
    st.integers(30, 2000),
)
@settings(deadline=None)
def test_batches_hold_all_ids_in_order_within_bounds(
    numbers: list[int], limit: int, room: int
) -> None:
    batches = list(split(ids(*numbers), limit=limit, room=room))
    assert [i for batch in batches for i in batch] == numbers
    assert all(0 < len(batch) <= limit for batch in batches)
    assert all(len(query(batch)) <= room for batch in batches)


def test_an_id_longer_than_the_room_goes_alone() -> None:
    assert list(split(ids(1, 2), limit=9, room=1)) == [(1,), (2,)]


def test_a_request_line_of_eight_kilobytes_takes_hundreds() -> None:
    (first, *_) = split(ids(*range(1_000_000, 1_001_000)), limit=10_000, room=7900)
    assert len(first) > 350


def test_halves_are_the_whole() -> None:
    assert halves(ids(1, 2, 3)) == ((1, 2), (3,))
    assert query(ids(3, 2)) == "extension_id=3&extension_id=2"


@pytest.mark.parametrize(
    ("status", "code", "what"),
    [
        (400, "", Blame.IDS_OR_SIZE), (403, "access_denied", Blame.IDS), (404, "", Blame.IDS),
        (413, "", Blame.SIZE), (414, "", Blame.SIZE), (502, "", Blame.SIZE_OR_OUTAGE),
        (500, "", Blame.NEITHER), (503, "", Blame.NEITHER), (None, "", Blame.NEITHER),
        (403, "app_access_type_deny", Blame.NEITHER), (403, "user_blocked", Blame.NEITHER),
        (403, "user_access_type_deny", Blame.NEITHER), (429, "", Blame.NEITHER),
    ],
)  # fmt: skip
def test_what_a_batch_failed_for(status: int | None, code: str, what: Blame) -> None:
    error = PbxError("", reason=FailureReason.REJECTED, status=status, code=code)
    assert blame(error) is what


def test_a_bad_answer_is_nobodys_fault_whatever_its_status() -> None:
    error = PbxError("", reason=FailureReason.BAD_ANSWER, status=404)
    assert blame(error) is Blame.NEITHER


def test_a_size_once_said_stays() -> None:
    size = BatchSize(50)
    size.shrink(25)
    size.shrink(40)
    assert size.limit(now=1e9) == 25
    size.shrink(0)
    assert size.limit(now=1e9) == 1


def test_a_size_only_guessed_is_forgotten_in_time() -> None:
    size = BatchSize(50)
    size.shrink_for_a_while(12, now=0.0)
    size.shrink_for_a_while(25, now=10.0)
    assert size.limit(now=909.0) == 12
    assert size.limit(now=910.0) == 50


def test_the_size_is_doubted_once_until_something_was_answered() -> None:
    size = BatchSize(50)
    assert [size.doubt(), size.doubt()] == [True, False]
    size.trust()
    assert size.doubt()
