"""Flapping, other addresses, foreign networks and other devices, as the monitor tells of them."""

from ipaddress import ip_network

from fakes.observing import observed
from fakes.values import ACME, EVERY_ALERT, answer, at, listing, registration
from msgspec.structs import replace

from regwatch.core.alerts.incidents import Decision
from regwatch.core.model import AlertName, ExtensionId, Incident, IncidentId, Registration
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.remarks import Untold
from regwatch.core.sites import Site, Sites
from regwatch.core.watches.phone_watch import EVENT_SECONDS

SITES = Sites(
    [
        Site("riga", (ip_network("203.0.113.0/24"),), extensions=("000*101",)),
        Site("tallinn", (ip_network("192.0.2.0/24"),)),
        Site("nowhere", extensions=("000*103",)),
    ]
)
POLICY = MonitorPolicy(
    EVERY_ALERT, outages=OutagePolicy(), flapping=FlappingPolicy(changes=4, calm=600)
)
INSIDE = registration(ends=1e6, real="sip:203.0.113.7:62338")
OUTSIDE = replace(INSIDE, real_address="sip:198.51.100.9:5060")
FARTHER = replace(INSIDE, real_address="sip:198.51.100.77:5060")
IN_TALLINN = replace(INSIDE, real_address="sip:192.0.2.5:5060")
BESIDE = replace(OUTSIDE, id="uloc-9", contact_address="sip:101@10.0.0.9")
SNOM = replace(INSIDE, device="snomD785/10.1.175.16")

FIRED, RESOLVED = Decision.FIRED, Decision.RESOLVED
GONE, FLAPPING = AlertName.SIGNED_OFF, AlertName.FLAPPING
ADDRESS, DEVICE = AlertName.ADDRESS_CHANGED, AlertName.DEVICE_CHANGED
FOREIGN = AlertName.FOREIGN_NETWORK
Told = list[tuple[AlertName, Decision]]


def monitor(
    *held: Registration, incidents: tuple[Incident, ...] = (), policy: MonitorPolicy = POLICY
) -> Monitor:
    """Extension 1 of riga, 2 of no named site, 3 of a site without networks; all hold the same."""
    made = Monitor(ACME, policy, SITES, incidents=incidents)
    made.watch(listing(1, 2, 3).extensions, now=at(0))
    if held:
        for number in (1, 2, 3):
            assert told(seen(made, 0, *held, number=number)) == []
    return made


def seen(made: Monitor, when: float, *held: Registration, number: int = 1) -> Outcome:
    return observed(made, answer(number, *held, when=when))


def told(outcome: Outcome) -> Told:
    return [(s.incident.alert, s.decision) for s in outcome.steps if s.incident is not None]


def summary(made: Monitor, subject: str) -> str:
    incident = made.incidents.get(subject)
    assert incident is not None
    return incident.summary


def flapping() -> tuple[Monitor, IncidentId]:
    """Extension 1 was lost and back twice; the incident that says so."""
    made = monitor(INSIDE)
    for number in range(3):
        seen(made, 60 + 60 * number, *([INSIDE] if number % 2 else []))
    assert told(seen(made, 240, INSIDE)) == [(GONE, RESOLVED), (FLAPPING, FIRED)]
    incident = made.incidents.get("flapping:1")
    assert incident is not None
    return made, incident.id


# --- flapping ----------------------------------------------------------------------------------


def test_changes_before_a_restart_of_ours_count_after_it() -> None:
    before = monitor(INSIDE)
    for number in range(3):
        seen(before, 60 + 60 * number, *([INSIDE] if number % 2 else []))
    after = Monitor(ACME, POLICY, SITES, incidents=tuple(before.incidents))
    for watched in before.roster.by_id.values():
        after.restore(replace(watched), before.memory(watched.extension.id), now=at(200))
    assert told(seen(after, 240, INSIDE)) == [(GONE, RESOLVED), (FLAPPING, FIRED)]
    assert "4 changes in 3 min" in summary(after, "flapping:1")


def test_an_extension_that_is_flapping_goes_on_after_a_restart_of_ours_until_it_is_calm() -> None:
    before, by = flapping()
    after = Monitor(ACME, POLICY, SITES, incidents=tuple(before.incidents))
    for watched in before.roster.by_id.values():
        after.restore(replace(watched), before.memory(watched.extension.id), now=at(250))
    assert told(seen(after, 260, INSIDE)) == []
    assert [i.id for i in after.incidents if i.alert is FLAPPING] == [by]
    assert told(seen(after, 860, INSIDE)) == [(FLAPPING, RESOLVED)]


def test_while_an_extension_is_flapping_its_losses_are_inhibited() -> None:
    made, by = flapping()
    assert "101 keeps losing its registration and coming back at riga: 4 changes in 3 min" in (
        summary(made, "flapping:1")
    )
    assert told(seen(made, 300)) == [(GONE, FIRED), (GONE, Decision.INHIBITED)]
    lost = made.incidents.get("extension:1")
    assert lost is not None
    assert lost.inhibited_by == by
    assert told(seen(made, 360)) == []
    assert told(seen(made, 420, INSIDE)) == [(GONE, RESOLVED)]


def test_it_stops_once_and_who_is_back_says_nothing_more() -> None:
    made, _ = flapping()
    assert told(seen(made, 839, INSIDE)) == []
    assert told(seen(made, 840, INSIDE)) == [(FLAPPING, RESOLVED)]
    assert told(seen(made, 900, INSIDE)) == []


def test_who_stays_away_is_told_as_lost_when_the_flapping_is_over() -> None:
    made, _ = flapping()
    seen(made, 300)
    assert told(seen(made, 899)) == []
    assert told(seen(made, 901)) == [(FLAPPING, RESOLVED), (GONE, Decision.RELEASED)]


def test_a_loss_that_was_told_before_is_inhibited_and_resolves_as_ever() -> None:
    made = monitor(INSIDE, policy=replace(POLICY, flapping=FlappingPolicy(changes=3, calm=600)))
    seen(made, 60)
    seen(made, 120, INSIDE)
    assert told(seen(made, 180)) == [(GONE, FIRED), (FLAPPING, FIRED), (GONE, Decision.INHIBITED)]
    assert told(seen(made, 240, INSIDE)) == [(GONE, RESOLVED)]


def test_flapping_goes_on_over_a_restart_of_ours() -> None:
    made, by = flapping()
    seen(made, 300)
    again = Monitor(ACME, POLICY, SITES, incidents=tuple(made.incidents))
    for watched in made.roster.by_id.values():
        again.restore(watched, made.memory(watched.extension.id), now=at(5000))
    assert told(seen(again, 5000)) == []
    lost = again.incidents.get("extension:1")
    assert lost is not None
    assert lost.inhibited_by == by
    assert told(seen(again, 5600)) == [(FLAPPING, RESOLVED), (GONE, Decision.RELEASED)]


def test_flapping_that_is_switched_off_ends_and_releases_what_it_inhibited() -> None:
    made, _ = flapping()
    seen(made, 300)
    off = replace(POLICY, flapping=None)
    again = Monitor(ACME, off, SITES, incidents=tuple(made.incidents))
    for watched in made.roster.by_id.values():
        again.restore(watched, made.memory(watched.extension.id), now=at(400))
    assert set(told(seen(again, 400))) == {(FLAPPING, RESOLVED), (GONE, Decision.RELEASED)}


def test_flapping_whose_alert_is_off_says_nothing() -> None:
    alerts = {alert: policy for alert, policy in EVERY_ALERT.items() if alert is not FLAPPING}
    made = monitor(INSIDE, policy=replace(POLICY, alerts=alerts))
    for number in range(6):
        outcome = seen(made, 60 + 60 * number, *([INSIDE] if number % 2 else []))
        assert told(outcome) == [(GONE, RESOLVED if number % 2 else FIRED)]


def until(ends: float) -> Registration:
    return replace(INSIDE, lease_ends_at=at(ends))


def test_a_sites_outage_says_it_all_and_then_the_flapping_does_again() -> None:
    made = Monitor(ACME, POLICY, Sites([Site("riga", extensions=("000*1??",))]))
    made.watch(listing(1, 2, 3, 4).extensions, now=at(0))
    for when in (0, 285):
        for number in (1, 2, 3, 4):
            seen(made, when if number > 1 else 0, until(290), number=number)
    for number in range(4):
        seen(made, 60 + 60 * number, *([until(290)] if number % 2 else []))
    flaps = made.incidents.get("flapping:1")
    assert flaps is not None
    for number in (1, 2, 3, 4):
        seen(made, 300, number=number)
    site, lost = made.incidents.get("site:riga"), made.incidents.get("extension:1")
    assert site is not None
    assert lost is not None
    assert lost.inhibited_by == site.id
    assert told(seen(made, 330)) == [], "the site goes before"
    for number in (2, 3, 4):
        seen(made, 360, INSIDE, number=number)
    assert made.incidents.get("site:riga") is None
    seen(made, 700)
    lost = made.incidents.get("extension:1")
    assert lost is not None
    assert lost.inhibited_by == flaps.id


def test_a_site_that_comes_and_goes_makes_none_of_its_phones_a_flapper() -> None:
    made = Monitor(ACME, POLICY, Sites([Site("riga", extensions=("000*1??",))]))
    made.watch(listing(1, 2, 3).extensions, now=at(0))
    stories: Told = []
    for number in range(9):
        for phone in (1, 2, 3):
            held = () if number % 2 else (until(60 * number + 55),)
            stories += told(seen(made, 60 * number, *held, number=phone))
        for phone in () if number % 2 else (1, 2, 3):  # late
            stories += told(seen(made, 60 * number + 53, until(60 * number + 55), number=phone))
    assert stories.count((AlertName.SITE_LOST, FIRED)) == 4
    assert not [s for s in stories if s == (FLAPPING, FIRED)]


# --- addresses and devices ---------------------------------------------------------------------


def test_another_address_is_told_once_and_is_over_by_itself() -> None:
    made = monitor(INSIDE)
    assert told(seen(made, 60, OUTSIDE, number=3)) == [(ADDRESS, FIRED)]
    assert summary(made, "address_changed:3") == (
        "103 registers from another address at nowhere: 198.51.100.9, before it was 203.0.113.7"
    )
    assert told(seen(made, 60 + EVENT_SECONDS - 1, OUTSIDE, number=3)) == []
    assert told(seen(made, 60 + EVENT_SECONDS, OUTSIDE, number=3)) == [(ADDRESS, RESOLVED)]


def of_one_place(phones: int) -> Monitor:
    """Extensions from 3 on, at an address that no site names."""
    made = Monitor(ACME, POLICY, Sites())
    numbers = range(3, 3 + phones)
    made.watch(listing(*numbers).extensions, now=at(0))
    assert [told(seen(made, 0, INSIDE, number=number)) for number in numbers] == [[]] * phones
    return made


def test_phones_of_one_place_that_go_to_one_address_are_one_incident() -> None:
    made = of_one_place(40)
    assert told(seen(made, 60, OUTSIDE, number=3)) == [(ADDRESS, FIRED)]
    stories = [told(seen(made, 60 + 80 * n, OUTSIDE, number=3 + n)) for n in range(1, 40)]
    assert stories == [[(ADDRESS, Decision.RETOLD)]] * 39
    assert [i.subject for i in made.incidents if i.alert is ADDRESS] == ["address_changed:3"]
    assert summary(made, "address_changed:3") == (
        "40 phones of one place register from another address: 198.51.100.9, "
        "before it was 203.0.113.7"
    )
    assert told(seen(made, 3200 + EVENT_SECONDS, OUTSIDE, number=3)) == [(ADDRESS, RESOLVED)]


def test_who_comes_home_hours_after_its_line_moved_is_no_news() -> None:
    made = of_one_place(2)
    assert told(seen(made, 60, OUTSIDE, number=3)) == [(ADDRESS, FIRED)]
    came = seen(made, 20_000, OUTSIDE, number=4)
    assert told(came) == []
    (remark,) = came.remarks
    assert (remark.untold, remark.because) == (
        Untold.PLACE_MOVED,
        "others of its place (1) went to 198.51.100.9 before it",
    )


def test_an_address_that_alternates_is_one_incident() -> None:
    made = monitor(INSIDE)
    stories: Told = []
    for number in range(1, 20):
        held = OUTSIDE if number % 2 else INSIDE
        stories += told(seen(made, 600 * number, held, number=3))
    assert stories == [(ADDRESS, FIRED), (ADDRESS, RESOLVED)], "it had both within a month"


def test_another_port_is_told_to_nobody() -> None:
    made = monitor(INSIDE)
    for number in range(1, 9):
        held = replace(INSIDE, real_address=f"sip:203.0.113.7:{1024 + number}")
        assert told(seen(made, 60 * number, held)) == []


def test_a_reboot_is_neither_another_address_nor_another_device() -> None:
    made = monitor(INSIDE)
    rebooted = registration("uloc-2", ends=1e6, contact="sip:101@192.168.5.52:11111")
    assert told(seen(made, 60, INSIDE, rebooted)) == []
    assert told(seen(made, 620, rebooted)) == []


def test_another_device_is_told_once_and_is_over_by_itself() -> None:
    made = monitor(INSIDE)
    assert told(seen(made, 60, SNOM)) == [(DEVICE, FIRED)]
    assert "101 registers with another device at riga: snomD785" in summary(
        made, "device_changed:1"
    )
    assert told(seen(made, 60 + EVENT_SECONDS, SNOM)) == [(DEVICE, RESOLVED)]


def test_who_was_lost_and_is_back_elsewhere_with_another_device_is_told_of_once() -> None:
    made = monitor(INSIDE)
    seen(made, 60, number=3)
    new = replace(OUTSIDE, id="uloc-7", device=SNOM.device)
    assert told(seen(made, 120, new, number=3)) == [
        (GONE, RESOLVED),
        (DEVICE, FIRED),
    ]


def test_an_event_is_over_in_its_time_over_a_restart_of_ours() -> None:
    made = monitor(INSIDE)
    seen(made, 60, OUTSIDE, number=3)
    again = Monitor(ACME, POLICY, SITES, incidents=tuple(made.incidents))
    for watched in made.roster.by_id.values():
        again.restore(watched, made.memory(watched.extension.id), now=at(600))
    assert told(seen(again, 600, OUTSIDE, number=3)) == []
    assert told(seen(again, 60 + EVENT_SECONDS, OUTSIDE, number=3)) == [(ADDRESS, RESOLVED)]


def test_alerts_that_are_switched_off_say_nothing() -> None:
    alerts = {a: p for a, p in EVERY_ALERT.items() if a not in (ADDRESS, DEVICE, FOREIGN)}
    made = monitor(INSIDE, policy=replace(POLICY, alerts=alerts))
    assert told(seen(made, 60, replace(OUTSIDE, device=SNOM.device))) == []
    assert told(seen(made, 4000, INSIDE)) == []


def test_what_is_told_of_an_extension_is_over_when_it_is_removed() -> None:
    made = monitor(INSIDE)
    seen(made, 60, OUTSIDE, number=3)
    made.listed({ExtensionId(1), ExtensionId(2)}, now=at(90))
    gone = made.listed({ExtensionId(1), ExtensionId(2)}, now=at(100))
    assert told(gone) == [(ADDRESS, RESOLVED)]


# --- foreign networks --------------------------------------------------------------------------


def test_an_extension_of_a_site_with_networks_that_registers_from_outside_is_foreign() -> None:
    made = monitor(INSIDE)
    assert told(seen(made, 60, OUTSIDE)) == [(FOREIGN, FIRED)], "and no address_changed besides"
    assert summary(made, "foreign_network:1") == (
        "101 registers from outside the networks of riga: 198.51.100.9"
    )
    assert told(seen(made, 9000, OUTSIDE)) == [], "it lasts"
    assert told(seen(made, 9060, INSIDE)) == [(FOREIGN, RESOLVED)], "at home it was before"


def test_a_second_device_from_outside_is_foreign_while_the_own_one_stays() -> None:
    made = monitor(INSIDE)
    assert told(seen(made, 60, INSIDE, BESIDE)) == [(FOREIGN, FIRED)]
    assert (FOREIGN, RESOLVED) in told(seen(made, 120, INSIDE))


def test_who_was_outside_at_the_first_look_is_at_home_there() -> None:
    made = monitor(OUTSIDE)
    refreshed = replace(OUTSIDE, lease_ends_at=at(1200))
    assert told(seen(made, 300, refreshed)) == []
    rebooted = replace(OUTSIDE, id="uloc-2", contact_address="sip:101@192.168.5.52:99")
    assert told(seen(made, 360, refreshed, rebooted)) == []
    assert (FOREIGN, FIRED) in told(seen(made, 420, FARTHER))


def test_while_it_holds_no_registration_nothing_new_is_known_of_where_it_is() -> None:
    made = monitor(INSIDE)
    seen(made, 60, OUTSIDE)
    assert told(seen(made, 120)) == [(GONE, FIRED)]
    back = replace(OUTSIDE, id="uloc-7")
    assert told(seen(made, 180, back)) == [(GONE, RESOLVED)]
    assert told(seen(made, 240)) == [(GONE, FIRED)]
    assert (FOREIGN, RESOLVED) in told(seen(made, 300, INSIDE))


def test_foreign_networks_are_recovered_from_like_any_other() -> None:
    made = monitor(INSIDE, policy=replace(POLICY, recover_after=300.0))
    seen(made, 60, OUTSIDE)
    assert (FOREIGN, Decision.RECOVERING) in told(seen(made, 120, INSIDE))
    assert told(made.tick(now=at(420))) == [(FOREIGN, RESOLVED)]


def test_only_its_address_puts_it_there_so_another_sites_networks_are_not_foreign() -> None:
    made = monitor(INSIDE)
    moved = replace(IN_TALLINN, id="uloc-8", contact_address="sip:102@10.0.0.8")
    assert told(seen(made, 60, INSIDE, moved, number=2)) == []
    made = monitor(INSIDE)
    assert told(seen(made, 60, INSIDE, BESIDE, number=2)) == [(FOREIGN, FIRED)]
    assert summary(made, "foreign_network:2").endswith("the networks of riga: 198.51.100.9")


def test_a_site_that_names_it_is_its_only_home() -> None:
    assert told(seen(monitor(INSIDE), 60, IN_TALLINN)) == [(FOREIGN, FIRED)]


def test_a_site_without_networks_has_no_outside() -> None:
    assert (FOREIGN, FIRED) not in told(seen(monitor(INSIDE), 60, OUTSIDE, number=3))
    unknown = replace(INSIDE, real_address="sip:phone.example.com")
    assert told(seen(monitor(INSIDE), 60, unknown)) == []
