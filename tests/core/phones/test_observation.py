"""What one answer shows, compared with what was known before it."""

import pytest
from fakes.values import answer, at, extension, registration
from msgspec.structs import replace

from regwatch.core.model import Answer, ChangeKind, ExtensionState, Timestamp, Watched
from regwatch.core.phones.identity import Track
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Memory
from regwatch.core.phones.observation import NOTHING_SIGHTED, Observation, compare

HELD = registration("uloc-1", ends=600)
BEFORE = Watched(
    extension(1),
    state=ExtensionState.REGISTERED,
    answered_at=at(0),
    first_answered_at=at(0),
    registrations=(HELD,),
    last_registered_at=at(0),
)
MEMORY = Memory({HELD.id: Track(at(0), at(0))})
NEVER = Watched(extension(1))


def seen(after: Answer, before: Watched = BEFORE, memory: Memory = MEMORY) -> Observation:
    return compare(before, memory, after)


def kinds(observation: Observation) -> list[ChangeKind]:
    return [change.kind for change in observation.changes]


def test_the_same_again_is_no_news_and_leaves_the_memory_as_it_is() -> None:
    same = seen(answer(1, HELD, when=60))
    assert (same.changes, same.losses, same.is_news) == ((), (), False)
    assert same.memory is same.remembered is MEMORY
    assert same.sighting is NOTHING_SIGHTED
    assert same.heard_since is None


def test_the_first_answer_is_news_though_nothing_can_have_happened_since() -> None:
    first = seen(answer(1, HELD, when=60), NEVER, NOTHING_REMEMBERED)
    assert (kinds(first), first.losses, first.is_first, first.is_news) == ([], (), True, True)
    assert first.memory.tracks == {HELD.id: Track(at(60), at(60))}
    assert first.heard_since == at(60)
    assert first.gap == 0


def test_a_loss_is_dated_by_the_answer_before() -> None:
    lost = seen(answer(1, when=60))
    (loss,) = lost.losses
    assert kinds(lost) == [ChangeKind.UNREGISTERED]
    assert (loss.reason, loss.last_seen_at, loss.detected_at) == ("unregistered", at(0), at(60))
    assert lost.memory.loss == loss
    assert lost.remembered.loss is None


def test_what_we_ended_ourselves_is_called_so() -> None:
    ours = compare(BEFORE, MEMORY, answer(1, when=60), deleted={HELD.id})
    assert kinds(ours) == [ChangeKind.DELETED]
    assert [loss.reason for loss in ours.losses] == ["deleted"]


@pytest.mark.parametrize(
    ("after", "since"),
    [
        (answer(1, replace(HELD, lease_ends_at=at(900)), when=60), at(0)),
        (answer(1, HELD, registration("uloc-2", device="Zoiper 5"), when=60), at(0)),
        (answer(1, when=60), None),
    ],
    ids=["refreshed", "another device came", "only gone"],
)
def test_a_device_is_heard_of_by_what_it_does_itself(
    after: Answer, since: Timestamp | None
) -> None:
    assert seen(after).heard_since == since


@pytest.mark.parametrize(
    ("state", "gap"),
    [(ExtensionState.REGISTERED, 60.0), (ExtensionState.OVERDUE, 0.0)],
    ids=["as long as it was not asked", "told late already: it stays told"],
)
def test_the_room_that_polling_leaves_to_a_refresh(state: ExtensionState, gap: float) -> None:
    assert seen(answer(1, HELD, when=60), replace(BEFORE, state=state)).gap == gap


def test_registered_without_an_entry_says_nothing_new_of_the_entries() -> None:
    flagged = seen(answer(1, when=60, registered=True))
    assert flagged.after.registrations == (HELD,)
    assert not flagged.is_news


def test_what_tells_of_moves_gets_what_was_held_last() -> None:
    moved = registration("uloc-1", real="sip:198.51.100.1:5060")
    sighting = seen(answer(1, moved, when=60)).sighting
    assert (sighting.was, sighting.held) == ((HELD,), (moved,))
    lost = seen(answer(1, when=60))
    gone = replace(BEFORE, registrations=(), state=ExtensionState.LOST, answered_at=at(60))
    back = seen(answer(1, registration("uloc-2"), when=120), gone, lost.memory)
    assert back.sighting.was == (HELD,), "the one it lost"


def test_nothing_of_what_was_known_is_changed() -> None:
    known, before = repr(BEFORE), repr(MEMORY)
    seen(answer(1, registration("uloc-2", ends=900), when=700))
    assert (repr(BEFORE), repr(MEMORY)) == (known, before)
