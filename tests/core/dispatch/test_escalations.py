"""When whom nobody acknowledged is told to others."""

from collections.abc import Mapping
from itertools import chain

import pytest
from msgspec.structs import replace

from regwatch.core.clock_steps import PIECE
from regwatch.core.dispatch.escalations import Escalations
from regwatch.core.dispatch.routing import Escalation, Route
from regwatch.core.model import (
    FAR_OFF,
    AccountName,
    AlertName,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Notified,
    Severity,
    Timestamp,
)

AFTER = 900.0
ROUTE = Route(
    key="all", receivers=("chat", "mail"), escalation=Escalation(AFTER, ("pager", "boss"))
)
DIRECT = ("chat", "mail")
RIGA, OSLO = 'all:{"site": "riga"}', 'all:{"site": "oslo"}'


def incident(name: str = "a", **changes: object) -> Incident:
    made = Incident(
        id=IncidentId(name),
        account=AccountName("acme"),
        alert=AlertName.EXTENSION_LOST,
        severity=Severity.WARNING,
        subject=name,
        state=IncidentState.FIRING,
        started_at=Timestamp(0.0),
        facts=Facts(account=AccountName("acme")),
    )
    return replace(made, **changes)


def rows(group: str = RIGA, **told: float) -> Mapping[str, Notified]:
    """Who was told when."""
    return {
        name: Notified(
            name,
            IncidentId(""),
            AlertName.EXTENSION_LOST,
            Severity.WARNING,
            group,
            Timestamp(at + 5000.0),
            first_told_at=Timestamp(at),
        )
        for name, at in told.items()
    }


def due(escalations: Escalations, now: float) -> list[str]:
    return list(chain.from_iterable(escalations.due(Timestamp(now))))


def test_it_is_due_so_long_after_it_was_first_told_and_once() -> None:
    escalations = Escalations([ROUTE])
    assert escalations.next_at() == FAR_OFF
    escalations.note(incident(), rows(chat=130, mail=100), DIRECT)
    assert escalations.next_at() == 100 + AFTER
    assert escalations.coming(IncidentId("a")) == [(100 + AFTER, ("pager", "boss"))]
    assert due(escalations, 99 + AFTER) == []
    assert due(escalations, 100 + AFTER) == ["a"]
    escalations.note(incident(), rows(chat=130, mail=100), DIRECT)
    assert escalations.next_at() == FAR_OFF
    called = escalations.called(incident(), rows(chat=130, mail=100), DIRECT)
    assert {name: (key, way.is_escalation) for name, (key, way) in called.items()} == {
        "pager": (RIGA, True),
        "boss": (RIGA, True),
    }


def test_all_that_waits_in_the_group_is_due_with_the_first_and_no_other() -> None:
    escalations = Escalations([ROUTE])
    for number, name in enumerate("abc"):
        escalations.note(incident(name), rows(chat=100.0 * number), DIRECT)
    escalations.note(incident("o"), rows(OSLO, chat=1), DIRECT)
    assert due(escalations, AFTER) == ["a", "b", "c"]
    escalations.note(incident("d"), rows(chat=AFTER + 10), DIRECT)
    assert due(escalations, AFTER + 1) == ["o"]
    assert escalations.next_at() == 2 * AFTER + 10


@pytest.mark.parametrize(
    "changes",
    [
        {"acknowledged_by": "anna"},
        {"silenced_by": "silence s"},
        {"inhibited_by": IncidentId("site")},
        {"held_until": Timestamp(9.0)},
        {"state": IncidentState.RESOLVED},
        {"severity": Severity.CRITICAL},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_somebody_is_at_or_is_quiet_or_over_or_yet_to_be_told_does_not_wait(
    changes: Mapping[str, object],
) -> None:
    escalations = Escalations([ROUTE])
    escalations.note(incident(), rows(chat=0), DIRECT)
    escalations.note(incident(**changes), rows(chat=0), DIRECT)
    assert escalations.next_at() == FAR_OFF
    assert escalations.coming(IncidentId("a")) == []
    escalations.note(incident(), rows(chat=0), DIRECT)
    assert escalations.next_at() == AFTER, "and waits as before once it is so no more"


def test_who_is_called_and_did_not_hear_of_it_yet_is_not_told_of_what_is_acknowledged() -> None:
    escalations = Escalations([ROUTE])
    escalations.note(incident(), rows(chat=0), DIRECT)
    assert due(escalations, AFTER) == ["a"]
    taken = incident(acknowledged_by="anna")
    escalations.note(taken, rows(chat=0), DIRECT)
    assert escalations.called(taken, rows(chat=0), DIRECT) == {}
    assert list(escalations.called(taken, rows(chat=0, pager=AFTER), DIRECT)) == ["pager"]


def test_nobody_is_called_who_is_told_in_any_case_or_was_told() -> None:
    escalations = Escalations([ROUTE])
    escalations.note(incident("a"), rows(chat=0), (*DIRECT, "pager", "boss"))
    escalations.note(incident("b"), rows(chat=0, pager=5, boss=5), DIRECT)
    assert escalations.next_at() == FAR_OFF
    escalations.note(incident("a"), rows(chat=0), (*DIRECT, "pager"))
    assert due(escalations, AFTER) == ["a"]
    called = escalations.called(incident("a"), rows(chat=0), (*DIRECT, "pager"))
    assert list(called) == ["boss"]


def test_what_was_told_by_other_routes_does_not_wait() -> None:
    escalations = Escalations([ROUTE])
    escalations.note(incident(), rows('gone:{"site": "riga"}', chat=0), DIRECT)
    escalations.note(incident("b"), rows(pager=0), DIRECT)
    assert escalations.next_at() == FAR_OFF


def test_what_an_earlier_version_noted_waits_since_it_was_told_last() -> None:
    escalations = Escalations([ROUTE])
    (row,) = rows(chat=0).values()
    escalations.note(incident(), {"chat": replace(row, first_told_at=None)}, DIRECT)
    assert escalations.next_at() == 5000 + AFTER


def test_a_clock_that_is_set_changes_no_wait() -> None:
    escalations = Escalations([ROUTE])
    for number, name in enumerate("abc"):
        group = f'all:{{"site": "{name}"}}'
        escalations.note(incident(name), rows(group, chat=100.0 * number), DIRECT)
    list(escalations.clock_set(86_400.0))
    assert escalations.next_at() == 86_400 + AFTER
    assert due(escalations, 86_400 + AFTER + 100) == ["a", "b"]


def test_thousands_are_called_in_pieces() -> None:
    escalations = Escalations([ROUTE])
    for number in range(1000):
        escalations.note(incident(f"{number}"), rows(chat=number), DIRECT)
    pieces = list(escalations.due(Timestamp(AFTER)))
    assert max(map(len, pieces)) <= PIECE
    assert sum(map(len, pieces)) == 1000


def test_thousands_that_wait_no_more_are_forgotten_in_pieces() -> None:
    escalations = Escalations([ROUTE])
    for number in range(1000):
        escalations.note(incident(f"{number}"), rows(chat=number), DIRECT)
        escalations.forget(IncidentId(f"{number}"))
    escalations.note(incident("last"), rows(chat=5000), DIRECT)
    before = len(escalations._agenda)
    assert escalations.next_at() <= 5000 + AFTER, "too early does no harm"
    assert before - len(escalations._agenda) <= PIECE
    assert due(escalations, 4999 + AFTER) == []
    assert (len(escalations._agenda), escalations.next_at()) == (1, 5000 + AFTER)


def test_nothing_is_left_of_what_is_over() -> None:
    escalations = Escalations([ROUTE])
    for number in range(10):
        escalations.note(incident(f"{number}"), rows(chat=number * 200), DIRECT)
    due(escalations, AFTER + 300)
    for number in range(10):
        escalations.forget(IncidentId(f"{number}"))
    assert escalations.next_at() == FAR_OFF
    held = (escalations._due, escalations._waiting, escalations._agenda, escalations._called)
    assert held == ({}, {}, [], {})
