"""What a record says up to a moment: the last that was said of each."""

import pytest
from fakes.values import ACME, answer, at, batch, listing, registration
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import BatchAnswer, ExtensionId, FailureReason
from regwatch.core.recording import Recorded
from regwatch.sources.recorded.standing import Standing
from regwatch.sources.source import SourceError

ONE, TWO = ExtensionId(1), ExtensionId(2)
TIMEOUT = FailureReason.TIMEOUT


def standing(*said: BatchAnswer | FailureReason) -> Standing:
    """After polls that brought these."""
    it = Standing()
    for when, each in enumerate(said):
        if isinstance(each, FailureReason):
            it.take(Recorded(at=at(when), account=ACME, failure=each, detail="said why"))
        else:
            it.take(Recorded(at=at(when), account=ACME, batch=each))
    return it


def held(number: int, when: float = 0) -> BatchAnswer:
    return batch(answer(number, registration(), when=when))


def test_the_latest_answer_counts() -> None:
    said = standing(held(1, when=0), batch(answer(1, when=60))).registrations([ONE])
    assert said == batch(answer(1, when=60))


def test_what_was_said_in_another_poll_still_stands() -> None:
    said = standing(held(1), held(2)).registrations([ONE, TWO])
    assert set(said.answers) == {1, 2}


@pytest.mark.parametrize(
    ("then", "now"),
    [
        pytest.param(batch(refused=[1]), batch(refused=[1]), id="refused"),
        pytest.param(batch(asked=[1]), batch(asked=[1]), id="left out"),
    ],
)
def test_an_answer_does_not_outlive_a_poll_that_brought_none(
    then: BatchAnswer, now: BatchAnswer
) -> None:
    assert standing(held(1), then).registrations([ONE]) == now


def test_who_was_refused_may_be_answered_later() -> None:
    assert standing(batch(refused=[1]), held(1)).registrations([ONE]) == held(1)


def test_a_part_that_failed_is_told_with_what_was_answered() -> None:
    partly = batch(answer(1, when=0), asked=[2], failure=TIMEOUT)
    it = standing(partly)
    assert it.registrations([ONE, TWO]) == partly
    assert it.registrations([ONE]).failure is None
    with pytest.raises(SourceError) as caught:
        it.registrations([TWO])
    assert caught.value.reason is TIMEOUT


def test_a_poll_that_brought_nothing_is_an_error_for_all_until_the_next() -> None:
    it = standing(held(1), TIMEOUT)
    with pytest.raises(SourceError, match="said why") as caught:
        it.registrations([ONE])
    assert caught.value.reason is TIMEOUT
    it.take(Recorded(at=at(9), account=ACME, batch=held(2)))
    assert set(it.registrations([ONE, TWO]).answers) == {1, 2}


def test_the_list_is_the_last_one_read() -> None:
    it = Standing()
    with pytest.raises(SourceError, match="no list yet"):
        it.extensions()
    for listed in (listing(1), listing(1, 2)):
        it.take(Recorded(at=at(0), account=ACME, listing=listed))
    assert it.extensions() == listing(1, 2)


NUMBERS = st.integers(1, 6)
POLLS = st.lists(
    st.one_of(
        st.sampled_from(FailureReason),
        st.builds(
            lambda answered, refused, silent, failure: batch(
                *(answer(i, when=0) for i in answered - refused),
                refused=refused,
                asked=silent,
                failure=failure,
            ),
            st.frozensets(NUMBERS),
            st.frozensets(NUMBERS),
            st.frozensets(NUMBERS),
            st.none() | st.sampled_from(FailureReason),
        ),
    ),
    max_size=6,
)


@given(polls=POLLS, numbers=st.lists(NUMBERS))
def test_whatever_was_recorded_it_speaks_of_who_is_asked_for(
    polls: list[BatchAnswer | FailureReason], numbers: list[int]
) -> None:
    ids = [ExtensionId(number) for number in numbers]
    try:
        said = standing(*polls).registrations(ids)
    except SourceError:
        assert any(isinstance(each, FailureReason) or each.failure for each in polls)
        return
    assert said.asked == tuple(dict.fromkeys(ids))
    assert set(said.answers) | said.refused <= set(ids)
    assert not said.refused.intersection(said.answers)
    assert said.failure is None or said.failed_ids
