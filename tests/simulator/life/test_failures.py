"""Who is gone without a word: listed until the lease ends, missed from the usual refresh on."""

import pytest
from fakes.lives import living

from regwatch.simulator.life import Want
from regwatch.simulator.rates import Kind

NO_SECOND = {"second_device_share": 0.0}
PLACES = (Kind.POWER_CUT, Kind.LINE_CUT, Kind.PART_LOST)
HOSTS = (Kind.SWITCH_REBOOT, Kind.SWITCH_DEATH, Kind.BASE_DEATH)


def test_a_silent_death_is_listed_until_its_lease_ends() -> None:
    held = living(Kind.SILENT_DEATH, rates=NO_SECOND | {"silent_death": 8.0})
    death = held.first
    (who,), (sight,) = death.whom, death.sights
    assert death.want is Want.LOSS
    assert sight.missed_at is not None
    assert death.at <= sight.missed_at < sight.gone_at <= death.at + 600
    before = held.at(death.at - 1, who)
    dying = held.at(sight.gone_at - 1, who)
    dead = held.at(sight.gone_at + 1, who)
    back = held.at(sight.back_at + 1, who)
    entries = [shown["registrations"][0] for shown in (before, dying, dead, back)]
    assert [s["registered"] for s in (before, dying, dead, back)] == [True, True, False, True]
    assert (entries[1]["expires"], entries[2]["expires"]) == (1, -1)
    assert len({e["registration_id"] for e in entries[:3]}) == 1
    assert entries[3]["registration_id"] != entries[0]["registration_id"]
    assert entries[3]["contact_address"] == entries[0]["contact_address"]


def test_a_second_device_is_gone_and_the_first_lives_on() -> None:
    held = living(Kind.DEVICE_DEATH, rates={"second_device_share": 1.0})
    death = held.first
    (who,), sight = death.whom, death.sights[0]
    assert death.want is Want.DEVICE
    assert len(held.at(death.at - 1, who)["registrations"]) == 2
    after = held.at(sight.gone_at + 1, who)
    assert (after["registered"], len(after["registrations"])) == (True, 1)


@pytest.mark.parametrize("kind", HOSTS)
def test_all_of_a_switch_or_base_go_at_once(kind: Kind) -> None:
    rates = NO_SECOND | {"dect_share": 0.4}
    happened = living(kind, days=5, rates=rates | {kind.value: 10.0}).truth
    assert happened
    for each in happened:
        assert each.place.startswith("base" if kind is Kind.BASE_DEATH else "switch")
        assert {sight.off_at for sight in each.sights} <= {each.at}
        assert each.until is not None
        length = each.until - each.at
        assert (length <= 300) is (kind is Kind.SWITCH_REBOOT)


@pytest.mark.parametrize("kind", PLACES)
def test_a_place_is_out_with_all_or_a_part_of_its_phones(kind: Kind) -> None:
    held = living(kind, days=10, rates=NO_SECOND | {kind.value: 4.0})
    assert held.truth
    for each in held.truth:
        share = len(each.whom) / 20
        assert each.want is Want.PLACE
        assert (0.4 <= share <= 0.95) if kind is Kind.PART_LOST else share >= 0.8
    away = [each for each in held.truth if each.lost]
    assert away
    missed, seen = away[0].missed_at(3), away[0].seen_at
    assert missed is not None
    assert seen is not None
    assert away[0].at < missed


def test_short_outages_show_fewer_losses_than_phones_or_none() -> None:
    held = living(Kind.LINE_CUT, leases="3600", days=20, rates={"line_cut": 8.0})
    short = [e for e in held.truth if e.until is not None and e.until - e.at < 300]
    assert short
    assert all(len(each.lost) < len(each.whom) for each in short)
