"""The state gauges, as exposition text."""

from fakes.web import NOW, FakeDaemon, account, incident, watched
from prometheus_client.exposition import generate_latest

from regwatch.core.model import (
    AlertName,
    ExtensionState,
    IncidentState,
    Quota,
    Severity,
    Timestamp,
)
from regwatch.core.phones.warned import Outcomes
from regwatch.core.polling.agenda import Purpose
from regwatch.guard import Bugs
from regwatch.web.metrics.collector import StateCollector


def lines(daemon: FakeDaemon, *, zeros: bool = False) -> list[str]:
    text = generate_latest(StateCollector(daemon, Bugs())).decode()
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    return samples if zeros else [line for line in samples if not line.endswith(" 0.0")]


def test_a_daemon_that_knows_nothing_yet_guesses_nothing() -> None:
    known = ['regwatch_sweep_seconds{account="acme"} 60.0']
    assert lines(FakeDaemon([account(name="acme")])) == known


def test_everything_there_is_to_say() -> None:
    acme = account(
        watched(1, site="riga"),
        watched(2, ExtensionState.LOST, site="riga"),
        watched(3, ExtensionState.UNKNOWN),
        api_up=False,
        quota=Quota(1000, 12, Timestamp(NOW + 60), NOW),
        oldest_answer_at=Timestamp(NOW - 90),
        warnings=Outcomes(19, 1),
        ids_asked=dict.fromkeys(Purpose, 0) | {Purpose.SWEEP: 7},
    )
    daemon = FakeDaemon(
        [acme],
        [incident(), incident(number=2), incident(number=3, state=IncidentState.PENDING)],
        backlog={"pager": (0, None), "chat": (3, Timestamp(NOW - 5))},
    )
    assert lines(daemon) == [
        'regwatch_api_quota_limit{account="acme"} 1000.0',
        'regwatch_api_quota_remaining{account="acme"} 12.0',
        'regwatch_api_quota_reset_timestamp_seconds{account="acme"} 1.79500006e+09',
        'regwatch_api_ids_asked_total{account="acme",purpose="sweep"} 7.0',
        'regwatch_extensions{account="acme",site="",state="unknown"} 1.0',
        'regwatch_extensions{account="acme",site="riga",state="registered"} 1.0',
        'regwatch_extensions{account="acme",site="riga",state="lost"} 1.0',
        'regwatch_registrations{account="acme",site="riga"} 1.0',
        'regwatch_oldest_answer_timestamp_seconds{account="acme"} 1.79499991e+09',
        'regwatch_sweep_seconds{account="acme"} 60.0',
        'regwatch_refresh_warnings{account="acme",outcome="came_true"} 19.0',
        'regwatch_refresh_warnings{account="acme",outcome="taken_back"} 1.0',
        'regwatch_incidents_firing{alert="extension_lost",severity="critical"} 2.0',
        'regwatch_outbox_pending{receiver="chat"} 3.0',
        'regwatch_outbox_oldest_timestamp_seconds{receiver="chat"} 1.794999995e+09',
    ]


def test_closed_label_sets_are_whole_and_an_empty_outbox_has_no_oldest() -> None:
    daemon = FakeDaemon([account(watched(1), api_up=False)], backlog={"pager": (0, None)})
    found = lines(daemon, zeros=True)
    assert 'regwatch_api_up{account="acme"} 0.0' in found
    assert 'regwatch_outbox_pending{receiver="pager"} 0.0' in found
    assert not any("oldest_timestamp" in line for line in found)
    assert sum("regwatch_extensions{" in line for line in found) == len(ExtensionState)
    firing = [line for line in found if "regwatch_incidents_firing{" in line]
    assert len(firing) == len(AlertName) * len(Severity)


def test_what_is_gone_leaves_no_series() -> None:
    daemon = FakeDaemon([account(watched(1), name="a"), account(watched(1), name="b")])
    daemon.all_accounts.pop()
    assert not any('"b"' in line for line in lines(daemon, zeros=True))
