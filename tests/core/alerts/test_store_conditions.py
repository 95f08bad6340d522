"""What is told of regwatch's own database."""

from fakes.values import START

from regwatch.core.alerts.store_conditions import (
    DatabaseSetAside,
    memory_lost,
    store_damaged,
    store_unusable,
)
from regwatch.core.model import AlertName

THAT = DatabaseSetAside(
    "/var/lib/x.db.corrupt-1", "malformed", {"extensions": 40, "outbox": 2}, False
)


def test_what_is_forgotten_and_what_is_not_is_said() -> None:
    told = memory_lost(THAT, since=START)
    assert told.alert is AlertName.MEMORY_LOST
    assert "could be read: 40 extensions, 2 messages." in told.explanation
    assert "/var/lib/x.db.corrupt-1, with the reason beside it: malformed." in told.explanation
    nothing = memory_lost(DatabaseSetAside("x", "y", {}, False), since=START)
    assert "could be read: nothing." in nothing.explanation


def test_damage_while_running_costs_nothing_and_calls_for_somebody() -> None:
    told = store_damaged(THAT, since=START)
    assert told.alert is AlertName.STORE_DAMAGED
    assert "stored again" in told.explanation
    assert "40 extensions" in told.explanation


def test_what_cannot_be_set_aside_is_the_same_incident() -> None:
    told = store_unusable("malformed", since=START)
    assert told.subject == store_damaged(THAT, since=START).subject
    assert "nothing is stored" in told.summary
