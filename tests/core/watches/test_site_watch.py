"""A site's outage and its members, as the monitor tells of them."""

from collections.abc import Iterator

from fakes.observing import observed
from fakes.values import ACME, EVERY_ALERT, answer, at, batch, listing, registration
from msgspec.structs import replace

from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.alerts.quieting import HELD_SECONDS, STRAGGLERS_SECONDS
from regwatch.core.bugs import Where
from regwatch.core.model import AlertName, ExtensionId, Incident, Timestamp
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.remarks import Untold
from regwatch.core.sites import Site, Sites
from regwatch.core.watches.site_watch import NOT_LOOKED_AT

POLICY = MonitorPolicy(EVERY_ALERT, outages=OutagePolicy())
SITES = Sites([Site("riga", extensions=("000*1??",), labels={"team": "ops"})])
EXTENSION, SITE = AlertName.EXTENSION_LOST, AlertName.SITE_LOST
LATE = 900
"""When the leases of those end that are not due while the others fall silent."""


def monitor(
    phones: int = 6,
    *,
    due: int = 3,
    sites: Sites = SITES,
    incidents: tuple[Incident, ...] = (),
    policy: MonitorPolicy = POLICY,
) -> Monitor:
    """Phones of which the first few have leases until 600 or a little later, the others until 900.
    All were heard before that: how long their leases are, nobody knows.
    """
    made = Monitor(ACME, policy, sites, incidents=incidents)
    made.watch(listing(*range(1, phones + 1)).extensions, now=at(0))
    first = {n: (600 if n <= due else LATE) + n for n in range(1, phones + 1)}
    together(made, 0, first)
    together(made, 595, {n: end for n, end in first.items() if n <= due})  # not refreshed
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


def seen(made: Monitor, number: int, when: float, *, ends: float | None = None) -> Outcome:
    """Answered alone: registered until then, or gone."""
    return together(made, when, {number: ends})


def gone(*numbers: int) -> dict[int, float | None]:
    return dict.fromkeys(numbers)


def unheard(*numbers: int) -> dict[int, float | None]:
    """They hold their old lease: not due yet."""
    return {number: LATE + number for number in numbers}


def decisions(outcome: Outcome) -> list[tuple[AlertName, Decision]]:
    return [(s.incident.alert, s.decision) for s in outcome.steps if s.incident is not None]


def fired(outcome: Outcome) -> list[AlertName]:
    return [alert for alert, decision in decisions(outcome) if decision is Decision.FIRED]


def quiet(made: Monitor) -> set[int | None]:
    return {i.facts.extension_id for i in made.incidents if i.is_quiet}


def outage(made: Monitor, place: str = "riga") -> Incident:
    incident = made.incidents.get(f"site:{place}")
    assert incident is not None
    return incident


def dark(phones: int = 6) -> Monitor:
    """Half of them are out; the others were asked, and are not due."""
    made = monitor(phones, due=phones // 2)
    out, others = range(1, phones // 2 + 1), range(phones // 2 + 1, phones + 1)
    together(made, 620, gone(*out) | unheard(*others))
    return made


def restarted(before: Monitor, when: float, *, keep: bool = True, sites: Sites = SITES) -> Monitor:
    after = Monitor(ACME, POLICY, sites, incidents=tuple(before.incidents) if keep else ())
    for watched in before.roster.by_id.values():
        memory = before.memory(watched.extension.id)
        after.restore(replace(watched), memory, now=at(when))
    return after


# --- it begins ------------------------------------------------------------------------------------


def test_half_of_its_phones_silent_make_it_the_site_and_all_of_them_quiet() -> None:
    made = monitor()
    last = together(made, 620, gone(1, 2, 3) | unheard(4, 5, 6))
    assert decisions(last) == [
        *[(EXTENSION, Decision.FIRED)] * 3,
        (SITE, Decision.FIRED),
        *[(EXTENSION, Decision.INHIBITED)] * 3,
    ]
    assert quiet(made) == {1, 2, 3}
    told = outage(made)
    words = "3 of 6 phones at riga silent since 08:10 UTC, 0 heard since, 3 not due yet"
    assert told.summary == words
    assert told.started_at == at(601)
    assert told.site_labels == {"team": "ops"}
    assert "the public address 203.0.113.7 and the device model" in told.explanation
    (begun,) = [step for step in last.steps if step.incident is not None and step.incident is told]
    assert begun.because == f"{words}; at least 3 silent, 50 % or more of all its phones"


def test_those_who_may_have_been_heard_since_are_asked_before_it_is_told() -> None:
    made = monitor()
    first = together(made, 620, gone(1, 2, 3))
    assert set(first.wanted) == {4, 5, 6}
    assert fired(first) == [EXTENSION] * 3
    assert quiet(made) == {1, 2, 3}, "they wait for the answer"
    assert {remark.untold for remark in first.remarks} == {Untold.PLACE_SUPPOSED}
    assert fired(together(made, 621, unheard(4, 5))) == []
    assert fired(seen(made, 6, 622, ends=LATE + 6)) == [SITE]
    assert quiet(made) == {1, 2, 3}


def test_half_of_those_that_say_something_are_enough() -> None:
    made = monitor()
    together(made, 620, gone(1, 2, 3))
    last = together(made, 622, {4: 1220, 5: 1221, 6: 1222})
    assert fired(last) == [SITE], "half of them are enough"


def test_who_is_not_answered_in_time_decides_nothing() -> None:
    made = monitor()
    together(made, 620, gone(1, 2, 3))
    assert fired(together(made, 630, unheard(4, 5))) == []
    assert fired(together(made, 621 + HELD_SECONDS, unheard(4, 5))) == [SITE]


def test_while_only_the_votes_are_wanting_each_message_waits_half_a_minute() -> None:
    made = monitor(40, policy=POLICY)
    first = together(made, 620, gone(1, 2, 3) | unheard(*range(4, 41)))
    assert decisions(first)[3:] == [(EXTENSION, Decision.HELD)] * 3
    assert first.wanted == {}, "there is nothing yet to ask for"
    (because, *_) = [remark.because for remark in first.remarks]
    assert because == (
        "3 of 40 phones at riga silent since 08:10 UTC, 0 heard since, 37 not due yet; at least 3 "
        "silent, 50 % or more of those that say something, 2.0 votes ahead of 6 wanted"
    )
    assert decisions(made.tick(now=at(619 + HELD_SECONDS))) == []
    later = made.tick(now=at(620 + HELD_SECONDS))
    assert decisions(later) == [(EXTENSION, Decision.RELEASED)] * 3
    assert quiet(made) == set()
    assert decisions(made.tick(now=at(700))) == []


def test_who_waits_is_told_at_once_when_the_others_are_heard() -> None:
    made = monitor(40)
    together(made, 620, gone(1, 2, 3) | unheard(*range(4, 41)))
    last = together(made, 625, dict.fromkeys(range(4, 9), 1224))
    assert decisions(last) == [(EXTENSION, Decision.RELEASED)] * 3
    assert quiet(made) == set()


def test_what_waits_waits_no_longer_by_a_restart_of_ours() -> None:
    before = monitor(40)
    together(before, 620, gone(1, 2, 3) | unheard(*range(4, 41)))
    after = restarted(before, 630)
    assert quiet(after) == {1, 2, 3}
    later = after.tick(now=at(620 + HELD_SECONDS))
    assert decisions(later) == [(EXTENSION, Decision.RELEASED)] * 3


def test_who_fell_silent_in_step_counts_as_two() -> None:
    """A switch of eight phones is no place of forty."""
    made = monitor(40, due=8)
    last = together(made, 620, gone(*range(1, 9)) | unheard(*range(9, 41)))
    assert fired(last) == [EXTENSION] * 8
    assert outage_or_none(made) is None


def outage_or_none(made: Monitor) -> Incident | None:
    return made.incidents.get("site:riga")


def test_the_order_of_the_ids_in_an_answer_decides_nothing() -> None:
    gone_first, gone_last = monitor(), monitor()
    together(gone_first, 620, gone(1, 2, 3) | unheard(4, 5, 6))
    together(gone_last, 620, unheard(4, 5, 6) | gone(3, 2, 1))
    assert outage(gone_first).summary == outage(gone_last).summary


def test_who_comes_later_in_the_same_answer_counts_as_well() -> None:
    made = monitor(10)
    outcome = together(made, 620, gone(1, 2, 3) | dict.fromkeys(range(4, 11), 1220))
    assert fired(outcome) == [EXTENSION] * 3
    assert quiet(made) == set()


def test_a_whole_list_is_taken_in_before_a_place_is_judged() -> None:
    made = monitor(10, due=10)
    together(made, 620, dict.fromkeys(range(1, 7), 1220))
    together(made, 620, gone(7, 8, 9, 10))
    made.listed({ExtensionId(10)}, now=at(700))
    assert fired(made.listed({ExtensionId(10)}, now=at(800))) == []


def test_people_who_close_their_softphones_are_no_outage_and_each_is_told() -> None:
    made = monitor(40, due=0)
    told = [fired(seen(made, number, 20 + 15 * number)) for number in (1, 2, 3, 4)]
    assert told == [[AlertName.SIGNED_OFF]] * 4
    assert quiet(made) == set()


def test_who_says_good_bye_was_heard_then() -> None:
    made = monitor(7)
    together(made, 604, unheard(4, 5, 6, 7))
    together(made, 606, gone(4, 5))
    together(made, 607, gone(6, 7))
    assert fired(together(made, 620, gone(1, 2, 3))) == [EXTENSION] * 3
    assert outage_or_none(made) is None


# --- it lasts, and ends ---------------------------------------------------------------------------


def test_those_that_follow_are_quiet_from_the_first_and_counted() -> None:
    made = dark()
    assert decisions(seen(made, 4, 920)) == [
        (EXTENSION, Decision.FIRED),
        (SITE, Decision.RETOLD),
        (EXTENSION, Decision.INHIBITED),
    ]
    words = "4 of 6 phones at riga silent since 08:10–08:15 UTC, 0 heard since, 2 not due yet"
    assert outage(made).summary == words


def test_it_is_back_when_most_are_and_the_last_get_a_little_time() -> None:
    made = dark()
    seen(made, 1, 700, ends=1300)
    last = seen(made, 2, 701, ends=1301)
    assert (SITE, Decision.RESOLVED) in decisions(last)
    resolution = next(i.resolution for i in last.incidents if i.alert is SITE)
    assert resolution == "the place is back: 2 (101, 102) heard again; still silent: 1 (103)"
    assert (EXTENSION, Decision.HELD) in decisions(last)
    assert decisions(seen(made, 3, 760)) == []
    assert decisions(made.tick(now=at(700 + STRAGGLERS_SECONDS))) == []
    late = made.tick(now=at(701 + STRAGGLERS_SECONDS))
    assert decisions(late) == [(EXTENSION, Decision.RELEASED)]


def test_a_straggler_that_returns_in_time_is_never_told() -> None:
    made = dark()
    for number in (1, 2):
        seen(made, number, 700, ends=1300)
    assert (EXTENSION, Decision.RESOLVED) in decisions(seen(made, 3, 760, ends=1300))
    assert quiet(made) == set()


def test_a_straggler_is_told_in_its_time_over_a_restart_of_ours() -> None:
    before = dark()
    for number in (1, 2):
        seen(before, number, 700, ends=1300)
    after = restarted(before, 720)
    assert quiet(after) == {3}
    assert decisions(after.tick(now=at(700 + STRAGGLERS_SECONDS))) == [
        (EXTENSION, Decision.RELEASED)
    ]


def test_who_is_heard_after_it_began_and_falls_silent_is_told_alone() -> None:
    made = dark(20)
    together(made, 630, {11: 690})
    last = seen(made, 11, 700)
    assert fired(last) == [EXTENSION]
    assert quiet(made) == set(range(1, 11))


def test_it_was_not_the_place_if_the_others_are_heard_and_who_is_silent_is_told_at_once() -> None:
    made = dark(20)
    together(made, 630, dict.fromkeys(range(11, 20), 1230))
    last = seen(made, 20, 640, ends=1240)
    assert outage_or_none(made) is not None, "half of them are enough"
    made.watch(listing(21).extensions, now=at(640))
    last = seen(made, 21, 650, ends=1250)
    assert decisions(last) == [
        (SITE, Decision.RESOLVED),
        *[(EXTENSION, Decision.RELEASED)] * 10,
    ]
    assert last.incidents[0].resolution == (
        "it was not the place: 11 others there were heard since, and who is silent still is told "
        "alone: 10 (101, 102, 103, 104, 105, …)"
    )
    assert quiet(made) == set()


def test_after_it_is_over_those_that_were_silent_before_make_no_other_outage() -> None:
    made = dark()
    together(made, 700, {1: 1300, 2: 1300})
    assert outage_or_none(made) is None
    assert fired(together(made, 950, gone(5, 6) | unheard(4))) == [EXTENSION] * 2
    assert outage_or_none(made) is None


def test_a_member_that_comes_back_and_says_good_bye_is_told() -> None:
    made = dark(20)
    seen(made, 1, 700, ends=1300)
    assert fired(seen(made, 1, 720)) == [AlertName.SIGNED_OFF]
    assert quiet(made) == set(range(2, 11))


def test_who_returns_elsewhere_was_heard_again() -> None:
    made = monitor(4, sites=Sites())
    together(made, 620, gone(1, 2, 3) | unheard(4))
    assert outage(made, "203.0.113.7").facts.place == "203.0.113.7"
    for number in (1, 2):
        away = registration(f"uloc-9{number}", ends=1500, real="sip:198.51.100.9:5060")
        outcome = made.observe(batch(answer(number, away, when=700)), now=at(700))
    assert (SITE, Decision.RESOLVED) in decisions(outcome)
    resolution = next(i.resolution for i in outcome.incidents if i.alert is SITE)
    assert "2 (101, 102) heard again" in resolution


def test_one_that_is_taken_off_the_list_counts_no_more() -> None:
    made = dark()
    for _ in range(2):
        made.listed({ExtensionId(n) for n in (1, 4, 5, 6)}, now=at(700))
    assert outage(made).summary.startswith("1 of 4 phones at riga silent")


def test_a_site_whose_silent_phones_are_removed_is_out_no_longer() -> None:
    made = dark()
    here = {ExtensionId(4), ExtensionId(5), ExtensionId(6)}
    made.listed(here, now=at(700))
    last = made.listed(here, now=at(800))
    assert decisions(last).count((SITE, Decision.RESOLVED)) == 1
    assert decisions(last).count((EXTENSION, Decision.RESOLVED)) == 3
    assert tuple(made.incidents) == ()


def test_when_most_phones_elsewhere_are_missing_too_it_is_the_whole_account() -> None:
    sites = Sites([Site("riga", extensions=("000*10?",)), Site("tallinn", extensions=("000*11?",))])
    made = Monitor(ACME, POLICY, sites)
    made.watch(listing(1, 2, 3, 4, 11, 12, 13, 14).extensions, now=at(0))
    for when in (0, 595):  # not refreshed meanwhile
        together(made, when, {n: 600 + n for n in (1, 2, 3, 11, 12, 13, 14)} | {4: 904})
    together(made, 620, gone(1, 2, 3) | {4: 904})
    assert "in common: the public address" in outage(made).explanation
    together(made, 630, gone(11, 12, 13, 14))
    seen(made, 4, 920)
    assert "in common: the whole account" in outage(made).explanation


def test_a_large_outage_is_retold_now_and_then_and_ends_in_time() -> None:
    phones = range(1, 1001)
    made = Monitor(ACME, POLICY, Sites([Site("riga", extensions=("000**",))]))
    made.watch(listing(*phones).extensions, now=at(0))
    for when in (0, 595):
        together(made, when, dict.fromkeys(phones, 600))
    retold = 0
    for number in phones:
        outcome = seen(made, number, 650)
        retold += (SITE, Decision.RETOLD) in decisions(outcome)
        for each in outcome.wanted:
            seen(made, each, 650, ends=600)
    assert 20 < retold < 200
    for _ in range(3):
        made.tick(now=at(651))
    assert len(quiet(made)) == 1000
    assert 980 <= int(outage(made).summary.split(" of 1000 phones")[0]) <= 1000
    ended = [
        number
        for number in phones
        if (SITE, Decision.RESOLVED) in decisions(seen(made, number, 700, ends=1300))
    ]
    assert ended == [501]


def test_an_overdue_phone_of_an_outage_that_says_good_bye_was_heard() -> None:
    made = dark(20)
    seen(made, 11, 914, ends=LATE + 11)  # its lease is over, and the PBX lists it still
    assert outage(made).summary.startswith("11 of 20")
    for number in (12, 13, 14):
        seen(made, number, 890)  # before its lease ended
    assert outage(made).summary.startswith("11 of 17"), "they are no phones of the place any more"


# --- restarts -------------------------------------------------------------------------------------


def test_after_a_restart_of_ours_the_outage_goes_on_and_ends() -> None:
    after = restarted(dark(), 650)
    assert quiet(after) == {1, 2, 3}
    assert decisions(seen(after, 3, 660)) == [(SITE, Decision.RETOLD)] * 0
    for number in (1, 2):
        last = seen(after, number, 700, ends=1300)
    assert (SITE, Decision.RESOLVED) in decisions(last)
    assert quiet(after) == {3}


def test_after_a_restart_of_ours_all_phones_of_the_place_are_counted() -> None:
    after = restarted(dark(), 622)
    seen(after, 1, 625, ends=1225)
    words = "2 of 6 phones at riga silent since 08:10 UTC, 1 heard since, 3 not due yet"
    assert outage(after).summary == words


def half_stored() -> Monitor:
    """Killed when the outage was stored, and what was answered by its phones was not."""
    after = Monitor(ACME, POLICY, SITES, incidents=(outage(dark()),))
    before = monitor()
    for watched in before.roster.by_id.values():
        after.restore(replace(watched), before.memory(watched.extension.id), now=at(622))
    return after


def test_an_outage_of_which_only_itself_was_stored_goes_on_once_its_phones_are_asked() -> None:
    after = half_stored()
    assert decisions(seen(after, 4, 625, ends=LATE + 4)) == []
    last = together(after, 630, gone(1, 2, 3) | unheard(5, 6))
    assert fired(last) == [EXTENSION] * 3
    assert quiet(after) == {1, 2, 3}


def test_an_outage_whose_phones_cannot_be_asked_after_a_restart_ends_in_time() -> None:
    after = half_stored()
    assert decisions(seen(after, 4, 741, ends=LATE + 4)) == []
    assert (SITE, Decision.RESOLVED) in decisions(seen(after, 5, 743, ends=LATE + 5))


def test_after_a_restart_those_whose_outage_is_gone_are_released() -> None:
    before = dark()
    alone = [i for i in before.incidents if i.alert is not SITE]
    after = Monitor(ACME, POLICY, SITES, incidents=tuple(alone))
    one = before.roster.by_id[ExtensionId(1)]
    after.restore(replace(one), before.memory(ExtensionId(1)), now=at(650))
    assert decisions(seen(after, 1, 660)) == [(EXTENSION, Decision.RELEASED)] * 3


def test_an_outage_of_a_place_that_is_not_looked_at_any_more_is_over() -> None:
    before = dark()
    after = Monitor(ACME, MonitorPolicy(EVERY_ALERT), SITES, incidents=tuple(before.incidents))
    last = seen(after, 4, 650, ends=LATE + 4)
    assert (SITE, Decision.RESOLVED) in decisions(last)
    assert [i.resolution for i in last.incidents if i.alert is SITE] == [NOT_LOOKED_AT]


def test_an_outage_that_begins_after_a_restart_of_ours_is_one_though_nobody_refreshed_since() -> (
    None
):
    after = restarted(monitor(), 100)
    together(after, 610, gone(1, 2, 3) | unheard(4, 5, 6))
    assert outage(after).summary.startswith("3 of 6 phones at riga silent")


def test_who_is_missing_at_the_first_look_after_a_restart_of_ours_makes_no_outage() -> None:
    """Others may have refreshed meanwhile, and are asked first."""
    after = restarted(monitor(7), 605)
    first = together(after, 610, gone(1, 2, 3))
    assert fired(first) == [EXTENSION] * 3
    last = together(after, 612, dict.fromkeys((4, 5, 6, 7), 1205))
    assert fired(last) == []
    assert quiet(after) == set()


# --- bugs -----------------------------------------------------------------------------------------


def test_a_place_in_which_a_bug_is_met_leaves_the_other_places_to_be_judged() -> None:
    made = monitor()
    watch = made._watches.places
    sound = watch._judge

    def buggy(place: str, now: Timestamp) -> Iterator[Step]:
        if place == "bad":
            raise ZeroDivisionError
        return sound(place, now)

    watch._judge = buggy  # type: ignore[method-assign]
    watch._unjudged = {"bad": None}
    outcome = together(made, 620, gone(1, 2, 3) | unheard(4, 5, 6))
    assert (SITE, Decision.FIRED) in decisions(outcome)
    assert quiet(made) == {1, 2, 3}
    (aside,) = outcome.set_aside
    assert (aside.where, aside.what) == (Where.INCIDENT, "site:bad")


def test_a_phone_in_which_a_bug_is_met_leaves_the_others_of_its_place_silent() -> None:
    made = monitor()
    watch = made._watches.places
    sound = watch._settle

    def buggy(extension_id: ExtensionId, now: Timestamp) -> Iterator[Step]:
        if extension_id == 3:
            raise ZeroDivisionError
        return sound(extension_id, now)

    watch._settle = buggy  # type: ignore[method-assign, assignment]
    outcome = together(made, 620, gone(1, 2, 3) | unheard(4, 5, 6))
    assert (SITE, Decision.FIRED) in decisions(outcome)
    assert [(each.extension_id, each.where) for each in outcome.set_aside] == [(3, Where.ANSWER)]
