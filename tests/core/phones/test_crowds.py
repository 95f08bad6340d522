"""An extension with more registrations than are compared."""

from collections.abc import Iterable

import pytest
from fakes.observing import observed
from fakes.values import ACME, EVERY_ALERT, answer, at, extension, listing, registration

from regwatch.core.model import AlertName, ChangeKind, ExtensionId, Registration, Watched
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.crowds import MOST_REGISTRATIONS, is_crowded, thinned
from regwatch.core.sites import Sites

MANY = 2000


def registrations(count: int, *, generation: int = 0, ends: float = 9e4) -> list[Registration]:
    return [
        registration(
            f"uloc-{generation}-{number}",
            ends=ends,
            contact=f"sip:101@10.{generation}.{number // 250}.{number % 250}",
            real=f"sip:203.0.{generation}.{number % 250}:{5060 + number}",
        )
        for number in range(count)
    ]


def monitor() -> Monitor:
    made = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites())
    made.watch(listing(1).extensions, now=at(0))
    return made


def seen(made: Monitor, held: Iterable[Registration], when: float) -> Outcome:
    return observed(made, answer(1, *held, when=when))


def held(made: Monitor) -> tuple[Registration, ...]:
    return made.roster.by_id[ExtensionId(1)].registrations


@pytest.mark.parametrize(
    ("count", "crowded"), [(0, False), (1, False), (MOST_REGISTRATIONS, False), (101, True)]
)
def test_so_many_are_a_crowd(count: int, *, crowded: bool) -> None:
    found = registrations(count)
    assert is_crowded(answer(1, *found, when=0)) is crowded
    assert is_crowded(answer(1, former=found, when=0)) is crowded


def test_a_crowd_is_thinned_to_those_known_and_then_the_first() -> None:
    found = registrations(MANY)
    known = Watched(extension(1), registrations=(found[1500], found[7]))
    kept = thinned(answer(1, *found, when=60), known).registrations
    assert kept[:2] == (found[7], found[1500])
    assert kept[2:5] == (found[0], found[1], found[2])
    assert len(kept) == MOST_REGISTRATIONS
    former = thinned(answer(1, former=found, when=60), known).former
    assert former == kept


def test_who_is_left_out_is_not_lost_and_who_is_known_stays() -> None:
    made, found = monitor(), registrations(MANY)
    assert seen(made, found, 0).crowded == [1]
    before = held(made)
    outcome = seen(made, reversed(found), 60)
    assert (outcome.changes, outcome.steps, outcome.crowded) == ([], [], [1])
    assert set(held(made)) == set(before)
    assert len(before) == MOST_REGISTRATIONS


def test_a_crowd_that_is_gone_is_lost() -> None:
    made = monitor()
    seen(made, registrations(MANY, ends=90), 0)
    outcome = seen(made, (), 100)
    assert {change.kind for change in outcome.changes} == {ChangeKind.ENDED_UNSEEN}
    assert [i.alert for i in outcome.incidents] == [AlertName.EXTENSION_LOST]
    assert outcome.crowded == []


def test_a_crowd_that_changes_with_each_answer_costs_the_square_of_a_hundred_at_most() -> None:
    """Counted: what is compared, and what is told of it."""
    made = monitor()
    seen(made, registrations(MANY), 0)
    for generation in range(1, 5):
        found = registrations(MANY, generation=generation)
        outcome = seen(made, found, 60 * generation)
        assert len(outcome.changes) == 2 * MOST_REGISTRATIONS
        assert len(held(made)) == MOST_REGISTRATIONS
        assert len(tuple(made.incidents)) <= MOST_REGISTRATIONS + 1
