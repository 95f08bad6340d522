"""What people do: go home and come, walk about, reload pages, log in elsewhere."""

import pytest
from fakes.lives import DAY, living

from regwatch.simulator.life import Want
from regwatch.simulator.life.people import is_working_day
from regwatch.simulator.rates import Kind

SOFT = {"softphone_share": 0.5, "browser_share": 0.2, "second_device_share": 0.0}


@pytest.mark.parametrize(
    ("day", "works"), [(0, True), (1, True), (2, False), (3, False), (4, True)]
)
def test_the_epoch_was_a_thursday(day: int, works: bool) -> None:
    assert is_working_day(day) is works


def test_closing_time_is_a_good_bye_or_a_closed_lid_and_everybody_is_back_in_the_morning() -> None:
    held = living(Kind.OFFICE_HOURS, rates=SOFT, days=1)
    gone = [each for each in held.truth if each.sights and each.want is not Want.NOTHING]
    evening = [each.at % DAY / 3600 for each in gone]
    assert all(17 < hour < 19 for hour in evening)
    kinds = {each.want for each in gone}
    assert kinds == {Want.SIGN_OFF, Want.LOSS}
    for each in gone:
        (sight,) = each.sights
        if each.want is Want.SIGN_OFF:
            assert (sight.missed_at, sight.gone_at) == (None, each.at)
        else:
            assert sight.missed_at is not None
            assert sight.gone_at > each.at
    left = min(gone, key=lambda each: each.at)
    (who,) = left.whom
    assert held.at(left.at - 1, who)["registered"]
    assert not held.at(left.sights[0].gone_at + 1, who)["registered"]
    assert left.until is not None
    assert is_working_day(int(left.until // DAY))
    assert held.at(left.until + 1, who)["registered"]


def test_who_is_at_home_when_the_world_begins_is_not_registered() -> None:
    held = living(Kind.OFFICE_HOURS, rates=SOFT | {"softphone_share": 1.0}, days=1)
    before = [each for each in held.truth if each.want is Want.NOTHING]
    shown = held.all_at(before[0].at + 0.5) if before else []
    gone = {who for each in before for who in each.whom if each.sights}
    away = {s["extension_id"] for s in shown if not s["registered"]}
    assert {s.extension_id for e in before for s in e.sights if s.missed_at is None} <= away
    assert away <= gone


def test_who_walks_out_of_the_wifi_has_two_entries_for_a_lease() -> None:
    rates = SOFT | {"roaming_share": 1.0}
    roam = living(Kind.ROAMING, rates=rates).first
    held = living(Kind.ROAMING, rates=rates)
    (who,) = roam.whom
    before = held.at(roam.at - 1, who)["registrations"]
    during = held.at(roam.at + 1, who)["registrations"]
    later = held.at(roam.at + 601, who)
    assert len(before) == 1
    assert during[0] == before[0] | {"expires": during[0]["expires"]}
    assert during[1]["real_address"].startswith("sip:100.")
    assert during[1]["device"] == before[0]["device"]
    assert later["registered"]


def test_a_reloaded_page_has_a_new_host_that_does_not_exist() -> None:
    rates = SOFT | {"browser_share": 0.8, "softphone_share": 0.0}
    held = living(Kind.RELOAD, rates=rates)
    left_behind = set()
    for each in held.truth[:20]:
        (who,) = each.whom
        before = held.at(each.at - 0.01, who)["registrations"]
        after = held.at(each.at, who)["registrations"]
        hosts = [e["contact_address"] for e in after]
        assert all(host.endswith(".invalid;transport=ws") for host in hosts)
        assert hosts[-1] not in [e["contact_address"] for e in before]
        left_behind.add(len(after) > len(before))
    assert left_behind == {True, False}


def test_another_device_takes_the_only_place_and_gives_it_back() -> None:
    held = living(Kind.TAKE_OVER, rates={"second_device_share": 0.0, "take_over": 4.0})
    each = held.first
    (who,) = each.whom
    assert each.until is not None
    shown = [held.at(at, who)["registrations"] for at in (each.at - 1, each.at, each.until)]
    assert [len(entries) for entries in shown] == [1, 1, 1]
    agents = [entries[0]["device"] for entries in shown]
    assert agents[0] == agents[2] != agents[1]
