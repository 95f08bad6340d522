from fakes.values import answer, batch, registration
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.diff import same_lease
from regwatch.core.model import Answer, ExtensionId, FailureReason, Registration
from regwatch.core.snapshot import Snapshot, apply, diff

registrations = st.builds(
    registration,
    st.sampled_from(["uloc-1", "uloc-2", "uloc-3"]),
    ends=st.none() | st.integers(0, 4000),
    device=st.sampled_from(["Yealink", "Snom"]),
    real=st.sampled_from(["sip:203.0.113.7:1", "sip:203.0.113.7:2", "sip:198.51.100.1"]),
    contact=st.sampled_from(["sip:1@10.0.0.1", "sip:1@10.0.0.2"]),
)


def answers(when: int) -> st.SearchStrategy[dict[ExtensionId, Answer]]:
    def build(held: dict[int, list[Registration]]) -> dict[ExtensionId, Answer]:
        return {ExtensionId(i): answer(i, *of, when=when) for i, of in held.items()}

    each = st.lists(registrations, max_size=3, unique_by=lambda r: r.id)
    return st.fixed_dictionaries(dict.fromkeys(range(3), each)).map(build)


def shape(snapshot: Snapshot) -> dict[ExtensionId, dict[str, tuple[str, str, str]]]:
    return {
        i: {r.id: (r.device, r.real_address, r.contact_address) for r in a.registrations}
        for i, a in snapshot.answers.items()
    }


def leases(snapshot: Snapshot) -> dict[tuple[ExtensionId, str], Registration]:
    return {(i, r.id): r for i, a in snapshot.answers.items() for r in a.registrations}


@given(answers(100), answers(400))
def test_the_difference_applied_to_the_first_gives_the_second(
    first: dict[ExtensionId, Answer], second: dict[ExtensionId, Answer]
) -> None:
    before, after = Snapshot(first), Snapshot(second)
    result = apply(before, diff(before, after))
    assert shape(result) == shape(after)
    expected = leases(after)
    assert all(same_lease(held, expected[key]) for key, held in leases(result).items())


@given(answers(100))
def test_a_snapshot_does_not_differ_from_itself(first: dict[ExtensionId, Answer]) -> None:
    assert list(diff(Snapshot(first), Snapshot(dict(first)))) == []


def test_what_was_not_answered_keeps_its_old_answer_and_is_said_to_be_unanswered() -> None:
    known = answer(1, registration(), when=0)
    before = Snapshot({known.extension_id: known})
    poll = batch(answer(2, when=60), asked=[1, 2], failure=FailureReason.TIMEOUT)
    after = before.after(poll)
    assert after.answers[ExtensionId(1)] is known
    assert after.unanswered == {1}
    assert list(diff(before, after)) == []


def test_an_answer_or_a_refusal_ends_being_unanswered() -> None:
    waiting = Snapshot(unanswered=frozenset({ExtensionId(1), ExtensionId(2)}))
    after = waiting.after(batch(answer(1, when=0), refused=[2]))
    assert (after.unanswered, after.refused) == (frozenset(), {2})
