"""Who is awaited of the many that vanished at once, and what is told of them."""

from collections.abc import Iterable

import pytest
from fakes.values import ACME, answer, at, extension, registration
from msgspec.structs import replace

from regwatch.core.alerts.conditions import Condition
from regwatch.core.model import AlertName, ExtensionId, Registration, RegistrationId, Watched
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Loss, Memory
from regwatch.core.phones.observation import Observation
from regwatch.core.phones.vanished import AccountPolicy
from regwatch.core.watches.restarts import Restarts

HELD = registration("uloc-1", ends=600)
HALFWAY = Habit(
    refreshes=4, lease_low=600.0, lease_high=600.0, usual=300.0, earliest=299.0, latest=301.0
)
KNOWN = Memory(habits={RegistrationId("uloc-1"): HALFWAY})


def excused(
    restarts: Restarts,
    number: int,
    *,
    when: float = 60,
    seen: float = 0,
    is_mass: bool = True,
    reason: str = "unregistered",
    held: Registration = HELD,
    before: Memory = NOTHING_REMEMBERED,
) -> Memory:
    """What is remembered of one that is gone now."""
    lost = Loss(held, reason, at(seen), at(when))
    memory = replace(before, loss=lost)
    watched = Watched(extension(number), answered_at=at(seen), registrations=(held,))
    found = Observation(watched, before, answer(number, when=when), (), (lost,), memory)
    return restarts.excuse(found, DeviceModels(), is_mass=is_mass)


def awaited(restarts: Restarts, *numbers: int) -> list[bool]:
    return [restarts.awaits(ExtensionId(n)) for n in numbers]


def until(memory: Memory) -> float | None:
    assert memory.loss is not None
    found = memory.loss.awaited_until
    return None if found is None else found - at(0)


def answered(
    restarts: Restarts,
    numbers: Iterable[int],
    when: float,
    *,
    back: bool = True,
    same: bool = False,
) -> None:
    """Back under a new entry, or as it was."""
    entry = replace(HELD, lease_ends_at=at(when + 600)) if same else registration("uloc-new")
    loss = Loss(HELD, "unregistered", at(0), at(60), at(610))
    for number in numbers:
        found = answer(number, *(entry,) if back else (), when=when)
        restarts.answered(ExtensionId(number), found, loss, now=at(when))


def many(count: int = 12, *, of: int = 20) -> Restarts:
    """So many vanished of those that are asked."""
    restarts = Restarts(AccountPolicy())
    restarts.suspect(now=at(55))
    answered(restarts, range(count + 1, of + 1), 58, same=True)
    for number in range(1, count + 1):
        excused(restarts, number)
    return restarts


def told(restarts: Restarts, when: float) -> Condition | None:
    return restarts.condition(ACME, now=at(when))


def alert(restarts: Restarts, when: float) -> AlertName | None:
    found = told(restarts, when)
    return None if found is None else found.alert


# --- until when they are awaited ------------------------------------------------------------------


def test_one_of_many_is_awaited_until_its_lease_would_have_ended() -> None:
    restarts = Restarts()
    assert until(excused(restarts, 1)) == 610
    assert awaited(restarts, 1, 2) == [True, False]


def test_a_known_habit_tells_earlier() -> None:
    assert until(excused(Restarts(), 1, before=KNOWN)) == 331


def test_one_that_may_have_refreshed_unseen_before_is_awaited_for_a_whole_period() -> None:
    due_soon = registration("uloc-1", ends=370)  # granted 230 s ago, refreshed after 300
    assert until(excused(Restarts(), 1, held=due_soon, before=KNOWN)) == 60 + 301 + 30


def test_of_an_unsteady_one_only_the_lease_is_known() -> None:
    unsteady = Memory(habits={RegistrationId("uloc-1"): replace(HALFWAY, earliest=100.0)})
    assert until(excused(Restarts(), 1, before=unsteady)) == 60 + 600 + 10


@pytest.mark.parametrize(
    ("held", "waits"),
    [
        pytest.param(registration(ends=65), 90, id="its lease is about to end"),
        pytest.param(registration(ends=None), 90, id="it has no lease"),
        pytest.param(registration(ends=50), 60 + 50 + 10, id="it ended unseen: as long again"),
    ],
)
def test_half_a_minute_is_looked_at_in_any_case(held: Registration, waits: float) -> None:
    assert until(excused(Restarts(), 1, held=held)) == waits


# --- who belongs to them --------------------------------------------------------------------------


def test_others_are_lost_as_ever() -> None:
    restarts = Restarts()
    assert until(excused(restarts, 1, is_mass=False)) is None
    assert until(excused(restarts, 2, reason="deleted")) is None
    assert restarts.vanished is None


def test_who_is_asked_for_the_first_time_since_vanished_too() -> None:
    restarts = Restarts()
    excused(restarts, 1, when=60)
    excused(restarts, 2, when=90, seen=50, is_mass=False)
    excused(restarts, 3, when=90, seen=70, is_mass=False)
    assert awaited(restarts, 2, 3) == [True, False]


def test_one_that_was_seen_to_run_out_before_did_not() -> None:
    restarts = Restarts()
    excused(restarts, 1, when=1000, held=registration(ends=3000))
    before, after = registration("uloc-1", ends=930), registration("uloc-1", ends=1050)
    for number, held in ((2, before), (3, after)):
        excused(restarts, number, when=1100, seen=900, reason="expired", held=held, is_mass=False)
    assert awaited(restarts, 2, 3) == [False, True]


def test_what_was_lost_before_stays_what_it_was() -> None:
    restarts = many()
    lost = Loss(HELD, "expired", at(0), at(40))
    memory = replace(NOTHING_REMEMBERED, loss=lost)
    again = Observation(Watched(extension(30)), memory, answer(30, when=70), (), (), memory)
    assert restarts.excuse(again, DeviceModels(), is_mass=False) is memory
    assert awaited(restarts, 30) == [False]


# --- the account ----------------------------------------------------------------------------------


def test_a_large_part_is_looked_at_for_half_a_minute_and_then_one_incident() -> None:
    restarts = many()
    assert told(restarts, 89) is None
    condition = told(restarts, 90)
    assert condition is not None
    assert (condition.alert, condition.since) == (AlertName.ACCOUNT_LOST, at(60))
    assert condition.summary == "12 of 20 phones of acme (60 %) vanished at once"
    answered(restarts, range(1, 13), 700, back=False)
    answered(restarts, range(1, 13), 800, back=False)
    assert awaited(restarts, 1, 12) == [True, True], "however overdue they are"
    assert alert(restarts, 801) is AlertName.ACCOUNT_LOST


def test_the_share_is_one_of_those_asked_since_and_not_of_those_yet_to_come() -> None:
    restarts = many(175, of=350)
    assert alert(restarts, 90) is AlertName.ACCOUNT_LOST
    answered(restarts, range(400, 1000), 120, same=True)
    assert alert(restarts, 121) is None, "it was no large part"
    assert awaited(restarts, 1) == [True], "as others that are out still"


def test_who_is_out_is_asked_once_more_before_it_is_said() -> None:
    restarts = many()
    told(restarts, 90)
    answered(restarts, range(1, 9), 100, same=True)
    assert alert(restarts, 101) is AlertName.ACCOUNT_LOST
    answered(restarts, (9, 10), 102, same=True)
    answered(restarts, (11, 12), 103, back=False)
    assert told(restarts, 104) is None
    assert restarts.resolution == (
        "10 of 12 are back, as they were: the PBX had left them out, 2 are still out"
    )


def test_if_they_are_never_asked_again_that_is_no_reason_to_go_on() -> None:
    restarts = many()
    told(restarts, 90)
    answered(restarts, range(1, 9), 100, same=True)
    assert alert(restarts, 219) is AlertName.ACCOUNT_LOST
    assert told(restarts, 220) is None


def test_who_is_out_still_is_told_alone_five_minutes_later() -> None:
    restarts = many()
    told(restarts, 90)
    answered(restarts, range(1, 12), 100, same=True)
    answered(restarts, (12,), 101, back=False)
    assert told(restarts, 102) is None
    loss = Loss(HELD, "unregistered", at(0), at(60), at(610))
    assert restarts.renamed(ExtensionId(12), loss).reason == "forgotten"
    assert restarts.ask_by(ExtensionId(12)) == at(402)
    assert awaited(restarts, 12) == [True]
    answered(restarts, (12,), 403, back=False)
    assert awaited(restarts, 12) == [False]


def test_phones_that_return_under_new_entries_make_it_a_restart_after_all() -> None:
    restarts = many()
    assert alert(restarts, 90) is AlertName.ACCOUNT_LOST
    answered(restarts, (1, 2), 100)
    assert alert(restarts, 101) is AlertName.REGISTRAR_RESTARTED


# --- a restart ------------------------------------------------------------------------------------


def restart() -> Restarts:
    restarts = many()
    answered(restarts, (1, 2), 70)
    return restarts


def test_one_incident_tells_of_all_until_the_last_is_back() -> None:
    restarts = restart()
    condition = told(restarts, 71)
    assert condition is not None
    assert condition.alert is AlertName.REGISTRAR_RESTARTED
    assert "forgot 12 registrations" in condition.summary
    assert "the last of them in 9 min 10 s" in condition.explanation
    answered(restarts, range(3, 12), 300)
    assert alert(restarts, 301) is AlertName.REGISTRAR_RESTARTED
    answered(restarts, (12,), 302)
    assert told(restarts, 303) is None
    assert restarts.resolution == "12 of 12 are back"


def test_one_that_is_not_back_in_time_is_told_while_others_are_awaited() -> None:
    restarts = restart()
    excused(restarts, 13, held=registration(ends=3000))
    told(restarts, 71)
    answered(restarts, range(3, 12), 300)
    answered(restarts, (12,), 611, back=False)
    assert (awaited(restarts, 12), restarts.ask_by(ExtensionId(12))) == ([True], at(641))
    answered(restarts, (12,), 641, back=False)
    assert awaited(restarts, 12, 13) == [False, True]
    assert alert(restarts, 642) is AlertName.REGISTRAR_RESTARTED


def test_it_becomes_the_account_if_those_due_do_not_return() -> None:
    restarts = restart()
    assert alert(restarts, 71) is AlertName.REGISTRAR_RESTARTED
    answered(restarts, range(3, 13), 611, back=False)
    assert alert(restarts, 612) is AlertName.ACCOUNT_LOST
    answered(restarts, range(3, 13), 650, back=False)
    assert awaited(restarts, 3, 12) == [True, True]


def test_a_few_missing_ones_do_not_disprove_it() -> None:
    restarts = restart()
    told(restarts, 71)
    answered(restarts, range(3, 9), 300)
    answered(restarts, range(9, 12), 611, back=False)
    assert alert(restarts, 612) is AlertName.REGISTRAR_RESTARTED


# --- neither --------------------------------------------------------------------------------------


def test_no_large_part_is_let_go_after_half_a_minute_as_what_it_was() -> None:
    restarts = many(8, of=40)
    loss = Loss(HELD, "unregistered", at(0), at(60), at(610))
    assert restarts.renamed(ExtensionId(1), loss) is loss
    assert restarts.ask_by(ExtensionId(1)) == at(90)
    assert told(restarts, 89) is None
    assert restarts.take_released() == []
    assert told(restarts, 90) is None
    assert restarts.take_released() == [ExtensionId(n) for n in range(1, 9)]
    assert restarts.take_released() == []
    again = restarts.renamed(ExtensionId(1), loss)
    assert (again.reason, again.awaited_until) == ("unregistered", None)
    assert restarts.vanished is None


def test_if_all_are_back_within_half_a_minute_nothing_is_told() -> None:
    restarts = many()
    answered(restarts, range(1, 13), 70, same=True)
    assert told(restarts, 71) is None
    assert restarts.vanished is None


def test_one_that_is_watched_no_more_is_not_awaited() -> None:
    restarts = many(5, of=6)
    for number in range(1, 6):
        restarts.drop(ExtensionId(number))
    assert told(restarts, 70) is None
    assert restarts.vanished is None


# --- after a restart of ours ----------------------------------------------------------------------


def restored(after: Restarts, memories: Iterable[Memory], when: float) -> Restarts:
    for number, memory in enumerate(memories, 1):
        after.restore(Watched(extension(number)), memory, now=at(when))
    return after


def memories(restarts: Restarts, count: int = 12) -> list[Memory]:
    return [excused(restarts, n) for n in range(1, count + 1)]


def test_what_was_told_goes_on() -> None:
    after = Restarts(AccountPolicy())
    after.resume(AlertName.ACCOUNT_LOST)
    restored(after, memories(Restarts()), 5000)
    found = told(after, 5001)
    assert found is not None
    assert (found.alert, found.since) == (AlertName.ACCOUNT_LOST, at(60))
    resumed = Restarts(AccountPolicy())
    resumed.resume(AlertName.REGISTRAR_RESTARTED)
    assert alert(restored(resumed, memories(Restarts()), 300), 301) is AlertName.REGISTRAR_RESTARTED


def test_what_was_looked_at_is_looked_at_anew() -> None:
    after = restored(Restarts(AccountPolicy()), memories(Restarts()), 100)
    assert told(after, 101) is None
    answered(after, range(13, 21), 110, same=True)
    assert alert(after, 130) is AlertName.ACCOUNT_LOST


def test_what_is_of_long_ago_begins_nothing() -> None:
    after = restored(Restarts(AccountPolicy()), memories(Restarts()), 900)
    assert told(after, 901) is None
    assert awaited(after, 1) == [False]
