"""Rows that cannot be read any more."""

from fakes.stored import incident
from structlog.testing import capture_logs

from regwatch.core.model import Incident
from regwatch.store.sealed import opened, sealed
from regwatch.store.unreadable import Unreadable

SOUND, BAD = sealed(incident()), b"\xc1\x00"


def test_each_costs_itself_and_is_counted() -> None:
    unreadable = Unreadable()
    with capture_logs() as lines:
        assert unreadable.all_but(Incident, [BAD, SOUND, BAD]) == [incident()]
    assert lines == [
        {
            "event": "stored_value_unreadable",
            "kind": "Incident",
            "count": 2,
            "error": "its check sum is another",
            "log_level": "error",
        }
    ]
    assert unreadable.count == 2


def test_what_was_said_is_not_said_again_and_something_else_is() -> None:
    unreadable = Unreadable()
    with capture_logs() as lines:
        for _ in range(3):
            unreadable.all_but(Incident, [BAD])
        unreadable.all_but(Incident, [SOUND])
        unreadable.all_but(Incident, [BAD, BAD])
    assert [line["count"] for line in lines] == [1, 2]
    assert unreadable.count == 5


def test_one_row_is_tried() -> None:
    unreadable = Unreadable()
    assert unreadable.tried(Incident, lambda row: opened(row, Incident), SOUND) == incident()
    assert unreadable.tried(Incident, lambda row: opened(row, Incident), BAD) is None
