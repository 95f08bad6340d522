from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import ExtensionId, Timestamp
from regwatch.core.polling.agenda import (
    FAR_OFF,
    LEAST_BOOST,
    MOST_BOOST,
    Agenda,
    Appointment,
    Purpose,
)

PATIENT = 1e9


def ids(*numbers: int) -> tuple[ExtensionId, ...]:
    return tuple(map(ExtensionId, numbers))


def at(seconds: float) -> Timestamp:
    return Timestamp(1_000_000 + seconds)


def agenda(*asked_at: float) -> Agenda:
    """Extensions 1, 2, …, last asked then: longest ago first."""
    made = Agenda()
    for number, seconds in enumerate(asked_at, 1):
        made.add(ExtensionId(number), at(seconds))
    return made


def chosen(
    made: Agenda, most: int, now: float, *, patience: float = PATIENT
) -> tuple[ExtensionId, ...]:
    choice = made.choose(most, patience=patience, now=at(now))
    made.release(choice.ids)
    return choice.ids


def test_those_asked_longest_ago_come_first_and_go_to_the_end() -> None:
    made = agenda(0, 10, 20)
    assert chosen(made, 2, 100) == ids(1, 2)
    assert chosen(made, 2, 101) == ids(3, 1)


def test_those_never_asked_come_before_them() -> None:
    made = agenda(0, 10)
    made.add(ExtensionId(9), None)
    assert made.never_asked == 1
    assert chosen(made, 2, 100) == ids(9, 1)
    assert made.never_asked == 0


def test_whose_appointment_has_come_outranks_whoever_was_asked_before() -> None:
    made = agenda(0, 50, 90)
    made.appoint(ExtensionId(3), Appointment(at(100)))
    assert chosen(made, 1, 99) == ids(1)
    assert made.due_at() == at(100)
    assert chosen(made, 1, 100) == ids(3)
    assert made.due_at() == FAR_OFF


def test_a_firm_appointment_comes_before_all_else() -> None:
    made = agenda(0, 50, 90)
    made.appoint(ExtensionId(2), Appointment(at(60)))
    made.appoint(ExtensionId(3), Appointment(at(100), is_firm=True))
    assert made.hurried_at() == at(100)
    assert chosen(made, 2, 100) == ids(3, 2)
    assert made.hurried_at() == FAR_OFF


def test_a_new_appointment_takes_the_place_of_the_old_one() -> None:
    made = agenda(0, 50)
    made.appoint(ExtensionId(2), Appointment(at(60), is_firm=True))
    made.appoint(ExtensionId(2), Appointment(at(300)))
    assert (made.hurried_at(), made.due_at()) == (FAR_OFF, at(300))
    made.appoint(ExtensionId(2), None)
    assert made.due_at() == FAR_OFF
    assert chosen(made, 1, 301) == ids(1)


def test_what_is_put_off_again_and_again_leaves_nothing_behind() -> None:
    made = agenda(0, 10)
    for second in range(1000):
        made.appoint(ExtensionId(1), Appointment(at(500 + second)))
        made.appoint(ExtensionId(2), Appointment(at(500 - second)))
        assert made.due_at() == at(500 - second)
    made.appoint(ExtensionId(2), None)
    assert made.due_at() == at(1499)
    assert len(made._soft._heap) == len(made._soft._places) == 1


def test_an_appointment_that_waits_is_still_due() -> None:
    made = agenda(0, 50, 60)
    made.appoint(ExtensionId(2), Appointment(at(70)))
    made.appoint(ExtensionId(3), Appointment(at(71)))
    assert chosen(made, 1, 80) == ids(2)
    assert made.due_at() <= at(71)


def test_whoever_is_being_asked_is_not_asked_again() -> None:
    made = agenda(0, 10, 20)
    made.appoint(ExtensionId(1), Appointment(at(5), is_firm=True))
    made.withhold(ids(1))
    assert made.askable == 2
    assert made.oldest_asked_at() == at(10)
    assert chosen(made, 5, 100) == ids(2, 3)


def test_who_waits_beyond_patience_gets_up_to_half_of_a_request() -> None:
    made = agenda(*range(10))
    for number in range(5, 11):
        made.appoint(ExtensionId(number), Appointment(at(20)))
    assert chosen(made, 4, 30, patience=25) == ids(1, 2, 5, 6)


def test_who_is_asked_by_appointment_is_not_counted_as_asked_in_turn() -> None:
    made = agenda(0, 10, 20)
    made.appoint(ExtensionId(3), Appointment(at(25)))
    assert made.choose(2, patience=PATIENT, now=at(30)).in_turn == 1


def test_what_each_is_asked_for_is_said() -> None:
    made = agenda(0, 10, 20, 30)
    made.appoint(ExtensionId(2), Appointment(at(100), purpose=Purpose.REFRESH))
    made.appoint(ExtensionId(3), Appointment(at(50), is_firm=True, purpose=Purpose.PLACE))
    made.appoint(ExtensionId(4), Appointment(at(900)))
    asked = made.choose(4, patience=PATIENT, now=at(200)).purposes
    assert asked == {Purpose.SWEEP: 2, Purpose.REFRESH: 1, Purpose.PLACE: 1}
    made.release(ids(1, 2, 3, 4))
    assert made.choose(4, patience=PATIENT, now=at(300)).purposes == {Purpose.SWEEP: 4}


def test_a_forgotten_one_is_asked_no_more() -> None:
    made = agenda(0, 10)
    made.appoint(ExtensionId(1), Appointment(at(5), is_firm=True))
    made.forget(ExtensionId(1))
    made.appoint(ExtensionId(1), Appointment(at(6)))
    assert ExtensionId(1) not in made
    assert (made.hurried_at(), made.due_at(), len(made)) == (FAR_OFF, FAR_OFF, 1)


def test_the_boost_shrinks_while_somebody_waits_too_long_and_grows_again() -> None:
    """So that, of one whose appointment has come and one who waits, either may come first."""
    made = agenda(0, 90)
    made.appoint(ExtensionId(2), Appointment(at(95)))
    for _ in range(60):  # nobody may wait even a second: nothing but the least boost is left
        made.choose(0, patience=1, now=at(96))
    assert 6 * LEAST_BOOST < 100 < 10 * MOST_BOOST
    assert chosen(made, 1, 100, patience=PATIENT) == ids(1)
    for _ in range(60):
        made.choose(0, patience=PATIENT, now=at(101))
    assert chosen(made, 1, 101, patience=PATIENT) == ids(2)


@settings(deadline=None)
@given(
    count=st.integers(1, 40),
    most=st.integers(1, 10),
    appointments=st.lists(
        st.tuples(st.integers(1, 40), st.integers(0, 400), st.booleans()), max_size=60
    ),
)
def test_nobody_starves_whatever_is_appointed(
    count: int, most: int, appointments: list[tuple[int, int, bool]]
) -> None:
    """Soft appointments alone leave each its turn within twice the patience and a sweep."""
    made = agenda(*([0.0] * count))
    sweep = -(-count // most)
    asked = dict.fromkeys(range(1, count + 1), 0)
    for now in range(1, 200):
        for number, when, _ in appointments:
            made.appoint(ExtensionId(number), Appointment(at(min(when, now))))
        ids_now = chosen(made, most, now, patience=2.0 * sweep)
        assert len(set(ids_now)) == len(ids_now) == min(most, count)
        asked.update(dict.fromkeys(ids_now, now))
        if most > 1:
            assert now - min(asked.values()) <= 5 * sweep + 2
