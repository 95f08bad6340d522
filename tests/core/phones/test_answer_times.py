"""What an answer of a phone that is well changes, and what is beyond it."""

from copy import copy

import pytest
from fakes.values import at, extension, registration
from msgspec.structs import replace

from regwatch.core.model import ExtensionState, Registration, RegistrationId, Watched
from regwatch.core.phones.answer_times import (
    AnswerTime,
    brought_up,
    is_beyond,
    is_learned,
    is_remembered_otherwise,
    time_of,
)
from regwatch.core.phones.habits import FADING, Habit
from regwatch.core.phones.identity import Track
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Loss, Memory

DESK = RegistrationId("uloc-1")


def held(*registrations: Registration, answered: float | None = 0) -> Watched:
    when = None if answered is None else at(answered)
    return Watched(
        extension(1),
        site="riga",
        state=ExtensionState.REGISTERED,
        answered_at=when,
        registrations=registrations,
        last_registered_at=when,
    )


def changed(**fields: object) -> Watched:
    watched = copy(held(registration()))
    for name, value in fields.items():
        setattr(watched, name, value)
    return watched


def test_the_time_and_the_end_of_a_lease_are_all_that_a_healthy_answer_changes() -> None:
    later = held(registration(ends=1200), answered=300)
    assert not is_beyond(held(registration(ends=600)), later)


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(changed(state=ExtensionState.OVERDUE), id="a state"),
        pytest.param(changed(reason="stale"), id="its reason"),
        pytest.param(changed(since=at(5)), id="since when"),
        pytest.param(changed(site="tallinn"), id="a site"),
        pytest.param(changed(first_answered_at=at(5)), id="the first answer"),
        pytest.param(changed(registrations=()), id="none left"),
        pytest.param(changed(registrations=(registration("uloc-2"),)), id="another entry"),
        pytest.param(changed(registrations=(registration(device="Snom"),)), id="another device"),
        pytest.param(changed(registrations=(registration(real="sip:a"),)), id="another address"),
        pytest.param(changed(registrations=(registration(contact="sip:b"),)), id="another contact"),
        pytest.param(changed(registrations=(registration(ends=None),)), id="no lease any more"),
    ],
)
def test_anything_else_is_beyond_them(after: Watched) -> None:
    assert is_beyond(held(registration()), after)


def test_a_refresh_more_is_nothing_else_remembered() -> None:
    before = Memory({DESK: Track(at(0), at(0))}, {DESK: OLD})
    assert not is_remembered_otherwise(before, Memory({DESK: Track(at(0), at(300))}, {DESK: OLD}))
    assert is_remembered_otherwise(before, Memory({DESK: Track(at(5), at(300))}, {DESK: OLD}))
    assert is_remembered_otherwise(before, NOTHING_REMEMBERED)
    loss = Loss(registration(), "expired", at(0), at(1))
    assert is_remembered_otherwise(before, replace(before, loss=loss))
    assert is_remembered_otherwise(before, replace(before, former=("Snom", Habit())))


@pytest.mark.parametrize(
    ("refreshes", "is_young"), [(1, True), (FADING, True), (FADING + 1, False)]
)
def test_while_a_habit_is_young_each_refresh_is_remembered(refreshes: int, is_young: bool) -> None:
    tracks = {DESK: Track(at(0), at(0))}
    before = Memory(tracks, {DESK: replace(OLD, refreshes=refreshes - 1)})
    after = Memory(tracks, {DESK: replace(OLD, refreshes=refreshes)})
    assert is_remembered_otherwise(before, after) is is_young
    assert not is_remembered_otherwise(after, after)


OLD = Habit(
    refreshes=20, lease_low=599.0, lease_high=601.0, usual=300.0, earliest=298.0, latest=302.0
)


@pytest.mark.parametrize(
    ("habit", "is_news"),
    [
        pytest.param(replace(OLD, refreshes=21, usual=300.4), False, id="smoother"),
        pytest.param(replace(OLD, refreshes=21, earliest=298.9), False, id="an outlier fades"),
        pytest.param(replace(OLD, refreshes=21, latest=305.0), True, id="later than ever"),
        pytest.param(replace(OLD, refreshes=21, earliest=290.0), True, id="earlier than ever"),
        pytest.param(replace(OLD, lease_low=590.0), True, id="a shorter lease"),
        pytest.param(replace(OLD, lease_high=610.0), True, id="a longer lease"),
        pytest.param(replace(OLD, wobble=30.0), True, id="cached answers"),
        pytest.param(Habit(), True, id="unknown again"),
        pytest.param(Habit(refreshes=3), True, id="young"),
    ],
)
def test_a_habit_is_news_where_forgetting_it_would_call_a_healthy_phone_late(
    habit: Habit, is_news: bool
) -> None:
    before = Memory(habits={DESK: OLD})
    assert is_learned(before, Memory(habits={DESK: habit})) is is_news


def test_who_was_never_answered_has_no_time() -> None:
    assert time_of(held(answered=None)) is None


def test_a_row_is_brought_up_to_a_later_answer() -> None:
    memory = Memory({DESK: Track(at(-900), at(0))}, {DESK: OLD})
    later = held(registration(ends=900), answered=310)
    known, remembered = brought_up(held(registration(ends=600)), memory, time_of(later))
    assert known == later
    assert remembered == replace(memory, tracks={DESK: Track(at(-900), at(300))})


def test_who_did_not_refresh_meanwhile_refreshed_when_it_did() -> None:
    memory = Memory({DESK: Track(at(-900), at(0))})
    later = held(registration(ends=601), answered=310)
    assert brought_up(held(registration(ends=600)), memory, time_of(later)) == (later, memory)


def test_a_refresh_is_supposed_between_the_answers_that_bound_it() -> None:
    memory = Memory({DESK: Track(at(-9000), at(-9000))})
    later = held(registration(ends=900), answered=310)
    _, remembered = brought_up(held(registration(ends=600)), memory, time_of(later))
    assert remembered.tracks[DESK].refreshed_at == at(0)
    memory = Memory({DESK: Track(at(-10), at(-10))})
    _, remembered = brought_up(held(registration(ends=200)), memory, time_of(later))
    assert remembered.tracks[DESK].refreshed_at == at(310)


def test_who_is_gone_was_last_seen_before() -> None:
    lost = held(answered=5)
    known, _ = brought_up(lost, NOTHING_REMEMBERED, AnswerTime(lost.extension.id, at(90), ()))
    assert (known.answered_at, known.last_registered_at) == (at(90), at(5))


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param((), id="too few"),
        pytest.param((at(900), at(900)), id="too many"),
        pytest.param((None,), id="of one without a lease"),
    ],
)
def test_times_that_do_not_fit_their_row_change_nothing(ends: tuple[object, ...]) -> None:
    watched = held(registration(ends=600))
    time = AnswerTime(watched.extension.id, at(310), ends)  # type: ignore[arg-type]
    assert brought_up(watched, NOTHING_REMEMBERED, time) == (watched, NOTHING_REMEMBERED)
    assert brought_up(watched, NOTHING_REMEMBERED, None) == (watched, NOTHING_REMEMBERED)
