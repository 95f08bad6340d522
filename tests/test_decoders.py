"""Whatever is written by others, each decoder gives values, or raises its boundary's own errors."""

import pytest
from fakes.decoders import DECODERS, Decoder
from fakes.hostile import WORDS, bodies, values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FEW, MANY = 25, 3000


def given_to(decoder: Decoder) -> st.SearchStrategy[object]:
    if decoder.takes == "text":
        return WORDS
    if decoder.takes == "json":
        return values(decoder.names)
    return bodies(decoder.names, decoder.samples)


def check(decoder: Decoder, examples: int) -> None:
    @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
    @given(given_to(decoder))
    def only_its_own_errors(said: object) -> None:
        try:
            decoder.work(said)
        except decoder.may_raise:
            pass

    only_its_own_errors()


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda each: each.name)
def test_nothing_but_its_own_errors(decoder: Decoder) -> None:
    check(decoder, FEW)


@pytest.mark.long
@pytest.mark.by_hand
@pytest.mark.parametrize("decoder", DECODERS, ids=lambda each: each.name)
def test_nothing_but_its_own_errors_of_many_words(decoder: Decoder) -> None:
    check(decoder, MANY)
