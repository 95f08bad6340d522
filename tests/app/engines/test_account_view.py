"""What is seen of one account."""

from types import SimpleNamespace
from typing import Any

import pytest
from fakes.values import ACME, EVERY_ALERT, answer, at, batch, extension, registration

from regwatch.app.engines.account_view import AccountSight
from regwatch.core.expectations import Expectations
from regwatch.core.model import ExtensionId, ExtensionState, FailureReason, Quota
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.phones.warned import Outcomes, Warned
from regwatch.core.sites import Site, Sites
from regwatch.core.watches.api_health import Shortage

QUOTA = Quota(100, 99, at(60), at(0))


def sight(monitor: Monitor, **watcher: Any) -> AccountSight:
    made: Any = SimpleNamespace(monitor=monitor, **watcher)
    client: Any = SimpleNamespace(quota=QUOTA)
    return AccountSight(made, client, clock=lambda: at(5))


def monitor(**how: Any) -> Monitor:
    made = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites([Site("riga")]), **how)
    made.watch([extension(101)], now=at(0))
    return made


def test_it_shows_what_the_monitor_holds() -> None:
    watched = monitor()
    watched.observe(batch(answer(101, registration(), when=1)), now=at(1))
    it = sight(watched, sweep_seconds=60.0, first_sweep_done=True)
    assert (it.name, it.sites, it.quota) == (ACME, ("", "riga"), QUOTA)
    assert list(it.watched()) == [101]
    assert {k: n for k, n in it.counts().items() if n} == {("", ExtensionState.REGISTERED): 1}
    assert it.registration_counts()[""] == 1
    assert it.oldest_answer_at == at(1)
    assert (it.sweep_seconds, it.first_sweep_done) == (60.0, True)
    watched.record.add([Warned(at(1), came_true=True)])
    assert it.warnings == Outcomes(came_true=1, taken_back=0)


@pytest.mark.parametrize("expected", [True, False])
def test_whether_one_is_expected_is_asked_of_the_hours(expected: bool) -> None:
    it = sight(monitor(expectations=Expectations(expected)))
    assert it.expects(it.watched()[ExtensionId(101)]) is expected


def test_what_is_wrong_with_the_api_is_said_in_a_line() -> None:
    watched = monitor()
    it = sight(watched)
    assert (it.api_up, it.api_problem) == (None, "")
    watched.failed(FailureReason.TIMEOUT, "no answer in 10 s", now=at(1))
    assert it.api_up is False
    assert it.api_problem.endswith(": no answer in 10 s")
    watched.failed(FailureReason.TIMEOUT, "", now=at(2))
    assert it.api_problem
    assert not it.api_problem.endswith(": ")
    watched.quota_exhausted(Shortage(at(3), at(60), 60.0), now=at(3))
    assert it.api_problem == "the request quota is used up"
    watched.quota_exhausted(Shortage(at(3), at(60), 60.0, remaining=56), now=at(3))
    kept = "the request quota is down to 56, kept for other applications"
    assert it.api_problem == kept
