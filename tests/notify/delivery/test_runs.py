"""What of a backlog may go out in one run."""

import pytest
from fakes.notifications import NEW, NOW, RESOLVED
from fakes.waiting import entry

from regwatch.core.model import Timestamp
from regwatch.notify.delivery.deliveries import Entry
from regwatch.notify.delivery.parcels import parcels
from regwatch.notify.delivery.runs import LONGEST_RUN, as_before, fresh_run


def run_of(*entries: Entry) -> list[tuple[int, ...]]:
    return [parcel.ids for parcel in fresh_run(parcels(entries), now=Timestamp(NOW + 100))]


def fresh(number: int) -> Entry:
    return entry(number, f"group {number}", (NEW, number))


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (entry(2, "b", (NEW, 2), attempts=1), "it was tried"),
        (entry(2, "b", (NEW, 2), may_have_arrived=True), "it may have arrived"),
        (entry(2, "b", (NEW, 2), refused=50.0), "it was refused"),
        (entry(2, "b", (NEW, 2), due=200.0), "it is not due"),
        (entry(2, "b", (RESOLVED, 1)), "it speaks of what the first speaks of"),
    ],
)
def test_a_run_ends_before_what_depends_on_how_things_go(second: Entry, why: str) -> None:
    assert run_of(fresh(1), second, fresh(3)) == [(1,)], why


def test_what_comes_to_nothing_is_not_sent() -> None:
    over = [entry(1, "a", (NEW, 1)), entry(2, "a", (RESOLVED, 1))]
    assert run_of(*over, fresh(3)) == []


def test_a_run_has_an_end() -> None:
    assert len(run_of(*map(fresh, range(1, 2 * LONGEST_RUN)))) == LONGEST_RUN


def test_what_a_run_did_not_come_to_is_as_it_was() -> None:
    waiting = parcels([fresh(1), entry(2, "b", (NEW, 2), due=7.0)])
    backs = [(ids, retry.at, retry.attempts, retry.may_have_arrived)
             for ids, retry in as_before(waiting)]  # fmt: skip
    assert backs == [((1,), NOW, 0, False), ((2,), NOW + 7, 0, False)]
