from fakes.values import at, extension, registration

from regwatch.core.model import ExtensionState, Watched
from regwatch.core.phones.roster import Roster

REGISTERED, LOST, UNKNOWN = (
    ExtensionState.REGISTERED,
    ExtensionState.LOST,
    ExtensionState.UNKNOWN,
)


def roster(*numbers: int) -> tuple[Roster, list[Watched]]:
    held = Roster()
    watched = [Watched(extension(number)) for number in numbers]
    for each in watched:
        held.add(each, now=at(0))
    return held, watched


def counts(held: Roster) -> dict[tuple[str, ExtensionState], int]:
    return {key: count for key, count in held.states.items() if count}


def test_states_and_registrations_are_counted_as_they_change() -> None:
    held, (one, _) = roster(1, 2)
    held.answer(one, (registration(),), "riga", at(10))
    held.set_state(one, REGISTERED, "", at(10))
    assert counts(held) == {("riga", REGISTERED): 1, ("", UNKNOWN): 1}
    assert held.registrations["riga"] == 1
    held.answer(one, (), "riga", at(20))
    held.set_state(one, LOST, "expired", at(20))
    assert counts(held) == {("riga", LOST): 1, ("", UNKNOWN): 1}
    assert held.registrations["riga"] == 0
    assert one.last_registered_at == at(10)


def test_entering_the_state_it_is_in_changes_nothing() -> None:
    held, (one,) = roster(1)
    held.set_state(one, LOST, "expired", at(5))
    held.set_state(one, LOST, "unregistered", at(9))
    assert (one.reason, one.since) == ("expired", at(5))


def test_the_oldest_answer_is_unknown_until_each_has_one() -> None:
    held, (one, two) = roster(1, 2)
    assert held.oldest_answer_at() is None
    held.answer(one, (), "", at(10))
    assert (held.oldest_answer_at(), held.unanswered) == (None, 1)
    held.answer(two, (), "", at(20))
    held.answer(one, (), "", at(30))
    assert (held.oldest_answer_at(), held.unanswered) == (at(20), 0)


def test_an_empty_roster_has_no_oldest_answer() -> None:
    assert Roster().oldest_answer_at() is None


def test_answers_age_once_and_a_new_one_makes_them_fresh() -> None:
    held, (one, two) = roster(1, 2)
    held.answer(two, (), "", at(100))
    assert held.age(before=at(50), most=10) == [one]
    assert held.age(before=at(50), most=10) == []
    assert list(held.stale) == [1]
    assert list(held.active_ids()) == [1, 2]
    held.answer(one, (), "", at(110))
    assert list(held.stale) == []


def test_what_is_removed_stays_visible_but_is_asked_no_more() -> None:
    held, (one, two) = roster(1, 2)
    held.answer(one, (registration(),), "", at(10))
    held.retire(one, now=at(20))
    assert one.state is ExtensionState.REMOVED
    assert held.registrations[""] == 0
    assert list(held.active_ids()) == [2]
    held.forget(one)
    assert counts(held) == {("", UNKNOWN): 1}
    assert list(held.by_id) == [2]
    assert two.extension.number == "102"


def test_who_was_removed_is_shown_for_a_while_and_then_dropped() -> None:
    held, (one, two, three) = roster(1, 2, 3)
    held.retire(one, now=at(20))
    held.retire(two, now=at(30))
    held.forget_removed(before=at(20))
    assert list(held.by_id) == [1, 2, 3]
    held.forget_removed(before=at(25))
    assert list(held.by_id) == [2, 3]
    held.forget(two)
    held.forget_removed(before=at(1000))
    assert list(held.by_id) == [three.extension.id]


def test_a_new_name_or_site_moves_the_counts() -> None:
    held, (one,) = roster(1)
    assert held.rename(extension(1, label="Petrov"), "riga")
    assert not held.rename(extension(1, label="Petrov"), "riga")
    assert counts(held) == {("riga", UNKNOWN): 1}
    assert one.extension.label == "Petrov"


def test_what_nobody_looked_at_did_not_age_and_what_is_set_did_not_either() -> None:
    held, (one, two) = roster(1, 2)
    held.put_off(3600.0)
    assert held.age(before=at(3600), most=9) == []
    held.answer(two, (), "", at(3700))
    assert held.age(before=at(3601), most=9) == [one]
    assert held.age(before=at(3700), most=9) == []
    held.put_off(-3600.0)
    assert held.age(before=at(101), most=9) == [two]
