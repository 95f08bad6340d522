"""What somebody deletes through us is excused, and not for ever."""

from fakes.values import answer, at, registration

from regwatch.core.model import RegistrationId
from regwatch.core.phones.deletions import LONGEST_SECONDS, SETTLING_SECONDS, Deletions

HELD = registration("uloc-1")


def announced(*names: str, when: float = 0.0) -> Deletions:
    made = Deletions()
    made.announced([RegistrationId(name) for name in names], now=at(when))
    return made


def test_what_is_gone_soon_is_our_doing() -> None:
    deletions = announced("uloc-1")
    assert HELD.id in deletions.excusing(answer(1, when=30))
    assert "uloc-2" not in deletions.excusing(answer(1, when=30))
    assert HELD.id in deletions.excusing(answer(1, when=LONGEST_SECONDS))


def test_nothing_announced_excuses_nothing() -> None:
    assert HELD.id not in Deletions().excusing(answer(1, when=30))


def test_one_that_is_there_still_was_not_deleted() -> None:
    deletions = announced("uloc-1", "uloc-2")
    assert HELD.id in deletions.excusing(answer(1, HELD, when=SETTLING_SECONDS))
    assert HELD.id not in deletions.excusing(answer(1, HELD, when=SETTLING_SECONDS + 1))
    assert len(deletions) == 1, "the other one is left alone"


def test_within_the_hour_it_is_forgotten_in_any_case() -> None:
    deletions = announced("uloc-1")
    deletions.announced([RegistrationId("uloc-2")], now=at(LONGEST_SECONDS))
    assert HELD.id not in deletions.excusing(answer(1, when=LONGEST_SECONDS + 1))
    assert len(deletions) == 1
    deletions.announced([RegistrationId("uloc-3")], now=at(3 * LONGEST_SECONDS))
    assert len(deletions) == 1


def test_it_is_withdrawn_and_announced_anew() -> None:
    deletions = announced("uloc-1")
    deletions.ended([HELD.id, RegistrationId("never announced")])
    assert len(deletions) == 0
    deletions.announced([HELD.id], now=at(10))
    deletions.announced([HELD.id], now=at(100))
    assert HELD.id in deletions.excusing(answer(1, HELD, when=150))


def test_a_clock_that_is_set_makes_it_neither_older_nor_younger() -> None:
    deletions = announced("uloc-1")
    deletions.clock_set(2 * LONGEST_SECONDS)
    assert HELD.id in deletions.excusing(answer(1, when=2 * LONGEST_SECONDS + 30))
