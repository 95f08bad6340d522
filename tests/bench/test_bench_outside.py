"""What comes from outside costs no more than its length, wherever it comes in: ten times as much of
it takes about ten times as long.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from fakes import floods
from fakes.decoders import DECODERS, Decoder

from regwatch.core.outside import lines_made_safe, made_safe

TIMES = 10
MOST_TIMES = 5.0 * TIMES
"""A square would take a hundred times as long."""
WORTH_A_LOOK = 2e-3
"""Seconds of the processor; below that the clock and the machine say more than the work."""
HOLDS_NOBODY = 0.020
"""Seconds."""
SHORT = 8_000
LONG = 1_000_000
BY_HAND = [each for each in DECODERS if each.name not in ("the configuration", "the web config")]
OF_THE_PBX = [each for each in DECODERS if each.module.startswith("sources/ringme/")]


def seconds(work: Callable[[object], object], said: object) -> float:
    """The lesser of two: what disturbs makes it only longer."""
    spent = []
    for _ in range(2):
        begun = time.process_time()
        with suppress(Exception):  # what it raises is another test's business
            work(said)
        spent.append(time.process_time() - begun)
    return min(spent)


def said_to(decoder: Decoder, length: int) -> Iterator[object]:
    if decoder.takes == "bytes":
        return floods.bodies(length, decoder.names[-1])
    return floods.texts(length)


def growth(work: Callable[[object], object], short: Iterator[object], long: Iterator[object]):
    """The greatest, and the longest time."""
    worst, longest = 0.0, 0.0
    for little, much in zip(short, long, strict=True):
        spent = seconds(work, much)
        longest = max(longest, spent)
        if spent > WORTH_A_LOOK:
            worst = max(worst, spent / max(seconds(work, little), WORTH_A_LOOK / TIMES))
    return worst, longest


@pytest.mark.bench
@pytest.mark.parametrize("work", [made_safe, lines_made_safe], ids=lambda each: each.__name__)
def test_making_safe_costs_no_more_than_the_length(work: Callable[[object], object]) -> None:
    worst, _ = growth(work, floods.texts(LONG // TIMES), floods.texts(LONG))
    print(f"\n{work.__name__}: at most {worst:.1f} times as long on {TIMES} times the text")
    assert worst <= MOST_TIMES


@pytest.mark.bench
@pytest.mark.parametrize("decoder", OF_THE_PBX, ids=lambda each: each.name)
def test_reading_costs_no_more_than_the_length(decoder: Decoder) -> None:
    worst, _ = growth(decoder.work, said_to(decoder, SHORT), said_to(decoder, SHORT * TIMES))
    print(f"\n{decoder.name}: at most {worst:.1f} times as long on {TIMES} times the text")
    assert worst <= MOST_TIMES


@pytest.mark.long
@pytest.mark.by_hand
@pytest.mark.parametrize("decoder", BY_HAND, ids=lambda each: each.name)
def test_a_megabyte_costs_no_more_than_its_length(decoder: Decoder) -> None:
    worst, longest = growth(decoder.work, said_to(decoder, LONG // TIMES), said_to(decoder, LONG))
    print(f"\n{decoder.name}: a megabyte takes {1000 * longest:.1f} ms, {worst:.1f} times a tenth")
    assert worst <= MOST_TIMES


@pytest.mark.long
@pytest.mark.by_hand
@pytest.mark.parametrize(
    "decoder", [each for each in BY_HAND if each.most], ids=lambda each: each.name
)
def test_as_much_as_can_come_holds_nobody(decoder: Decoder) -> None:
    _, longest = growth(
        decoder.work, said_to(decoder, decoder.most), said_to(decoder, decoder.most)
    )
    print(f"\n{decoder.name}: {decoder.most} bytes take {1000 * longest:.1f} ms")
    assert longest < HOLDS_NOBODY
