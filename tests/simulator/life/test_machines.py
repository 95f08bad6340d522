"""What machines do while nothing is wrong, as the API shows it before, at and after it."""

import pytest
from fakes.lives import living

from regwatch.simulator.life import Want
from regwatch.simulator.life.machines import newer
from regwatch.simulator.rates import Kind

SINGLE = {"second_device_share": 0.0}


@pytest.mark.parametrize(
    ("model", "later"),
    [
        ("Yealink SIP-T46G 28.72.14.5", "Yealink SIP-T46G 28.72.14.8"),
        ("Cisco/SPA504G-7.6.2c", "Cisco/SPA504G-7.6.5c"),
        ("snom320/8.7.5.35", "snom320/8.7.5.38"),
    ],
)
def test_a_later_firmware_is_the_same_model(model: str, later: str) -> None:
    assert newer(model, 3) == later


def test_a_reboot_is_a_minute_or_two_under_the_same_port_or_another() -> None:
    held = living(Kind.REBOOT, rates=SINGLE | {"reboot": 40.0})
    ports, ids = set(), set()
    for each in held.truth:
        (who,) = each.whom
        assert each.until is not None
        assert 50 <= each.until - each.at <= 110
        before = held.at(each.at - 0.001, who)["registrations"][-1]
        after = held.at(each.until + 0.001, who)["registrations"][-1]
        is_same = before["contact_address"] == after["contact_address"]
        ports.add(is_same)
        ids.add((is_same, each.want, before["registration_id"] == after["registration_id"]))
    assert ports == {True, False}
    assert (True, Want.NOTHING, True) in ids, "the same contact keeps its entry while it runs"
    assert (False, Want.NOTHING, True) not in ids
    assert (True, Want.SIGN_OFF, True) not in ids


def test_a_rebind_changes_the_port_alone_and_at_a_refresh() -> None:
    held = living(Kind.REBIND, rates=SINGLE | {"rebind": 8.0})
    each = held.first
    (who,) = each.whom
    (before,) = held.at(each.at, who)["registrations"]
    (after,) = held.at(each.at + 600, who)["registrations"]
    host, _, port = before["real_address"].rpartition(":")
    assert after["real_address"].startswith(f"{host}:")
    assert not after["real_address"].endswith(port)
    assert after["registration_id"] == before["registration_id"]


def test_a_firmware_round_is_one_model_with_a_new_agent_and_a_new_port() -> None:
    held = living(Kind.FIRMWARE, phones=200, rates=SINGLE | {"firmware": 10.0})
    each = held.first
    assert 15 < len(each.whom) < 80
    assert each.until is not None
    before = {who: held.at(each.at - 1, who)["registrations"][-1] for who in each.whom}
    after = {who: held.at(each.until + 300, who) for who in each.whom}
    (model,) = {entry["device"] for entry in before.values()}
    devices = {shown["registrations"][-1]["device"] for shown in after.values()}
    assert len(devices) == 1
    assert devices != {model}
    assert all(shown["registered"] for shown in after.values())
    for who, shown in after.items():
        now = shown["registrations"][-1]
        assert now["contact_address"] != before[who]["contact_address"]
        host = before[who]["contact_address"].rpartition(":")[0]
        assert now["contact_address"].startswith(host)


def test_each_night_a_line_has_another_address_and_the_same_entries() -> None:
    held = living(Kind.NEW_ADDRESS, phones=20, rates={"nightly_share": 1.0})
    first, second = held.truth[:2]
    addresses = []
    assert first.until is not None
    assert second.until is not None
    for at in (first.at - 1, first.until + 1, second.until + 1):
        shown = held.all_at(at)
        entries = [e for s in shown for e in s["registrations"]]
        hosts = {e["real_address"].rpartition(":")[0].partition("::1")[0] for e in entries}
        addresses.append((frozenset(hosts), {e["registration_id"] for e in entries}))
    (before, ids), (then, same), (again, _) = addresses
    assert same == ids
    assert not before & then
    assert not then & again


def test_one_contact_stands_under_two_ids_until_one_of_them_goes() -> None:
    held = living(Kind.TWO_NODES, rates=SINGLE | {"two_nodes": 4.0})
    each = held.first
    (who,) = each.whom
    assert each.until is not None
    one, two = held.at(each.at + 1, who)["registrations"]
    assert one["registration_id"] != two["registration_id"]
    assert {k: v for k, v in one.items() if k in ("device", "contact_address", "real_address")} == {
        k: v for k, v in two.items() if k in ("device", "contact_address", "real_address")
    }
    assert len(held.at(each.until - 1, who)["registrations"]) == 2, "both are refreshed"
    after = held.at(each.until + 600, who)
    assert len(after["registrations"]) == 1
    assert after["registered"]


def test_a_restart_forgets_all_and_they_return_under_new_ids_as_they_refresh() -> None:
    held = living(Kind.RESTART, phones=40, rates=SINGLE | {"restart": 1.0}, leases="600")
    each = held.first
    before = {e["registration_id"] for s in held.all_at(each.at - 1) for e in s["registrations"]}
    at_once = [s for s in held.all_at(each.at) if s["registered"]]
    later = held.all_at(each.at + 600)
    ids = {e["registration_id"] for s in later if s["registered"] for e in s["registrations"]}
    assert len(at_once) <= 2, "permanent ones at most"
    assert len([s for s in later if s["registered"]]) >= 38
    assert len(ids & before) <= 2
