"""Who is where, who is silent, and what an outage counts, phone by phone."""

from collections.abc import Iterable

import pytest
from fakes.values import at
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import ExtensionId, Timestamp
from regwatch.core.phones.last_refresh import LastRefresh
from regwatch.core.phones.outages import Evidence, OutagePolicy, Verdict
from regwatch.core.phones.places import (
    MOST_ASKED,
    MOST_COMPARED,
    MOST_DEPARTED,
    Phone,
    Place,
    Places,
)

RIGA = "riga"
POLICY = OutagePolicy()


def refresh(heard: float, due: float = 600) -> LastRefresh:
    return LastRefresh(at(heard), at(due), at(due + 10))


def shows(made: Places, *numbers: int, heard: float, due: float = 600, place: str = RIGA) -> None:
    for number in numbers:
        made.shows(ExtensionId(number), place, refresh(heard, due), now=at(heard + 1))


def falls_silent(made: Places, *numbers: int, when: float = 611, unseen: bool = False) -> None:
    for number in numbers:
        made.silent(ExtensionId(number), is_unseen=unseen, now=at(when))


def places(phones: int = 6) -> Places:
    """All were heard a moment before the beginning of time, and are due ten seconds apart."""
    made = Places()
    for number in range(1, phones + 1):
        shows(made, number, heard=-1, due=600 + 10 * number)
    return made


def place(made: Places, name: str = RIGA) -> Place:
    held = made.held(name)
    assert held is not None
    return held


def evidence(made: Places) -> Evidence:
    found = place(made).evidence
    assert found is not None
    return found


def out(made: Places, *numbers: int, when: float = 700) -> Places:
    falls_silent(made, *numbers, when=when)
    found = place(made).supposed(POLICY)
    assert found is not None
    assert found.verdict is Verdict.OUT
    made.begin(RIGA, found.evidence)
    return made


def test_an_answer_after_the_refresh_was_due_means_silence() -> None:
    made = places()
    assert not made.is_late(ExtensionId(1), at(619))
    assert made.is_late(ExtensionId(1), at(620))
    assert made.silent(ExtensionId(1), now=at(620))
    assert not made.is_late(ExtensionId(1), at(630)), "it is known to be silent"
    assert not made.silent(ExtensionId(1), now=at(630))
    assert not made.is_late(ExtensionId(99), at(900))
    assert not made.silent(ExtensionId(99), now=at(900))


def test_who_is_gone_before_it_was_due_was_due_then() -> None:
    made = places()
    falls_silent(made, 1, when=300)
    assert made.phones[ExtensionId(1)].due_at == at(300)


def test_it_is_silent_until_it_refreshes_whatever_else_it_shows() -> None:
    made = places()
    falls_silent(made, 1, when=620)
    made.shows(ExtensionId(1), RIGA, refresh(2, 611), now=at(640))
    assert made.phones[ExtensionId(1)].is_silent, "its lease ends a little later than it seemed"
    shows(made, 1, heard=650, due=1250)
    assert not made.phones[ExtensionId(1)].is_silent
    assert list(place(made).silent) == []


def test_an_outage_counts_its_members_those_heard_and_those_not_due() -> None:
    made = out(places(), 1, 2, 3)
    assert (evidence(made).members, evidence(made).heard, evidence(made).not_due) == (3, 0, 3)
    falls_silent(made, 4, when=720)
    shows(made, 5, heard=710, due=1310)
    shows(made, 1, heard=715, due=1315)
    found = evidence(made)
    assert (found.members, found.heard, found.not_due, found.returned) == (3, 2, 1, 1)
    assert list(place(made).returned) == [1]
    assert made.is_member(ExtensionId(4))
    assert not made.is_member(ExtensionId(1))
    assert found.latest_at == at(640)


def test_who_was_heard_since_and_falls_silent_is_no_member() -> None:
    made = out(places(), 1, 2, 3)
    shows(made, 5, heard=710, due=720)
    falls_silent(made, 5, when=800)
    assert not made.is_member(ExtensionId(5))
    assert evidence(made).heard == 1


def test_who_was_silent_before_it_began_is_none_either() -> None:
    made = places()
    shows(made, 6, heard=-500, due=100)
    falls_silent(made, 6, when=200)
    shows(made, 4, 5, heard=300, due=900)
    out(made, 1, 2, 3)
    assert not made.is_member(ExtensionId(6))
    assert evidence(made).phones == 5
    shows(made, 6, heard=710, due=1300)
    assert (evidence(made).heard, evidence(made).returned) == (1, 0)


def test_a_good_bye_was_heard_and_its_phone_is_none_of_the_place() -> None:
    made = out(places(), 1, 2, 3)
    made.leave(ExtensionId(4), at(690))
    made.leave(ExtensionId(1), at(705))
    found = evidence(made)
    assert (found.members, found.heard, found.departed, found.returned) == (2, 2, 2, 1)
    assert found.phones == 4
    made.leave(ExtensionId(2), None)
    assert (evidence(made).members, evidence(made).heard) == (1, 2)


def test_good_byes_from_before_it_was_found_count_as_well() -> None:
    made = places(8)
    for number in (7, 8):
        made.leave(ExtensionId(number), at(650))
    out(made, 1, 2, 3)
    assert (evidence(made).heard, evidence(made).departed, evidence(made).phones) == (2, 2, 6)


def test_a_member_that_moves_was_heard_again_and_another_phone_says_nothing() -> None:
    made = out(places(), 1, 2, 3)
    shows(made, 1, 4, heard=720, due=1300, place="tallinn")
    found = evidence(made)
    assert (found.members, found.heard, found.returned, found.not_due) == (2, 1, 1, 2)
    assert made.place_of(ExtensionId(1)) == "tallinn"


def test_a_place_that_nobody_is_at_is_forgotten() -> None:
    made = places(1)
    made.leave(ExtensionId(1), at(1))
    made.leave(ExtensionId(1), at(1))
    assert made.held(RIGA) is None
    assert made.place_of(ExtensionId(1)) == ""
    made = out(places(3), 1, 2, 3)
    for number in (1, 2, 3):
        made.leave(ExtensionId(number), None)
    assert evidence(made).members == 0
    assert made.end(RIGA, now=at(800)) == {}
    assert made.held(RIGA) is None


def test_it_ends_and_the_next_one_begins_after_that() -> None:
    made = out(places(), 1, 2, 3)
    assert list(made.end(RIGA, now=at(800))) == [1, 2, 3]
    assert place(made).supposed(POLICY) is None
    falls_silent(made, 4, 5, 6, when=801)
    assert place(made).supposed(POLICY) is None, "they were due before it ended"


def test_while_it_is_out_no_other_begin_is_looked_for() -> None:
    assert place(out(places(), 1, 2, 3)).supposed(POLICY) is None


def asked(made: Places, began_at: float, answered: dict[int, float], now: float) -> list[int]:
    return list(
        place(made).to_ask(at(began_at), answered_at=lambda i: at(answered.get(i, 0)), now=at(now))
    )


def test_those_are_asked_who_may_have_been_heard_since() -> None:
    made = places()
    shows(made, 6, heard=-600, due=100)
    falls_silent(made, 6, when=200)
    falls_silent(made, 1, 2, 3, when=640)
    shows(made, 5, heard=620, due=1220)
    assert asked(made, 610, {1: 640, 2: 620}, 641) == [2, 3, 4]


def test_of_a_large_place_some_are_asked() -> None:
    made = places(2 * MOST_ASKED)
    assert len(asked(made, 610, {}, 641)) == MOST_ASKED


def test_of_a_large_place_some_stand_for_all() -> None:
    made = places(10 * MOST_COMPARED)
    assert len(place(made).compared) == MOST_COMPARED
    numbers = [number for number in range(1, 10 * MOST_COMPARED + 1) if number % 20 < 11]
    falls_silent(made, *numbers, when=200_000)
    found = place(made).supposed(POLICY)
    assert found is not None
    assert found.verdict is Verdict.OUT
    assert found.evidence.members == pytest.approx(0.55 * MOST_COMPARED, abs=0.05 * MOST_COMPARED)
    assert found.evidence.of == 10 * MOST_COMPARED
    made.begin(RIGA, found.evidence)
    assert len(place(made).members) == pytest.approx(len(numbers), abs=20), "all are counted"


def test_when_many_of_those_that_stand_for_all_left_others_take_their_place() -> None:
    made = places(2 * MOST_COMPARED)
    before = list(place(made).compared)
    for extension_id in before[: MOST_COMPARED // 2]:
        made.leave(extension_id, at(0))
    assert len(place(made).compared) == MOST_COMPARED / 2
    made.leave(before[-1], at(0))
    assert len(place(made).compared) > MOST_COMPARED / 2
    for extension_id in list(place(made).phones)[MOST_COMPARED:]:
        made.leave(extension_id, at(0))
    assert place(made).compared is place(made).phones


def test_so_many_good_byes_are_remembered() -> None:
    made = places(2 * MOST_DEPARTED)
    for number in range(1, 2 * MOST_DEPARTED):
        made.leave(ExtensionId(number), at(number))
    assert place(made).departed is not None
    assert len(place(made).departed or ()) == MOST_DEPARTED


def test_an_outage_goes_on_after_a_restart_of_ours() -> None:
    made = Places()
    made.resume(RIGA, at(100), {ExtensionId(1), ExtensionId(2), ExtensionId(9)})
    for number, heard, due, silent in (
        (1, 50, 100, True),
        (2, 120, 700, False),  # how its lease was is forgotten
        (3, 0, 90, True),
        (4, 0, 130, True),
        (5, 110, 700, False),
        (6, 0, 900, False),
    ):
        phone = Phone(RIGA, at(heard), at(due), at(due + 10), at(140), is_silent=silent)
        made.restore(ExtensionId(number), phone)
    found = evidence(made)
    assert (found.members, found.heard, found.not_due, found.phones) == (3, 1, 1, 5)
    assert [made.is_member(ExtensionId(n)) for n in (1, 2, 3, 4)] == [True, True, False, True]


def times(made: Places) -> list[float]:
    held = place(made)
    outage = [held.outage.began_at, held.outage.latest_at] if held.outage is not None else []
    phones = [
        when
        for phone in made.phones.values()
        for when in (phone.heard_at, phone.due_at, phone.silent_from, phone.found_at)
    ]
    return [*outage, *phones, held.ended_at, *(held.departed or ())]


def test_all_of_it_moves_with_the_clock() -> None:
    made = places(8)
    made.leave(ExtensionId(8), at(5))
    out(made, 1, 2, 3, 4)
    place(made).ended_at = at(-50)
    before = times(made)
    for _ in made.clock_set(3600.0):
        pass
    assert times(made) == [pytest.approx(when + 3600.0) for when in before]


ACTS = st.lists(
    st.tuples(st.integers(1, 8), st.sampled_from(["hears", "misses", "leaves", "moves"])),
    max_size=40,
)


@given(ACTS)
def test_what_an_outage_counts_is_what_there_is_to_count(
    acts: Iterable[tuple[int, str]],
) -> None:
    """Kept up phone by phone, it is the same as counted anew."""
    made = out(places(8), 1, 2, 3, 4)
    now = 700.0
    for number, act in acts:
        now += 1.0
        extension_id = ExtensionId(number)
        if act == "hears":
            shows(made, number, heard=now, due=now + 30)
        elif act == "misses":
            made.silent(extension_id, now=Timestamp(at(now)))
        elif act == "leaves":
            made.leave(extension_id, at(now))
        else:
            shows(made, number, heard=now, due=now + 30, place="tallinn")
    held = place(made)
    outage = held.outage
    assert outage is not None
    heard = [p for p in held.phones.values() if p.heard_at > outage.began_at]
    members = [i for i, p in held.phones.items() if p.is_silent and p.heard_at <= outage.began_at]
    found = outage.evidence(len(held.phones))
    assert sorted(outage.members) == sorted(members)
    assert found.heard - found.departed == len(heard)
    assert set(outage.returned).isdisjoint(members)
    assert sorted(held.silent) == sorted(i for i, p in held.phones.items() if p.is_silent)
    assert found.phones == len(held.phones)
