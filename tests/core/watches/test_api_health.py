from fakes.values import ACME, at

from regwatch.core.model import AlertName, FailureReason
from regwatch.core.watches.api_health import ApiHealth, Shortage


def holding(health: ApiHealth, *, stale: int = 0, now: float = 0) -> dict[str, AlertName]:
    conditions = health.conditions(stale=stale, now=at(now))
    return {subject: c.alert for subject, c in conditions if c is not None}


def test_before_the_first_request_nothing_is_known_and_nothing_is_wrong() -> None:
    health = ApiHealth(ACME)
    assert health.is_up is None
    assert holding(health) == {}


def test_a_failure_blinds_and_an_answer_ends_it() -> None:
    health = ApiHealth(ACME)
    health.failed(FailureReason.TIMEOUT, "no answer", at(0))
    assert (health.is_up, health.is_blind) == (False, True)
    assert holding(health) == {"api": AlertName.API_UNAVAILABLE}
    health.answered()
    assert (health.is_up, health.is_blind) == (True, False)
    assert holding(health) == {}


def test_an_outage_that_changes_its_symptom_is_the_same_outage() -> None:
    health = ApiHealth(ACME)
    health.failed(FailureReason.TIMEOUT, "", at(0))
    health.failed(FailureReason.SERVER_ERROR, "", at(50))
    assert health.trouble is not None
    assert (health.trouble.reason, health.trouble.since) == (FailureReason.SERVER_ERROR, at(0))
    health.failed(FailureReason.ACCESS_DENIED, "", at(90))
    assert health.trouble.since == at(90)


def test_a_refusal_is_said_as_such_and_alone() -> None:
    health = ApiHealth(ACME)
    health.failed(FailureReason.ACCESS_DENIED, "403: closed to your application", at(0))
    health.quota(Shortage(at(0), at(600), 700.0))
    (condition,) = [c for _, c in health.conditions(stale=5, now=at(0)) if c]
    assert condition.alert is AlertName.CREDENTIALS_REFUSED
    assert "403: closed to your application" in condition.explanation


def test_a_used_up_quota_explains_the_silence() -> None:
    health = ApiHealth(ACME)
    health.failed(FailureReason.QUOTA_EXHAUSTED, "", at(0))
    health.quota(Shortage(at(0), at(600), 540.0))
    (condition,) = [c for _, c in health.conditions(stale=5, now=at(900)) if c]
    assert condition.alert is AlertName.QUOTA_EXHAUSTED
    assert "up to 9 min old" in condition.summary
    assert health.is_blind
    health.quota(Shortage(at(100), at(1200), 540.0))
    assert health.shortage is not None
    assert health.shortage.since == at(0)
    health.quota(None)
    assert health.shortage is None


def test_answers_that_grow_stale_are_an_outage_though_requests_succeed() -> None:
    health = ApiHealth(ACME)
    health.answered()
    assert holding(health, stale=3, now=10) == {"api": AlertName.API_UNAVAILABLE}
    (condition,) = [c for _, c in health.conditions(stale=3, now=at(60)) if c]
    assert condition.since == at(10)
    assert "3 extensions are unknown" in condition.explanation
    assert holding(health, stale=0, now=70) == {}


def test_answers_that_grew_old_without_quota_are_no_outage_as_soon_as_it_is_back() -> None:
    """They are renewed within a sweep: only what stays old from then on is told."""
    health = ApiHealth(ACME)
    health.quota(Shortage(at(0), at(3000), 2400.0))
    assert holding(health, stale=5, now=2400) == {"quota": AlertName.QUOTA_EXHAUSTED}
    health.answered()
    health.quota(None)
    (condition,) = [c for _, c in health.conditions(stale=5, now=at(3000)) if c]
    assert (condition.alert, condition.since) == (AlertName.API_UNAVAILABLE, at(3000))
    assert holding(health, stale=0, now=3060) == {}
