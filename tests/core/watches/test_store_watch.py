"""What became of regwatch's own database, as incidents."""

from fakes.values import EVERY_ALERT, at

from regwatch.core.alerts.conditions import NO_ACCOUNT
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.alerts.store_conditions import DatabaseSetAside
from regwatch.core.model import AlertName
from regwatch.core.watches.store_watch import TOLD_SECONDS, StoreWatch


def watch() -> tuple[StoreWatch, OpenIncidents]:
    incidents = OpenIncidents(NO_ACCOUNT, AlertRules(Rules(EVERY_ALERT)))
    return StoreWatch(incidents), incidents


def names(incidents: OpenIncidents) -> list[str]:
    return [incident.alert.value for incident in incidents]


def test_a_file_that_was_set_aside_is_told_for_an_hour() -> None:
    store, incidents = watch()
    for is_running in (False, True):
        list(store.set_aside(DatabaseSetAside("x", "y", {}, is_running), now=at(0)))
    assert names(incidents) == [AlertName.MEMORY_LOST, AlertName.STORE_DAMAGED]
    list(store.tick("", now=at(TOLD_SECONDS - 1)))
    assert len(names(incidents)) == 2
    steps = list(store.tick("", now=at(TOLD_SECONDS)))
    assert [step.incident.resolution for step in steps if step.incident] == [
        "a new database is in use"
    ] * 2
    assert names(incidents) == []


def test_damage_that_stays_is_told_as_long_as_it_does() -> None:
    store, incidents = watch()
    list(store.tick("malformed", now=at(0)))
    list(store.tick("malformed", now=at(2 * TOLD_SECONDS)))
    assert names(incidents) == [AlertName.STORE_DAMAGED]
    list(store.tick("", now=at(2 * TOLD_SECONDS + 1)))
    assert names(incidents) == []
