import pytest
from fakes.values import START, at

from regwatch.core.model import ExtensionId, FailureReason, Instant, Timestamp
from regwatch.core.polling.agenda import Appointment
from regwatch.core.polling.planner import PROBE_SECONDS, Ask, Planner, PollingPolicy, Shortage, Wait
from regwatch.core.polling.window import Allowance

HOUR_LEFT = 3600.0


def ids(*numbers: int) -> tuple[ExtensionId, ...]:
    return tuple(ExtensionId(n) for n in numbers)


def planner(count: int = 4, **policy: object) -> Planner:
    plan = Planner(PollingPolicy(**{"batch_size": 2, "interval": 60.0, "reserve": 0.0} | policy))  # type: ignore[arg-type]
    plan.watch(dict.fromkeys(ids(*range(1, count + 1))))
    return plan


def quota(
    remaining: int, limit: int = 1000, resets_in: float = HOUR_LEFT, seen: float = 0
) -> Allowance:
    return Allowance(limit, remaining, at(seen + resets_in), at(seen))


def asked(plan: Planner, when: float) -> tuple[ExtensionId, ...]:
    step = plan.next(now=at(when))
    assert isinstance(step, Ask), step
    return step.ids


def swept(plan: Planner, when: float = 0) -> None:
    """Ask for everything once, and get every answer."""
    while isinstance(step := plan.next(now=at(when)), Ask):
        plan.finished(step.ids, now=at(when))


def waits(plan: Planner, when: float) -> float | None:
    """How long the next request is away."""
    step = plan.next(now=at(when))
    assert isinstance(step, Wait), step
    return None if step.until is None else step.until - at(when)


def test_with_nothing_to_watch_nothing_is_asked() -> None:
    assert Planner(PollingPolicy()).next(now=START) == Wait(None)


def test_the_first_sweep_comes_at_once_up_to_the_allowed_concurrency() -> None:
    plan = planner(6, concurrency=2)
    assert (asked(plan, 0), asked(plan, 0)) == (ids(1, 2), ids(3, 4))
    assert plan.next(now=at(0)) == Wait(None)
    plan.finished(ids(1, 2), now=at(0))
    assert asked(plan, 0) == ids(5, 6)


def test_after_it_requests_are_spread_evenly_over_the_interval() -> None:
    plan = planner(4)
    swept(plan)
    assert waits(plan, 0) == pytest.approx(30)
    assert asked(plan, 30) == ids(1, 2)
    plan.finished(ids(1, 2), now=at(31))
    assert waits(plan, 31) == pytest.approx(29)
    assert asked(plan, 60) == ids(3, 4)


def test_a_tight_quota_stretches_the_sweep() -> None:
    plan = planner(4)
    swept(plan)
    plan.quota_seen(quota(remaining=36))
    assert waits(plan, 0) == pytest.approx(100, rel=1e-3)
    assert plan.sweep_seconds(now=at(0)) == pytest.approx(200, rel=1e-3)


def test_a_sweep_that_outlasts_the_window_goes_on_at_the_pace_of_the_next() -> None:
    """Else everybody would be taken for patient at the end of each hour, and starve."""
    plan = planner(20)
    swept(plan)
    plan.quota_seen(quota(remaining=2, resets_in=200))
    later = 8 * 3600 / 1000
    assert plan.sweep_seconds(now=at(0)) == pytest.approx(201 + later, rel=1e-2)


def test_the_reserve_is_left_to_others() -> None:
    plan = planner(4, reserve=0.1)
    swept(plan)
    plan.quota_seen(quota(remaining=136, limit=1000))
    assert waits(plan, 0) == pytest.approx(100, rel=1e-3)
    plan.quota_seen(quota(remaining=100, limit=1000))
    pause = HOUR_LEFT / 25
    assert waits(plan, 0) == pytest.approx(pause, rel=1e-3)
    short = plan.shortage(now=at(0))
    assert short == Shortage(at(HOUR_LEFT + 1), 100, pytest.approx(pause, rel=1e-3))


def test_what_is_kept_for_others_is_not_looked_into() -> None:
    plan = planner(4, reserve=0.1)
    swept(plan)
    plan.quota_seen(quota(remaining=3, limit=60))
    plan.pacer.poll_begun(ahead_of_pace=False, now=at(0))  # the one that trickles
    plan.pacer.poll_ended()
    assert waits(plan, 0) == HOUR_LEFT + 1
    assert plan.shortage(now=at(0)) == Shortage(at(HOUR_LEFT + 1), 3, None)


def test_our_own_limit_counts_even_if_the_common_one_is_larger() -> None:
    plan = planner(4, requests_per_hour=3)
    swept(plan)
    for _ in range(2):
        plan.request_made(now=at(0))
    plan.quota_seen(quota(remaining=900))
    hour_end = 3600 - START % 3600
    assert plan.pacer.left(now=at(0)) == 1
    plan.request_made(now=at(0))
    assert plan.pacer.left(now=at(0)) == 0
    assert plan.pacer.left(now=at(hour_end + 1)) == 3


def test_a_limit_of_our_own_that_is_used_up_keeps_nothing_for_others() -> None:
    plan = planner(4, requests_per_hour=1)
    swept(plan)
    plan.request_made(now=at(0))
    plan.quota_seen(quota(remaining=900))
    short = plan.shortage(now=at(0))
    assert short is not None
    assert (short.remaining, short.pause) == (0, None)


def test_after_the_reset_the_whole_limit_is_there_again() -> None:
    plan = planner(4)
    plan.quota_seen(quota(remaining=0, limit=500, resets_in=60))
    assert plan.pacer.left(now=at(0)) == 0
    assert plan.pacer.left(now=at(61)) == 500


def test_requests_in_flight_are_counted_before_their_headers_arrive() -> None:
    plan = planner(4)
    plan.quota_seen(quota(remaining=10))
    asked(plan, 0)
    assert plan.pacer.left(now=at(0)) == 9


def test_an_exhausted_quota_waits_for_the_reset_and_an_answer_ends_it() -> None:
    plan = planner(2)
    request = asked(plan, 0)
    plan.quota_seen(quota(remaining=0, resets_in=600))
    plan.finished(request, failure=FailureReason.QUOTA_EXHAUSTED, unanswered=request, now=at(0))
    assert waits(plan, 0) == PROBE_SECONDS
    assert plan.shortage(now=at(0)) == Shortage(at(601), 0, None)
    probe = asked(plan, 300)
    plan.quota_seen(quota(remaining=0, resets_in=300, seen=300))
    plan.finished(probe, failure=FailureReason.QUOTA_EXHAUSTED, unanswered=probe, now=at(300))
    assert waits(plan, 300) == 300
    plan.finished(asked(plan, 601), now=at(602))
    assert plan.shortage(now=at(602)) is None


def test_what_the_pbx_asks_to_wait_counts_more_than_its_reset() -> None:
    """It asked for 30 seconds, and the hour had 53 minutes to go."""
    plan = planner(2)
    request = asked(plan, 0)
    plan.quota_seen(quota(remaining=0, resets_in=53 * 60))
    failure = FailureReason.QUOTA_EXHAUSTED
    plan.finished(request, failure=failure, unanswered=request, retry_after=30, now=at(0))
    assert waits(plan, 0) == 30
    probe = asked(plan, 30)
    plan.finished(probe, failure=failure, unanswered=probe, retry_after=1, now=at(30))
    assert waits(plan, 30) == 10, "refusals in a row wait longer"


def test_what_others_took_since_we_looked_costs_one_refusal_and_no_second_till_the_reset() -> None:
    """How much is left, only an answer tells: one request is made on what the last one said."""
    plan = planner(concurrency=4)
    swept(plan)
    plan.quota_seen(quota(1, seen=0))
    late = HOUR_LEFT - 10
    ids_asked = asked(plan, late)
    assert isinstance(plan.next(now=at(late)), Wait), "the one that was left is on its way"
    plan.quota_seen(quota(0, resets_in=10, seen=late))
    plan.finished(ids_asked, now=at(late), failure=FailureReason.QUOTA_EXHAUSTED)
    assert waits(plan, late) == 11


def test_a_failed_request_is_asked_once_more_before_the_others() -> None:
    plan = planner(4)
    swept(plan)
    request = asked(plan, 30)
    plan.finished(request, failure=FailureReason.TIMEOUT, unanswered=request, now=at(31))
    again = asked(plan, 32)
    assert again == request
    plan.finished(again, failure=FailureReason.TIMEOUT, unanswered=again, now=at(33))
    assert asked(plan, 90) == ids(3, 4), "a poisonous batch must not starve the others"


@pytest.mark.parametrize(
    ("reason", "pauses"),
    [
        (FailureReason.NETWORK, [1, 2, 4, 8, 15, 15]),
        (FailureReason.THROTTLED, [5, 10, 20, 40, 80, 160, 300, 300]),
        (FailureReason.TOKEN_REFUSED, [5, 15, 30, 60, 60]),
        (FailureReason.ACCESS_DENIED, [300, 300]),
        (FailureReason.CREDENTIALS_REFUSED, [300, 300]),
    ],
)
def test_how_long_a_failure_holds_back_the_next_request(
    reason: FailureReason, pauses: list[float]
) -> None:
    plan, now = planner(2), 0.0
    for pause in pauses:
        request = asked(plan, now)
        plan.finished(request, failure=reason, unanswered=request, now=at(now))
        wait = waits(plan, now)
        assert wait is not None
        assert wait >= pause
        assert plan.blocked_until == at(now + pause)
        now += wait


def test_the_pbx_own_wish_to_wait_is_honoured() -> None:
    plan = planner(2)
    request = asked(plan, 0)
    plan.finished(
        request, failure=FailureReason.THROTTLED, unanswered=request, retry_after=42, now=at(0)
    )
    assert plan.blocked_until == at(42)


def test_after_a_failure_one_request_is_in_flight_at_a_time() -> None:
    plan = planner(6)
    first = asked(plan, 0)
    plan.finished(first, failure=FailureReason.THROTTLED, unanswered=first, now=at(0))
    asked(plan, 10)
    assert plan.next(now=at(11)) == Wait(None)


def test_a_partly_failed_request_asks_again_for_the_rest_only() -> None:
    plan = planner(4)
    swept(plan)
    request = asked(plan, 30)
    plan.finished(request, failure=FailureReason.TIMEOUT, unanswered=request[:1], now=at(31))
    again = asked(plan, 32)
    assert again[0] == request[0]
    plan.finished(again, failure=FailureReason.TIMEOUT, unanswered=again[:1], now=at(33))
    assert waits(plan, 34) is not None, "not again and again"


def test_doubted_ones_are_asked_first_and_soon() -> None:
    plan = planner(4)
    swept(plan)
    plan.confirm(ids(4))
    assert asked(plan, 1)[0] == 4


def test_an_appointment_without_hurry_comes_first_in_the_next_request_of_the_pace() -> None:
    plan = planner(10, batch_size=10, requests_per_hour=100, interval=30.0)
    swept(plan)
    pause = waits(plan, 1)
    assert pause is not None
    plan.appoint(ExtensionId(4), Appointment(at(1), is_firm=True, is_hurried=False))
    assert waits(plan, 1) == pause
    assert asked(plan, 1 + pause)[0] == 4
    plan.finished(ids(*range(1, 11)), now=at(2 + pause))
    plan.confirm(ids(5))
    assert (waits(plan, 2 + pause) or 0.0) < pause / 2


def test_quarantined_ones_are_left_out_and_tried_again_later() -> None:
    plan = planner(2)
    assert plan.quarantine(ids(1), now=at(0)) == [1]
    assert asked(plan, 0) == ids(2)
    plan.finished(ids(2), now=at(0))
    assert plan.quarantine(ids(1), now=at(0)) == [], "it is in it already"
    assert 1 in asked(plan, 3601)


@pytest.mark.parametrize("is_urgent", [False, True], ids=["left out", "left out while urgent"])
def test_one_in_quarantine_makes_nobody_hurry(is_urgent: bool) -> None:
    """However old it gets, nothing can be done for it: the others keep their even pace."""
    plan = planner(4)
    swept(plan)
    plan.quarantine(ids(1), now=at(0))
    if is_urgent:
        plan.confirm(ids(1))
    when, requests = 0.0, 0
    while when < 1800 and requests < 1000:
        step = plan.next(now=at(when))
        if isinstance(step, Ask):
            requests += 1
            plan.finished(step.ids, now=at(when))
        else:
            assert step.until is not None
            when = max(when + 0.1, step.until - START)
    assert 44 <= requests <= 46, "three of them a minute, two in a request"


def test_if_all_are_quarantined_it_waits_for_the_first_to_come_out() -> None:
    plan = planner(1)
    plan.quarantine(ids(1), now=at(0))
    assert waits(plan, 0) == pytest.approx(3600)


def test_known_ones_keep_their_place_and_stored_ones_stand_by_their_last_answer() -> None:
    plan = Planner(PollingPolicy(batch_size=1))
    plan.watch({ExtensionId(2): at(-900), ExtensionId(1): at(-500), ExtensionId(3): None})
    plan.watch({ExtensionId(1): None})
    order = [asked(plan, when)[0] for when in (0, 1, 2)]
    assert order == [3, 2, 1]


def test_forgotten_ones_are_asked_no_more() -> None:
    plan = planner(2)
    plan.confirm(ids(1))
    plan.forget(ids(1))
    plan.confirm(ids(1))
    assert asked(plan, 0) == ids(2)


def test_without_headers_a_limit_is_assumed_and_our_own_requests_are_counted() -> None:
    plan = planner(2)
    for _ in range(1000):
        plan.request_made(now=START)
    assert plan.pacer.left(now=START) == 0
    assert plan.pacer.left(now=Timestamp(START + 3600)) == 1000


def test_with_nothing_left_the_sweep_is_as_long_as_the_wait() -> None:
    plan = planner(2)
    plan.quota_seen(quota(remaining=0, resets_in=900))
    assert plan.sweep_seconds(now=at(0)) == pytest.approx(961)


# --- plans that look too far ahead ---------------------------------------------------------------


def is_too_far(plan: Planner, away: float) -> bool:
    return plan.is_too_far(Instant(at(away)), now=Instant(at(0)))


def test_nothing_explains_a_wait_longer_than_the_interval_and_two_slots() -> None:
    plan = planner(4)
    swept(plan)
    assert not is_too_far(plan, 60)
    assert is_too_far(plan, 61)
    plan.quota_seen(quota(remaining=36))
    assert not is_too_far(plan, 200)
    assert is_too_far(plan, 201)


def test_a_failure_a_spent_quota_and_nobody_to_ask_explain_a_wait() -> None:
    failed, spent, left_out = planner(4), planner(4), planner(1)
    for plan in (failed, spent, left_out):
        swept(plan)
    failed.slow_down(FailureReason.ACCESS_DENIED, now=Instant(at(0)))
    assert not is_too_far(failed, 360)
    assert is_too_far(failed, 361)
    spent.quota_seen(quota(remaining=0))
    assert not is_too_far(spent, HOUR_LEFT)
    left_out.quarantine(ids(1), now=Instant(at(0)))
    assert not is_too_far(left_out, 3600)
