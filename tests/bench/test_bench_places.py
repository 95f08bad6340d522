"""What a place costs of which 100,000 phones are behind one address, in one run: beside as many
places of one phone each, and beside nobody who looks at places at all.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import process_time

import pytest
from fakes.values import ACME, EVERY_ALERT, answer, at, batch, listing, registration

from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.sites import Sites

PHONES, BATCH, ANSWERS = 100_000, 100, 120
MOST = 6.0
"""Times an ordinary answer: the one that finds the outage, or the next one. Some 13 ms of 100."""
QUIET, ROUNDS, MOST_QUIET = 20_000, 5, 1.1
"""Times: answers in which nothing is new, of fewer phones."""
AGE = 3600.0
POLICY = OutagePolicy()


def together(_number: int) -> str:
    return "sip:203.0.113.7:5060"


def apart(number: int) -> str:
    return f"sip:10.{number >> 16}.{number >> 8 & 255}.{number & 255}:5060"


def ends(number: int) -> float:
    """Leases end one after the other, all within an hour."""
    return 60 + AGE * number / PHONES


def watched(
    address: Callable[[int], str], *, phones: int = PHONES, outages: OutagePolicy | None = POLICY
) -> Monitor:
    made = Monitor(ACME, MonitorPolicy(EVERY_ALERT, outages=outages), Sites())
    made.watch(listing(*range(1, phones + 1)).extensions, now=at(0))
    for _ in answered(made, 0, address, phones):
        pass
    gc.collect()
    gc.freeze()
    return made


def answered(
    made: Monitor, when: float, address: Callable[[int], str], phones: int
) -> Iterator[float]:
    """CPU seconds of each answer, of phones that hold their leases."""
    for number in range(1, phones + 1, BATCH):
        yield holding(made, when, address, range(number, number + BATCH))


def holding(
    made: Monitor, when: float, address: Callable[[int], str], numbers: Sequence[int]
) -> float:
    """CPU seconds of an answer about these, each of which holds its lease."""
    held = {i: registration(f"u{i}", ends=ends(i), real=address(i)) for i in numbers}
    answers = batch(*(answer(i, each, when=when) for i, each in held.items()))
    begun = process_time()
    made.observe(answers, now=at(when))
    return process_time() - begun


def going_dark(made: Monitor, address: Callable[[int], str]) -> Iterator[float]:
    """CPU seconds of each answer, while one after the other is gone: each was seen not to refresh
    in its time.
    """
    for number in range(1, ANSWERS * BATCH, BATCH):
        numbers, when = range(number, number + BATCH), ends(number + BATCH) + 5
        holding(made, ends(number) - 1, address, numbers)
        gone = batch(*(answer(i, when=when) for i in numbers))
        begun = process_time()
        outcome = made.observe(gone, now=at(when))
        made.tick(now=at(when))
        yield process_time() - begun
        if again := (*outcome.doubted, *outcome.wanted):
            answers = [answer(i, when=when + 1) for i in again]
            made.observe(batch(*answers), now=at(when + 1))


@pytest.fixture(autouse=True)
def never_collected() -> Iterator[None]:
    """Garbage of others is not what is measured."""
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.bench
def test_no_answer_about_a_place_of_100_000_phones_costs_much_more_than_others() -> None:
    elsewhere = median(going_dark(watched(apart), apart))
    made = watched(together)
    here = list(going_dark(made, together))
    outage = made.incidents.get("site:203.0.113.7")
    assert outage is not None
    print(f"\none place: worst {1000 * max(here):.1f} ms, median {1000 * median(here):.2f} ms, "
          f"elsewhere {1000 * elsewhere:.2f} ms; {outage.summary}")  # fmt: skip
    assert max(here) < MOST * elsewhere


@pytest.mark.bench
def test_where_nothing_is_new_places_cost_next_to_nothing() -> None:
    on = watched(together, phones=QUIET)
    off = watched(together, phones=QUIET, outages=None)
    ratios = []
    for round_number in range(1, 1 + ROUNDS):
        with_them, without = (
            sum(answered(made, round_number, together, QUIET)) for made in (on, off)
        )
        ratios.append(with_them / without)
    print(f"\nquiet answers cost {median(ratios):.3f} times as much with places")
    assert median(ratios) < MOST_QUIET
