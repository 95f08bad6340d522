"""One account, driven as the watcher drives it, though without any loop: what is to be done next,
and what came of what was done.
"""

import dataclasses
from collections.abc import Iterable

import pytest
from fakes.clocks import STEPS, both
from fakes.values import ACME, EVERY_ALERT, START, answer, at, batch, listing, registration

from regwatch.core.account import GAP_SECONDS, PIECE, Account
from regwatch.core.model import (
    AlertName,
    Answer,
    BatchAnswer,
    Extension,
    ExtensionId,
    ExtensionState,
    FailureReason,
    Instant,
    Now,
    Quota,
    Timestamp,
    Watched,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Listed, Outcome
from regwatch.core.phones.memory import NOTHING_REMEMBERED
from regwatch.core.polling.list_reading import ListRead
from regwatch.core.polling.pace import PaceTurn
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy, Wait
from regwatch.core.polling.progress import GRACE_SECONDS
from regwatch.core.polling.selection import Discovery, Selection
from regwatch.core.sites import Sites
from regwatch.core.steps import AskList, Failure, Tell

EVERY = 900.0
LISTING = Selection(discovery=Discovery(every_seconds=EVERY))
DOWN = Failure(FailureReason.NETWORK, "no connection")
USED_UP = Failure(FailureReason.QUOTA_EXHAUSTED, "429", retry_after=600.0)


def now(seconds: float) -> Now:
    return both(at(seconds))


def ids(*numbers: int) -> frozenset[ExtensionId]:
    return frozenset(map(ExtensionId, numbers))


def made(selection: Selection, *, list_read: ListRead | None = None, **policy: object) -> Account:
    monitor = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites())
    planner = Planner(PollingPolicy(interval=60.0, **policy))  # type: ignore[arg-type]
    return Account(monitor, planner, selection, list_read=list_read)


def watching(*numbers: int, **policy: object) -> Account:
    """These by id, and no list."""
    account = made(Selection(ids(*numbers)), **policy)
    list(account.begin(now=now(0)))
    return account


def asked(account: Account, seconds: float) -> Ask:
    step = account.next(now=now(seconds))
    assert isinstance(step, Ask)
    return step


LEASE_END = 9e4


def answers(asked: Ask, seconds: float, *, gone: Iterable[int] = ()) -> list[Answer]:
    held = registration(ends=LEASE_END)
    return [answer(i, *(() if i in gone else (held,)), when=seconds) for i in asked.ids]


def polled(account: Account, seconds: float, *, gone: Iterable[int] = ()) -> Outcome:
    """One request, answered at once."""
    found = answers(asked(account, seconds), seconds, gone=gone)
    return account.answered(batch(*found), now=now(seconds))


def listed(account: Account, *numbers: int, when: float = 0, complete: bool = True) -> Outcome:
    """The last piece's outcome."""
    assert isinstance(account.next(now=now(when)), AskList)
    *_, last = account.listed(listing(*numbers, complete=complete), now=now(when))
    return last


# --- what is next --------------------------------------------------------------------------------


def test_the_list_is_read_first_and_once_at_a_time() -> None:
    account = made(LISTING)
    assert list(account.begin(now=now(0))) == []
    assert account.next(now=now(0)) == AskList(Discovery(every_seconds=EVERY))
    assert account.next(now=now(0)) == Wait(None)
    assert account.next(now=now(5000)) == Wait(None), "however long it takes"


def test_a_list_that_another_one_read_is_not_asked_for_while_it_is_fresh() -> None:
    before = made(LISTING)
    listed(before, 1, 2, 3, when=5)
    account = made(LISTING, list_read=before.list_read)
    *_, last = account.begin(now=now(100))
    assert last.listed == Listed(3, complete=True)
    assert asked(account, 100).ids == (1, 2, 3)
    assert not isinstance(account.next(now=now(4 + EVERY)), AskList)
    assert isinstance(account.next(now=now(5 + EVERY)), AskList)
    late = made(LISTING, list_read=before.list_read)
    assert list(late.begin(now=now(5 + EVERY))) == []
    assert isinstance(late.next(now=now(5 + EVERY)), AskList)


def test_of_such_a_list_it_takes_whom_it_is_to_watch_itself() -> None:
    before = made(LISTING)
    listed(before, 1, 2, 3)
    others = dataclasses.replace(LISTING, ids=ids(7), exclude=("000*102",))
    account = made(others, list_read=before.list_read)
    *_, last = account.begin(now=now(1))
    assert last.listed == Listed(3, complete=True)
    assert set(asked(account, 1).ids) == {1, 3, 7}


def test_then_all_are_asked_for_and_then_it_waits_for_the_interval() -> None:
    account = made(LISTING)
    assert listed(account, 1, 2, 3).listed == Listed(3, complete=True)
    assert asked(account, 0).ids == (1, 2, 3)
    account.answered(batch(*(answer(n, when=1) for n in (1, 2, 3))), now=now(1))
    step = account.next(now=now(1))
    assert isinstance(step, Wait)
    assert step.until is not None
    assert 0 < step.until - at(1) <= 60


def test_a_wait_ends_when_the_list_is_to_be_read_again() -> None:
    account = made(LISTING)
    listed(account)
    assert account.next(now=now(0)) == Wait(Instant(at(EVERY)))
    assert isinstance(account.next(now=now(EVERY)), AskList)


@pytest.mark.parametrize(
    ("failure", "pause"),
    [(DOWN, 10.0), (Failure(FailureReason.ACCESS_DENIED), 300.0), (USED_UP, 600.0)],
    ids=["soon", "when a person may have mended it", "when there is quota again"],
)
def test_a_list_that_failed_is_read_again_once_polls_may_be_made(
    failure: Failure, pause: float
) -> None:
    account = made(LISTING)
    step = account.next(now=now(0))
    assert isinstance(step, AskList)
    account.failed(step, failure, now=now(1))
    for seconds in (1, 1 + pause - 0.01):
        assert not isinstance(account.next(now=now(seconds)), AskList)
    assert isinstance(account.next(now=now(1 + pause)), AskList)


def test_half_a_list_is_read_again_soon_and_nobody_is_missed_in_it() -> None:
    account = made(LISTING)
    listed(account, 1, 2)
    for when in (900, 910, 920):
        last = listed(account, 1, when=when, complete=False)
        assert (last.listed, last.removed) == (Listed(1, complete=False), ())


def test_a_known_list_leaves_what_is_left_of_the_quota_to_others() -> None:
    account = made(LISTING)
    listed(account, 1)
    little = Quota(1000, 100, Timestamp(at(7200)), Timestamp(at(890)))
    account.request_made(little, now=now(890))
    assert not isinstance(account.next(now=now(EVERY)), AskList)
    account.request_made(Quota(1000, 1000, at(7200), at(905)), now=now(905))
    assert isinstance(account.next(now=now(EVERY + 7200)), AskList)


# --- the list ------------------------------------------------------------------------------------


def test_a_long_list_is_taken_over_in_pieces() -> None:
    account = made(LISTING)
    outcomes = list(account.listed(listing(*range(1, 2 * PIECE + 2)), now=now(0)))
    assert [len(outcome.touched) for outcome in outcomes] == [PIECE, PIECE, 1, 0]
    assert len(account.planner.agenda) == 2 * PIECE + 1


def test_nothing_of_a_list_is_judged_by_an_earlier_time_than_what_came_in_between() -> None:
    account = made(LISTING)
    pieces = account.listed(listing(*range(1, PIECE + 2)), now=now(0))
    assert {change.at for change in next(pieces).changes} == {at(0)}
    account.tick(now=now(5))
    assert {change.at for change in next(pieces).changes} == {at(5)}


def test_what_is_chosen_is_watched_named_or_not() -> None:
    account = made(Selection(ids(9), Discovery(), ("102",)))
    list(account.listed(listing(1, 2, 3), now=now(0)))
    assert set(account.monitor.roster.by_id) == {1, 3, 9}


def test_an_id_that_is_named_by_nobody_keeps_its_name() -> None:
    account = made(Selection(ids(1), Discovery()))
    list(account.listed(listing(1), now=now(0)))
    list(account.listed(listing(complete=False), now=now(900)))
    assert account.monitor.roster.by_id[ExtensionId(1)].extension.name == "000*101"


def test_who_left_the_list_is_asked_no_more() -> None:
    account = made(LISTING)
    listed(account, 1, 2)
    polled(account, 0)
    removed = [listed(account, 1, when=when).removed for when in (EVERY, 2 * EVERY)]
    assert removed == [[], [2]]
    assert asked(account, 2000).ids == (1,)


# --- answers -------------------------------------------------------------------------------------


def test_a_lease_that_ends_is_told_with_the_answer_that_shows_it() -> None:
    account = watching(1, 2)
    polled(account, 0)
    polled(account, LEASE_END - 20)
    told = polled(account, LEASE_END + 9, gone=[2]).incidents
    assert [(i.alert, i.facts.extension_id) for i in told] == [(AlertName.EXTENSION_LOST, 2)]


@pytest.mark.parametrize("count", [1, 8], ids=["one", "all"])
def test_who_vanishes_is_asked_about_again_with_the_next_request(count: int) -> None:
    account = watching(*range(1, 9))
    polled(account, 0)
    outcome = polled(account, 60, gone=range(1, count + 1))
    assert (len(outcome.doubted), outcome.steps) == (count, [])
    step = account.next(now=now(60))
    until = 60.0
    if isinstance(step, Wait):
        assert step.until is not None
        until = step.until - START
    again = asked(account, until)
    assert set(again.ids) >= set(range(1, count + 1))
    assert until < 65


def test_the_swept_outcome_is_the_one_with_which_nobody_is_left_unasked() -> None:
    account = watching(1, 2, 3, batch_size=2)
    assert [polled(account, when).is_swept for when in (0, 1)] == [False, True]
    assert account.first_sweep_done
    assert not polled(account, 120).is_swept, "said once"


def test_what_a_failure_left_unanswered_is_not_swept() -> None:
    account = watching(1, 2)
    part, _ = answers(asked(account, 0), 0)
    half = batch(part, asked=[2], failure=FailureReason.TIMEOUT)
    assert not account.answered(half, now=now(0)).is_swept
    assert account.pulse(now=Instant(at(1))).whole_poll_at is None
    assert polled(account, 5).is_swept


def test_with_an_empty_list_the_sweep_is_done_at_once() -> None:
    assert listed(made(LISTING)).is_swept


def test_whom_the_pbx_does_not_speak_of_is_said_once_and_left_out() -> None:
    account = watching(1, 2)
    refusal = batch(answer(1, when=0), refused=[2])
    asked(account, 0)
    assert account.answered(refusal, now=now(0)).quarantined == [2]
    assert asked(account, 60).ids == (1,)
    assert account.answered(refusal, now=now(60)).quarantined == []


def test_that_not_all_registrations_are_compared_is_said_once() -> None:
    account = watching(1)
    crowd = [registration(f"u-{number}", ends=9e4) for number in range(150)]
    said = []
    for when in (0, 60):
        asked(account, when)
        outcome = account.answered(batch(answer(1, *crowd, when=when)), now=now(when))
        said.append(list(outcome.crowded))
    assert said == [[1], []]
    for when, held in ((120, crowd[:1]), (180, crowd)):  # said again once it was well meanwhile
        asked(account, when)
        outcome = account.answered(batch(answer(1, *held, when=when)), now=now(when))
    assert outcome.crowded == [1]


def test_no_more_are_asked_for_at_once_than_the_pbx_was_found_to_take() -> None:
    account = watching(1, 2, 3, batch_size=3)
    found = answers(asked(account, 0), 0)
    account.answered(batch(*found), batch_limit=2, now=now(0))
    assert len(asked(account, 60).ids) == 2


# --- nothing came --------------------------------------------------------------------------------


def test_a_poll_that_failed_is_made_again_soon_and_nothing_is_concluded() -> None:
    account = watching(1)
    polled(account, 0)
    outcome = account.failed(asked(account, 60), DOWN, now=now(61))
    assert outcome.changes == []
    assert account.monitor.health.is_up is False
    assert asked(account, 63).ids == (1,)


def test_a_used_up_quota_is_told_between_two_steps_and_so_is_its_end() -> None:
    account = watching(1)
    account.failed(asked(account, 0), USED_UP, now=now(0))
    told = account.next(now=now(0))
    assert isinstance(told, Tell)
    (incident,) = told.outcome.incidents
    assert incident.alert is AlertName.QUOTA_EXHAUSTED
    assert account.next(now=now(0)) == Wait(Instant(at(600))), "told once"
    polled(account, 600)
    told = account.next(now=now(600))
    assert isinstance(told, Tell)
    assert told.outcome.incidents[0].resolved_at == at(600)


def test_a_quota_that_others_used_up_is_told_before_the_wait_for_it() -> None:
    account = watching(1)
    account.request_made(Quota(1000, 0, at(900), at(0)), now=now(0))
    told = account.next(now=now(0))
    assert isinstance(told, Tell)
    assert account.monitor.health.shortage is not None
    assert account.monitor.health.shortage.until == at(901)


def test_a_part_that_was_refused_waits_as_long_as_it_was_asked_to() -> None:
    account = watching(1, 2)
    poll = asked(account, 0)
    part = BatchAnswer(poll.ids, {}, failure=FailureReason.QUOTA_EXHAUSTED, retry_after=30.0)
    account.answered(part, now=now(1))
    assert account.planner.blocked_until == at(31)


# --- time ----------------------------------------------------------------------------------------


def test_that_polling_became_slow_is_said_with_the_tick_that_sees_it() -> None:
    account = watching(*range(1, 201), batch_size=10, reserve=0.0)
    assert account.tick(now=now(0)).pace is None
    account.request_made(Quota(1000, 72, at(3600), at(0)), now=now(0))
    turn = account.tick(now=now(1)).pace
    assert isinstance(turn, PaceTurn)
    assert turn.is_slow
    assert account.sweep_seconds == turn.sweep_seconds > 90
    assert account.tick(now=now(2)).pace is None


def test_a_poll_that_hangs_is_a_stall_and_its_end_is_none() -> None:
    account = watching(1)
    poll = asked(account, 0)
    assert not account.is_stalled(now=Instant(at(5000))), "nothing was promised yet"
    account.failed(poll, DOWN, now=now(1))
    assert not account.is_stalled(now=Instant(at(1 + GRACE_SECONDS)))
    assert account.is_stalled(now=Instant(at(2 + GRACE_SECONDS)))
    assert account.pulse(now=Instant(at(2 + GRACE_SECONDS))).is_stalled


def test_that_no_poll_follows_an_answer_is_a_stall() -> None:
    account = watching(1)
    polled(account, 0)
    assert not account.is_stalled(now=Instant(at(GRACE_SECONDS)))
    assert account.is_stalled(now=Instant(at(1 + GRACE_SECONDS)))


def test_where_nobody_is_watched_nothing_stalls() -> None:
    account = watching(1)
    polled(account, 0)
    account.planner.forget([ExtensionId(1)])
    account.next(now=now(1))
    assert not account.is_stalled(now=Instant(at(9999)))


@pytest.mark.parametrize("step", STEPS)
def test_whoever_sets_the_wall_clock_moves_no_poll(step: float) -> None:
    account = watching(1)
    polled(account, 0)
    set_by = Now(Instant(at(10)), Timestamp(at(10) + step))
    waits = account.next(now=now(10)), account.next(now=set_by)
    assert waits[0] == waits[1]


# --- after a restart -----------------------------------------------------------------------------


def restored(account: Account, number: int, answered_at: float) -> None:
    watched = Watched(
        Extension(ExtensionId(number), f"000*{100 + number}"),
        state=ExtensionState.REGISTERED,
        answered_at=at(answered_at),
        registrations=(registration(ends=9e4),),
    )
    account.monitor.restore(watched, NOTHING_REMEMBERED, now=at(0))


def test_those_restored_are_asked_for_before_the_list_is_there() -> None:
    account = made(LISTING)
    restored(account, 1, -30)
    assert [outcome.set_aside for outcome in account.begin(now=now(0))] == [[]]
    assert isinstance(account.next(now=now(0)), AskList)
    step = account.next(now=now(0))
    assert step == Ask((1,), 1) or isinstance(step, Wait)
    assert 1 in account.planner.agenda
    assert not account.first_sweep_done


def test_an_answer_stamped_in_the_future_is_of_now() -> None:
    account = made(LISTING)
    restored(account, 1, 86_400)
    list(account.begin(now=now(0)))
    assert account.planner.agenda.oldest_asked_at() == at(0)


# --- a gap ---------------------------------------------------------------------------------------

SLEPT = 8 * 3600.0


def ticked(account: Account, *moments: float) -> list[AlertName]:
    outcomes = [account.tick(now=now(moment)) for moment in moments]
    return [step.incident.alert for each in outcomes for step in each.steps if step.incident]


def test_a_suspended_machine_wakes_with_nobody_lost_or_unknown_and_nothing_to_tell() -> None:
    account = watching(1, 2, 3)
    polled(account, 0)
    assert ticked(account, 1, 2, SLEPT, SLEPT + 1, SLEPT + 100) == []
    states = {each.state for each in account.monitor.roster.by_id.values()}
    assert states == {ExtensionState.REGISTERED}
    assert isinstance(account.next(now=now(SLEPT)), Ask), "they are asked for at once"


def test_who_refreshed_while_nobody_looked_is_well_and_who_did_not_is_lost_with_its_answer() -> (
    None
):
    account = watching(1, 2)
    polled(account, 0)
    ticked(account, 1, SLEPT)
    well = answer(1, registration(ends=SLEPT + 600), when=SLEPT + 1)
    outcome = account.answered(batch(well, answer(2, when=SLEPT + 1)), now=now(SLEPT + 1))
    assert outcome.doubted == [2], "that nobody looked makes nothing less surprising"
    outcome = account.answered(batch(answer(2, when=SLEPT + 2)), now=now(SLEPT + 2))
    told = [step.incident.facts.extension_id for step in outcome.steps if step.incident]
    assert told == [2]


def test_a_request_that_failed_just_before_is_no_outage_as_long_as_the_sleep() -> None:
    account = watching(1)
    polled(account, 0)
    asked = account.next(now=now(70))
    assert isinstance(asked, Ask)
    account.failed(asked, DOWN, now=now(70))
    assert ticked(account, 71, SLEPT, SLEPT + 1) == []
    again = account.next(now=now(SLEPT + 2))
    assert isinstance(again, Ask)
    assert not account.failed(again, DOWN, now=now(SLEPT + 3)).steps
    moments = [SLEPT + 3 + second for second in range(130)]
    assert ticked(account, *moments) == [AlertName.API_UNAVAILABLE]


def test_what_a_gap_changed_is_stored_with_the_next_tick() -> None:
    account = watching(1)
    polled(account, 0)
    asked = account.next(now=now(70))
    assert isinstance(asked, Ask)
    account.failed(asked, DOWN, now=now(70))
    (moved,) = account.tick(now=now(SLEPT)).incidents
    assert moved.started_at == at(SLEPT)
    assert account.tick(now=now(SLEPT + 1)).incidents == []


def test_nobody_stalls_by_sleeping() -> None:
    account = watching(1)
    polled(account, 0)
    account.next(now=now(1))
    account.tick(now=now(1))
    account.tick(now=now(SLEPT))
    assert not account.is_stalled(now=now(SLEPT).steady)


def test_a_busy_loop_is_no_gap() -> None:
    account = watching(1)
    polled(account, 0)
    for moment in range(0, 1000, int(GAP_SECONDS)):
        account.tick(now=now(moment))
    (watched,) = account.monitor.roster.by_id.values()
    assert watched.state is ExtensionState.UNKNOWN, "answers age"


@pytest.mark.parametrize("step", STEPS)
def test_pieces_of_a_list_are_judged_by_the_clock_as_it_is_set_by_then(step: float) -> None:
    account = made(LISTING)
    pieces = account.listed(listing(*range(PIECE + 2)), now=now(0))
    next(pieces)
    account.tick(now=now(1))
    list(account.clock_set(step))
    later = next(pieces)
    assert {change.at for change in later.changes} == {at(1 + step)}
