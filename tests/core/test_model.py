"""The few things that the words of the core say of themselves."""

import pytest
from fakes.notifications import NEW, RESOLVED, STILL, lost, notification, overdue, resolved
from fakes.values import ACME, answer, at, batch
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.core.model import (
    OF_DEVICE,
    AlertName,
    BatchAnswer,
    Extension,
    ExtensionId,
    Facts,
    FailureReason,
    Instant,
    Notification,
    Now,
    Severity,
    Timestamp,
)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("000*101", "101"),
        ("000*101@sip.example.net", "101"),
        ("a*b*101", "101"),
        ("101", "101"),
        ("@x", ""),
        ("", ""),
    ],
)
def test_what_people_dial(name: str, number: str) -> None:
    assert Extension(ExtensionId(1), name).number == number


def test_an_alert_as_prometheus_would_write_it() -> None:
    assert AlertName.EXTENSION_LOST.alertname == "RegwatchExtensionLost"
    assert len({alert.alertname for alert in AlertName}) == len(AlertName)


def test_what_matters_more_comes_first() -> None:
    assert sorted(Severity, key=lambda each: each.rank) == ["critical", "warning", "info"]


@pytest.mark.parametrize(
    ("given", "unanswered", "failed"),
    [
        (batch(answer(1, when=0), asked=[2], refused=[3]), (2,), ()),
        (batch(answer(1, when=0), asked=[2], failure=FailureReason.TIMEOUT), (2,), (2,)),
        (batch(answer(1, when=0), failure=FailureReason.TIMEOUT), (), ()),
    ],
    ids=["left out", "left out by a failure", "nothing is missing"],
)
def test_of_whom_a_poll_says_nothing(
    given: BatchAnswer, unanswered: tuple[int, ...], failed: tuple[int, ...]
) -> None:
    assert (given.unanswered, given.failed_ids) == (unanswered, failed)


@pytest.mark.parametrize(
    ("ended", "detected", "lag"), [(0, 12, 12), (0, -3, 0), (None, 12, None), (0, None, None)]
)
def test_how_late_it_was_seen(
    ended: float | None, detected: float | None, lag: float | None
) -> None:
    facts = Facts(
        account=ACME,
        lease_ended=None if ended is None else at(ended),
        detected=None if detected is None else at(detected),
    )
    assert facts.detection_lag_seconds == lag


@pytest.mark.parametrize(
    ("changes", "quiet"), [({}, False), ({"silenced_by": "s"}, True), ({"inhibited_by": "x"}, True),
                           ({"acknowledged_by": "jane"}, False)],
)  # fmt: skip
def test_what_nothing_is_told_of(changes: dict[str, str], quiet: bool) -> None:
    assert replace(lost(), **changes).is_quiet is quiet


def test_only_of_one_of_several_devices_the_registration_is_a_label() -> None:
    assert "registration_id" not in lost().labels
    device = replace(lost(), subject=f"{OF_DEVICE}101/uloc-1")
    assert device.labels["registration_id"] == lost().facts.registration_id


def test_labels_of_a_site_never_hide_what_an_alert_is() -> None:
    labels = replace(lost(), site_labels={"severity": "none", "account": "x", "team": "ops"}).labels
    assert (labels["severity"], labels["account"], labels["team"]) == ("critical", "acme", "ops")


@pytest.mark.parametrize(
    ("note", "severity", "is_over"),
    [
        (notification((NEW, overdue(1)), (RESOLVED, resolved(lost(2)))), "warning", False),
        (notification((STILL, lost(1)), (NEW, overdue(2))), "critical", False),
        (notification((RESOLVED, resolved(lost(1)))), "critical", True),
        (notification(), "info", True),
    ],
    ids=["of what still fires", "of the worst", "of what is over, if nothing fires", "of nothing"],
)
def test_how_much_a_message_matters(note: Notification, severity: str, is_over: bool) -> None:
    assert (note.severity, note.is_resolved) == (severity, is_over)


def test_what_of_a_message_is_new() -> None:
    note = notification((NEW, lost(1)), (STILL, lost(2)), (NEW, lost(3)))
    assert [each.facts.extension_id for each in note.with_status(NEW)] == [1, 3]


SECONDS = st.integers(-(2**40), 2**40)
"""Whole ones: as floats they add up to the last bit."""


@pytest.mark.parametrize(("wall", "instant"), [(1000, 7), (1060, 67), (940, -53)])
def test_what_is_a_minute_ahead_on_one_is_so_on_the_other(wall: float, instant: float) -> None:
    now = Now(Instant(7.0), Timestamp(1000.0))
    assert now.instant_of(Timestamp(wall)) == instant
    assert now.time_of(Instant(instant)) == wall


@given(SECONDS, SECONDS, SECONDS)
def test_there_and_back_is_where_one_was(steady: int, wall: int, at: int) -> None:
    now = Now(Instant(steady), Timestamp(wall))
    assert now.time_of(now.instant_of(Timestamp(at))) == at
    assert now.instant_of(now.wall) == now.steady
