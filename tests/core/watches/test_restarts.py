from fakes.values import ACME, answer, at, extension, registration
from msgspec.structs import replace

from regwatch.core.model import ExtensionId, Registration, RegistrationId, Watched
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.memory import NOTHING_REMEMBERED, Loss, Memory
from regwatch.core.phones.observation import Observation
from regwatch.core.watches.restarts import Restarts

HELD = registration("uloc-1", ends=600)
HALFWAY = Habit(
    refreshes=4, lease_low=600.0, lease_high=600.0, usual=300.0, earliest=299.0, latest=301.0
)


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
    lost = replace(before, loss=Loss(held, reason, at(seen), at(when)))
    watched = Watched(extension(number), registrations=(held,))
    seen = Observation(watched, before, answer(number, when=when), (), (), lost)
    return restarts.excuse(seen, DeviceModels(), is_mass=is_mass)


def awaited(restarts: Restarts, *numbers: int) -> list[float | None]:
    found = [restarts.awaited_until(ExtensionId(n)) for n in numbers]
    return [None if until is None else until - at(0) for until in found]


def answered(
    restarts: Restarts, number: int, registered: bool, when: float, *, same: bool = False
) -> None:
    """Back under a new entry, or as it was."""
    held = (HELD if same else registration("uloc-new", ends=when + 600),) if registered else ()
    loss = Loss(HELD, "forgotten", at(0), at(60))
    restarts.answered(ExtensionId(number), answer(number, *held, when=when), loss, now=at(when))


def test_who_was_forgotten_is_awaited_until_its_lease_would_have_ended() -> None:
    restarts = Restarts()
    loss = excused(restarts, 1).loss
    assert loss is not None
    assert (loss.reason, loss.awaited_until) == ("forgotten", at(610))
    assert awaited(restarts, 1, 2) == [610, None]


def test_a_known_habit_tells_earlier() -> None:
    restarts = Restarts()
    excused(restarts, 1, before=Memory(habits={RegistrationId("uloc-1"): HALFWAY}))
    assert awaited(restarts, 1) == [331]


def test_one_that_may_have_refreshed_unseen_before_is_awaited_for_a_whole_period() -> None:
    restarts = Restarts()
    due_soon = registration("uloc-1", ends=370)  # granted 230 s ago, refreshed after 300
    excused(restarts, 1, held=due_soon, before=Memory(habits={RegistrationId("uloc-1"): HALFWAY}))
    assert awaited(restarts, 1) == [60 + 301 + 30]


def test_of_an_unsteady_one_only_the_lease_is_known() -> None:
    restarts = Restarts()
    unsteady = replace(HALFWAY, earliest=100.0)
    excused(restarts, 1, before=Memory(habits={RegistrationId("uloc-1"): unsteady}))
    assert awaited(restarts, 1) == [60 + 600 + 10]


def test_one_whose_lease_ended_before_the_restart_is_lost_and_after_it_is_not() -> None:
    restarts = Restarts()
    excused(restarts, 1, when=1000, held=registration(ends=3000))
    known = Memory(habits={RegistrationId("uloc-1"): HALFWAY})
    before, after = registration("uloc-1", ends=930), registration("uloc-1", ends=1050)
    for number, held in ((2, before), (3, after)):
        excused(
            restarts,
            number,
            when=1100,
            seen=900,
            reason="expired",
            held=held,
            before=known,
            is_mass=False,
        )
    assert awaited(restarts, 2, 3) == [None, 1331]


def test_others_are_lost_as_ever() -> None:
    restarts = Restarts()
    excused(restarts, 1, is_mass=False)
    excused(restarts, 2, reason="deleted")
    excused(restarts, 3, held=registration(ends=None))
    assert restarts.progress is None


def test_who_is_asked_for_the_first_time_since_was_forgotten_too() -> None:
    restarts = Restarts()
    excused(restarts, 1, when=60)
    excused(restarts, 2, when=90, seen=50, is_mass=False)
    excused(restarts, 3, when=90, seen=70, is_mass=False)
    assert awaited(restarts, 2, 3) == [610, None]


def test_one_incident_tells_of_all_until_the_last_is_back() -> None:
    restarts = Restarts()
    excused(restarts, 1)
    excused(restarts, 2, held=registration(ends=3000))
    condition = restarts.condition(ACME, now=at(60))
    assert condition is not None
    assert condition.since == at(60)
    assert "forgot 2 registrations" in condition.summary
    assert "the last of them in 49 min 10 s" in condition.explanation
    answered(restarts, 1, False, 100)
    answered(restarts, 1, True, 200)
    answered(restarts, 1, True, 201)
    assert restarts.progress is not None
    assert restarts.progress.awaited == 1
    answered(restarts, 2, True, 300)
    assert restarts.condition(ACME, now=at(60)) is None


def test_if_more_are_missing_than_came_back_nobody_is_awaited_any_longer() -> None:
    restarts = Restarts()
    for number in range(1, 11):
        excused(restarts, number, held=registration(ends=600 + 100 * number))
    answered(restarts, 1, False, 720)
    answered(restarts, 2, False, 820)
    assert awaited(restarts, 10) == [1610]
    answered(restarts, 3, False, 920)
    assert restarts.progress is None
    assert awaited(restarts, 10) == [None]


def test_while_most_come_back_a_few_missing_ones_do_not_disprove_it() -> None:
    restarts = Restarts()
    for number in range(1, 11):
        excused(restarts, number)
    for number in range(1, 5):
        answered(restarts, number, True, 300)
    for number in range(5, 9):
        answered(restarts, number, False, 620)
    assert restarts.progress is not None
    assert (restarts.progress.returned, restarts.progress.missing) == (4, 4)


def test_one_that_is_watched_no_more_is_not_awaited() -> None:
    restarts = Restarts()
    excused(restarts, 1)
    restarts.drop(ExtensionId(2), now=at(70))
    restarts.drop(ExtensionId(1), now=at(70))
    assert restarts.progress is None
