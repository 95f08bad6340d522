"""The sentence on top of the page."""

import pytest
from fakes.web import NOW, FakeAccount, account, incident, watched

from regwatch.core.model import AlertName, ExtensionState, Incident, IncidentState, Severity
from regwatch.web.pages.verdict import Level, judge

S = ExtensionState


def many(state: ExtensionState, count: int, first: int = 1) -> list[object]:
    return [watched(n, state) for n in range(first, first + count)]


@pytest.mark.parametrize(
    ("accounts", "incidents", "level", "sentence", "since"),
    [
        pytest.param([], [], Level.NOTICE, "No extensions to watch", None, id="nothing"),
        pytest.param(
            [account(*many(S.REGISTERED, 120))],
            [],
            Level.GOOD,
            "All 120 extensions registered",
            None,
            id="all well",
        ),
        pytest.param(
            [account(watched(1), watched(2, S.REMOVED))],
            [],
            Level.GOOD,
            "The one extension is registered",
            None,
            id="removed ones do not count",
        ),
        pytest.param(
            [account(*many(S.REGISTERED, 2), *many(S.UNREGISTERED, 1, 9))],
            [],
            Level.GOOD,
            "2 of 3 extensions registered, none lost",
            None,
            id="one never registered",
        ),
        pytest.param(
            [account(*many(S.REGISTERED, 2), *many(S.SIGNED_OFF, 3, 9))],
            [incident(AlertName.SIGNED_OFF, severity=Severity.INFO)],
            Level.GOOD,
            "2 of 5 extensions registered, 3 signed off, none lost",
            None,
            id="closing time",
        ),
        pytest.param(
            [account(*many(S.REGISTERED, 2), *many(S.UNKNOWN, 1, 9))],
            [],
            Level.NOTICE,
            "2 of 3 extensions registered, none lost",
            None,
            id="one unknown",
        ),
        pytest.param(
            [account(*many(S.REGISTERED, 2), *many(S.UNKNOWN, 3, 9), first_sweep_done=False)],
            [],
            Level.NOTICE,
            "First look around: 2 of 5 extensions answered so far",
            None,
            id="first sweep",
        ),
        pytest.param(
            [account(*many(S.LOST, 3)), account(*many(S.REGISTERED, 1), name="b")],
            [
                incident(started_at=NOW - 60),
                incident(number=2, started_at=NOW - 600),
                incident(AlertName.REGISTRATION_LOST, started_at=NOW - 6000),
            ],
            Level.BAD,
            "3 extensions lost",
            NOW - 600,
            id="lost, since the first of them",
        ),
        pytest.param(
            [account(*many(S.LOST, 1))], [], Level.BAD, "1 extension lost", None, id="one lost"
        ),
        pytest.param(
            [account(*many(S.OVERDUE, 1))],
            [incident(AlertName.REFRESH_OVERDUE, started_at=NOW - 5)],
            Level.WARNING,
            "1 extension overdue for a refresh",
            NOW - 5,
            id="overdue",
        ),
        pytest.param(
            [account(watched(1))],
            [
                incident(AlertName.REGISTRATION_LOST, started_at=NOW - 5),
                incident(AlertName.QUOTA_EXHAUSTED, started_at=NOW - 9),
                incident(started_at=NOW - 99, state=IncidentState.PENDING),
            ],
            Level.WARNING,
            "2 open problems, no extension lost",
            NOW - 9,
            id="other problems",
        ),
        pytest.param(
            [account(watched(1))],
            [incident(AlertName.REGISTRATION_LOST)],
            Level.WARNING,
            "1 open problem, no extension lost",
            NOW - 300,
            id="one other problem",
        ),
    ],
)
def test_the_verdict(
    accounts: list[FakeAccount],
    incidents: list[Incident],
    level: Level,
    sentence: str,
    since: float | None,
) -> None:
    verdict = judge(accounts, incidents, None)
    assert (verdict.level, verdict.sentence, verdict.since) == (level, sentence, since)
    assert verdict.notes == ()


def test_who_cannot_see_does_not_say_that_all_is_well() -> None:
    blind = account(watched(1), api_up=False)
    verdict = judge([blind], [], None)
    assert verdict.level is Level.BAD
    assert verdict.sentence == "What is going on cannot be fully seen"
    assert "the last request to the PBX failed" in verdict.notes[0]


def test_what_limits_the_verdict_is_said_besides_a_loss() -> None:
    closed = account(watched(1, S.LOST), api_up=False, api_problem="403: closed")
    verdict = judge([closed], [], "the store cannot be written")
    assert verdict.sentence == "1 extension lost"
    assert verdict.notes == (
        "acme: 403: closed",
        "regwatch itself is not well: the store cannot be written",
    )
