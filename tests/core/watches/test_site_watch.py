"""A site's outage and its members, as the monitor tells of them."""

from collections.abc import Iterator

from fakes.observing import observed
from fakes.values import ACME, EVERY_ALERT, answer, at, listing, registration
from msgspec.structs import replace

from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.bugs import Where
from regwatch.core.model import AlertName, ExtensionId, Incident, Timestamp, Watched
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.lateness import LatenessPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.sites import Site, Sites
from regwatch.core.watches.site_watch import STRAGGLERS_SECONDS

POLICY = MonitorPolicy(EVERY_ALERT, outages=OutagePolicy())
SITES = Sites([Site("riga", extensions=("000*1??",), labels={"team": "ops"})])


def monitor(*, incidents: tuple[Incident, ...] = (), phones: int = 6) -> Monitor:
    """Six phones, each with a lease until 600 or a little later."""
    made = Monitor(ACME, POLICY, SITES, incidents=incidents)
    made.watch(listing(*range(1, phones + 1)).extensions, now=at(0))
    for number in range(1, phones + 1):
        seen(made, number, 0, ends=600 + number)
    return made


def seen(made: Monitor, number: int, when: float, *, ends: float | None = None) -> Outcome:
    """Answered alone: registered until then, or gone."""
    held = () if ends is None else (registration(f"uloc-{number}", ends=ends),)
    return observed(made, answer(number, *held, when=when))


def decisions(outcome: Outcome) -> list[tuple[AlertName, Decision]]:
    return [(s.incident.alert, s.decision) for s in outcome.steps if s.incident is not None]


def inhibited(made: Monitor) -> set[int | None]:
    return {i.facts.extension_id for i in made.incidents if i.inhibited_by is not None}


def outage(made: Monitor) -> Incident:
    incident = made.incidents.get("site:riga")
    assert incident is not None
    return incident


def dark() -> Monitor:
    """Three of the six are out."""
    made = monitor()
    for number in (1, 2, 3):
        seen(made, number, 610)
    return made


def test_the_third_missing_phone_makes_it_the_site_and_all_of_them_silent() -> None:
    made = monitor()
    assert decisions(seen(made, 1, 610)) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]
    seen(made, 2, 610)
    assert decisions(seen(made, 3, 610)) == [
        (AlertName.EXTENSION_LOST, Decision.FIRED),
        (AlertName.SITE_LOST, Decision.FIRED),
        *[(AlertName.EXTENSION_LOST, Decision.INHIBITED)] * 3,
    ]
    assert inhibited(made) == {1, 2, 3}
    told = outage(made)
    assert told.summary == "3 of 6 phones at riga are lost or overdue"
    assert told.site_labels == {"team": "ops"}
    assert "the public address 203.0.113.7 and the device model" in told.explanation


def test_those_that_follow_are_silent_from_the_first_and_counted() -> None:
    made = dark()
    assert decisions(seen(made, 4, 620)) == [
        (AlertName.EXTENSION_LOST, Decision.FIRED),
        (AlertName.SITE_LOST, Decision.RETOLD),
        (AlertName.EXTENSION_LOST, Decision.INHIBITED),
    ]
    assert outage(made).summary == "4 of 6 phones at riga are lost or overdue"


def test_it_is_over_when_most_are_back_and_the_last_get_a_little_time() -> None:
    made = dark()
    for number in (1, 2):
        last = seen(made, number, 700, ends=1300)
    assert (AlertName.SITE_LOST, Decision.RESOLVED) in decisions(last)
    assert decisions(seen(made, 3, 760)) == []
    late = seen(made, 3, 701 + STRAGGLERS_SECONDS)
    assert decisions(late) == [(AlertName.EXTENSION_LOST, Decision.RELEASED)]


def test_a_straggler_that_returns_in_time_is_never_told() -> None:
    made = dark()
    for number in (1, 2):
        seen(made, number, 700, ends=1300)
    assert (AlertName.EXTENSION_LOST, Decision.RESOLVED) in decisions(seen(made, 3, 760, ends=1300))
    assert inhibited(made) == set()


def test_after_a_restart_of_ours_the_outage_goes_on_and_ends() -> None:
    before = dark()
    after = Monitor(ACME, POLICY, SITES, incidents=tuple(before.incidents))
    for watched in before.roster.by_id.values():
        memory = before.memory(watched.extension.id)
        after.restore(replace(watched), memory, now=at(650))
    assert inhibited(after) == {1, 2, 3}
    assert decisions(seen(after, 3, 660)) == []
    for number in (1, 2):
        last = seen(after, number, 700, ends=1300)
    assert (AlertName.SITE_LOST, Decision.RESOLVED) in decisions(last)


def test_after_a_restart_those_whose_outage_is_gone_are_released() -> None:
    before = dark()
    alone = [i for i in before.incidents if i.alert is not AlertName.SITE_LOST]
    after = Monitor(ACME, POLICY, SITES, incidents=tuple(alone))
    one = before.roster.by_id[ExtensionId(1)]
    after.restore(replace(one), before.memory(ExtensionId(1)), now=at(650))
    assert decisions(seen(after, 1, 660)) == [(AlertName.EXTENSION_LOST, Decision.RELEASED)]


def test_one_that_is_taken_off_the_list_counts_no_more() -> None:
    made = dark()
    for _ in range(2):
        gone = made.listed({ExtensionId(n) for n in (1, 4, 5, 6)}, now=at(700))
    assert (AlertName.SITE_LOST, Decision.RESOLVED) in decisions(gone)


def test_who_returns_elsewhere_is_missing_no_longer_where_it_was() -> None:
    made = Monitor(ACME, POLICY, Sites())
    made.watch(listing(1, 2, 3, 4).extensions, now=at(0))
    for number in range(1, 5):
        seen(made, number, 0, ends=600 + number)
    for number in (1, 2, 3):
        seen(made, number, 620)
    assert made.incidents.get("site:203.0.113.7") is not None
    for number in (1, 2):
        away = registration(f"uloc-9{number}", ends=1500, real="sip:198.51.100.9:5060")
        outcome = observed(made, answer(number, away, when=700))
    assert (AlertName.SITE_LOST, Decision.RESOLVED) in decisions(outcome)


def test_when_most_phones_elsewhere_are_missing_too_it_is_the_whole_account() -> None:
    sites = Sites([Site("riga", extensions=("000*10?",)), Site("tallinn", extensions=("000*11?",))])
    made = Monitor(ACME, POLICY, sites)
    made.watch(listing(1, 2, 3, 4, 11, 12, 13, 14).extensions, now=at(0))
    for number in (1, 2, 3, 4, 11, 12, 13, 14):
        seen(made, number, 0, ends=600 + number)
    for number in (1, 2, 3):
        seen(made, number, 620)
    assert "in common: the public address" in outage(made).explanation
    for number in (11, 12, 13, 14, 4):
        seen(made, number, 630)
    assert "in common: the whole account" in outage(made).explanation


def test_a_site_whose_missing_phones_are_removed_is_out_no_longer() -> None:
    made = dark()
    here = {ExtensionId(4), ExtensionId(5), ExtensionId(6)}
    made.listed(here, now=at(700))
    gone = decisions(made.listed(here, now=at(800)))
    assert gone.count((AlertName.SITE_LOST, Decision.RESOLVED)) == 1
    assert gone.count((AlertName.EXTENSION_LOST, Decision.RESOLVED)) == 3
    assert tuple(made.incidents) == ()


def test_a_large_outage_is_counted_now_and_then_and_ends_in_time() -> None:
    phones = range(1, 1001)
    made = Monitor(ACME, POLICY, Sites([Site("riga", extensions=("000**",))]))
    made.watch(listing(*phones).extensions, now=at(0))
    for number in phones:
        seen(made, number, 0, ends=600)
    retold = 0
    for number in phones:
        retold += (AlertName.SITE_LOST, Decision.RETOLD) in decisions(seen(made, number, 650))
    assert 100 < retold < 700
    assert len(inhibited(made)) == 1000
    assert 980 <= int(outage(made).summary.split(" of 1000 phones")[0]) <= 1000
    ended = [
        number
        for number in phones
        if (AlertName.SITE_LOST, Decision.RESOLVED) in decisions(seen(made, number, 700, ends=1300))
    ]
    assert len(ended) == 1
    assert 485 <= ended[0] <= 520


def behind_one_address(phones: int = 40) -> Monitor:
    """Phones whose leases end at 603; all are answered again just then, and listed still."""
    made = Monitor(ACME, POLICY, Sites())
    made.watch(listing(*range(1, phones + 1)).extensions, now=at(0))
    for when in (0, 605):
        together(made, when, dict.fromkeys(range(1, phones + 1), 603))
    return made


def together(made: Monitor, when: float, ends: dict[int, float | None]) -> Outcome:
    """One answer about these: registered until then, or gone."""
    answers = [
        answer(
            number, *([] if end is None else [registration(f"uloc-{number}", ends=end)]), when=when
        )
        for number, end in ends.items()
    ]
    return observed(made, *answers, now=at(when))


def fired(outcome: Outcome) -> list[AlertName]:
    return [alert for alert, decision in decisions(outcome) if decision is Decision.FIRED]


def test_people_who_close_their_softphones_are_no_outage_and_each_is_told() -> None:
    made = behind_one_address()
    told = [fired(seen(made, number, 20 + 15 * number)) for number in (1, 2, 3, 4)]
    assert told == [[AlertName.SIGNED_OFF]] * 4
    assert inhibited(made) == set()


def test_who_comes_later_in_the_same_answer_counts_as_well() -> None:
    made = behind_one_address(10)
    gone: dict[int, float | None] = dict.fromkeys((1, 2, 3))
    outcome = together(made, 620, gone | dict.fromkeys(range(4, 11), 1220))
    assert fired(outcome) == [AlertName.EXTENSION_LOST] * 3


def test_the_order_of_the_ids_in_an_answer_decides_nothing() -> None:
    made = behind_one_address(10)
    gone: dict[int, float | None] = dict.fromkeys((8, 9, 10))
    together(made, 620, gone | dict.fromkeys(range(1, 4), 1220))
    assert "3 of 10 phones" in at_address(made).summary


def at_address(made: Monitor) -> Incident:
    incident = made.incidents.get("site:203.0.113.7")
    assert incident is not None
    return incident


def test_a_whole_list_is_taken_in_before_a_place_is_judged() -> None:
    made = behind_one_address(10)
    together(made, 620, dict.fromkeys(range(1, 7), 1220))
    together(made, 620, dict.fromkeys((7, 8, 9, 10)))
    made.listed({ExtensionId(10)}, now=at(700))
    assert fired(made.listed({ExtensionId(10)}, now=at(800))) == []


def test_it_is_over_and_its_phones_told_at_once_when_enough_others_are_heard() -> None:
    made = behind_one_address()
    assert AlertName.SITE_LOST in fired(together(made, 620, dict.fromkeys((1, 2, 3))))
    assert at_address(made).summary == "3 of 40 phones behind 203.0.113.7 are lost or overdue"
    assert decisions(together(made, 630, dict.fromkeys((4, 5, 6), 1230))) == []
    last = together(made, 640, {7: 1240})
    assert decisions(last) == [
        (AlertName.SITE_LOST, Decision.RESOLVED),
        *[(AlertName.EXTENSION_LOST, Decision.RELEASED)] * 3,
    ]
    assert "told alone" in last.incidents[0].resolution
    assert inhibited(made) == set()


def test_after_it_is_over_those_that_were_silent_before_make_no_other_outage() -> None:
    made = behind_one_address(8)
    together(made, 620, dict.fromkeys((1, 2, 3)))
    together(made, 630, dict.fromkeys((4, 5, 6, 7), 1230))
    assert fired(seen(made, 8, 640)) == [AlertName.EXTENSION_LOST]
    assert inhibited(made) == set()


def test_a_member_that_comes_back_and_says_good_bye_is_told() -> None:
    made = dark()
    seen(made, 1, 700, ends=1300)
    assert fired(seen(made, 1, 720)) == [AlertName.SIGNED_OFF]
    assert inhibited(made) == {2, 3}


def test_an_overdue_phone_of_an_outage_that_says_good_bye_is_silent_no_longer() -> None:
    policy = replace(POLICY, lateness=LatenessPolicy(before_expiry=60.0))
    made = Monitor(ACME, policy, SITES)
    made.watch(listing(*range(1, 7)).extensions, now=at(0))
    for number in range(1, 7):
        seen(made, number, 0, ends=600)
    together(made, 550, dict.fromkeys((1, 2, 3), 600.0))
    assert inhibited(made) == {1, 2, 3}
    assert (AlertName.REFRESH_OVERDUE, Decision.FIRED) not in decisions(seen(made, 1, 560))
    assert inhibited(made) == {2, 3}
    assert outage(made).summary == "2 of 5 phones at riga are lost or overdue, 3 at worst"


def test_after_a_restart_of_ours_all_phones_of_the_place_are_counted() -> None:
    before = dark()
    after = Monitor(ACME, POLICY, SITES, incidents=tuple(before.incidents))
    for watched in before.roster.by_id.values():
        after.restore(replace(watched), before.memory(watched.extension.id), now=at(612))
    seen(after, 1, 615, ends=1215)
    assert outage(after).summary == "2 of 6 phones at riga are lost or overdue, 3 at worst"


def test_an_outage_that_begins_after_a_restart_of_ours_is_one_though_nobody_refreshed_since() -> (
    None
):
    before = monitor()
    after = Monitor(ACME, POLICY, SITES)
    for watched in before.roster.by_id.values():
        after.restore(replace(watched), before.memory(watched.extension.id), now=at(100))
    for number in range(1, 7):
        assert decisions(seen(after, number, 110, ends=600 + number)) == []
    for number in (1, 2, 3):
        last = seen(after, number, 610)
    assert (AlertName.SITE_LOST, Decision.FIRED) in decisions(last)
    assert outage(after).summary == "3 of 6 phones at riga are lost or overdue"


def test_who_is_missing_at_the_first_look_after_a_restart_of_ours_makes_no_outage() -> None:
    """Others may have refreshed meanwhile, and were not asked yet."""
    before = monitor()
    after = Monitor(ACME, POLICY, SITES)
    for watched in before.roster.by_id.values():
        after.restore(replace(watched), before.memory(watched.extension.id), now=at(605))
    for number in (1, 2, 3):
        assert decisions(seen(after, number, 610)) == [(AlertName.EXTENSION_LOST, Decision.FIRED)]


def test_a_place_in_which_a_bug_is_met_leaves_the_other_places_to_be_judged() -> None:
    made = monitor()
    watch = made._watches.places
    sound = watch._judge

    def buggy(place: str, now: Timestamp) -> Iterator[Step]:
        if place == "bad":
            raise ZeroDivisionError
        return sound(place, now)

    watch._judge = buggy  # type: ignore[method-assign]
    for number in (1, 2):
        seen(made, number, 610)
    watch._unjudged = {"bad": None}
    outcome = seen(made, 3, 610)
    assert (AlertName.SITE_LOST, Decision.FIRED) in decisions(outcome)
    assert inhibited(made) == {1, 2, 3}
    (aside,) = outcome.set_aside
    assert (aside.where, aside.what) == (Where.INCIDENT, "site:bad")


def test_a_phone_in_which_a_bug_is_met_leaves_the_others_of_its_place_silent() -> None:
    made = monitor()
    watch = made._watches.places
    sound = watch._settle

    def buggy(watched: Watched, now: Timestamp) -> Iterator[Step]:
        if watched.extension.id == 3:
            raise ZeroDivisionError
        return sound(watched, now)

    watch._settle = buggy  # type: ignore[method-assign]
    held = (registration("uloc-4", ends=1300),)
    gone = [answer(number, when=610) for number in (1, 2, 3)]
    outcome = observed(made, *gone, answer(4, *held, when=610))
    assert (AlertName.SITE_LOST, Decision.FIRED) in decisions(outcome)
    assert [(each.extension_id, each.where) for each in outcome.set_aside] == [(3, Where.ANSWER)]


def test_an_outage_in_the_moment_of_a_restart_of_ours_is_one() -> None:
    before = monitor()
    for number in range(1, 7):
        seen(before, number, 590, ends=600 + number)
    after = Monitor(ACME, POLICY, SITES)
    for watched in before.roster.by_id.values():
        after.restore(replace(watched), before.memory(watched.extension.id), now=at(605))
    for number in (1, 2, 3):
        last = seen(after, number, 610)
    assert (AlertName.SITE_LOST, Decision.FIRED) in decisions(last)
