"""What the API says that is not so: for as long as it lasts, of those it concerns."""

import pytest
from fakes.lives import living

from regwatch.simulator.life import Want
from regwatch.simulator.rates import LIES, Kind

WANTED = {
    Kind.GLITCH: Want.NOTHING,
    Kind.MASS_GLITCH: Want.ACCOUNT,
    Kind.FROZEN: Want.API,
    Kind.LIST_SHRUNK: Want.LIST,
    Kind.API_DOWN: Want.API,
}


@pytest.mark.parametrize("kind", sorted(LIES))
def test_its_faults_are_on_while_it_lasts(kind: Kind) -> None:
    held = living(kind, rates={kind.value: 1.0}, days=10)
    each = held.first
    assert each.until is not None
    assert each.want is WANTED[kind]
    for at, on in ((each.at - 0.1, False), (each.at, True), (each.until, False)):
        held.world.advance(at)
        assert (held.world.faults.active.keys() == each.faults.keys()) is on
    assert each.sights == ()


def test_a_glitch_is_about_one_extension() -> None:
    held = living(Kind.GLITCH, rates={"glitch": 20.0}, days=10)
    seen = set()
    for each in held.truth:
        shown = {s["extension_id"]: s["registered"] for s in held.all_at(each.at)}
        (who,) = each.whom
        wrong = [i for i in held.world.registrar.phones if shown.get(i) is not True]
        seen.add(shown.get(who))
        assert who in wrong
        assert len(wrong) <= 5, "and who never registers"
    assert seen == {None, False}


def test_a_mass_glitch_is_about_all_or_half() -> None:
    held = living(Kind.MASS_GLITCH, rates={"mass_glitch": 2.0}, days=20)
    shares = set()
    for each in held.truth:
        shown = held.all_at(each.at)
        there = sum(s["registered"] for s in shown)
        shares.add(round(there / len(shown), 1))
    assert 0.0 in shares
    assert any(0.3 < share < 0.7 for share in shares)


def test_frozen_answers_are_the_first_ones_and_cached_ones_are_old() -> None:
    held = living(Kind.FROZEN, rates={"frozen": 1.0}, days=20)
    kinds = set()
    for each in held.truth[:10]:
        assert each.until is not None
        first = held.all_at(each.at + 1)
        kinds |= set(each.faults)
        if "frozen_answers" in each.faults:
            assert held.all_at(each.until - 1) == first
        assert held.all_at(each.until + 1) != first
    assert kinds == {"frozen_answers", "cached_answers"}
