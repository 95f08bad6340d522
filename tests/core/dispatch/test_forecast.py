"""What would be told of an incident, and why some routes tell nobody."""

from datetime import UTC

from msgspec.structs import replace

from regwatch.core.dispatch.forecast import MOST_TELLINGS, Fit, forecast, looks
from regwatch.core.dispatch.routing import Escalation, Route
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AccountName,
    AlertName,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Severity,
    Timestamp,
)
from regwatch.core.schedules import Hours, Schedule

MIDNIGHT = Timestamp(1_700_006_400.0)
OFFICE = Schedule("office", frozenset(range(7)), (Hours(8 * 60, 18 * 60),), UTC)
ROUTES = [
    Route(key="info", receivers=("mail",), matchers=Matchers.of({"severity": "info"})),
    Route(
        key="day",
        receivers=("chat",),
        active=OFFICE,
        escalation=Escalation(900.0, ("boss",)),
    ),
    Route(key="all", receivers=("pager",)),
]
FIRING = Incident(
    id=IncidentId("a"),
    account=AccountName("acme"),
    alert=AlertName.EXTENSION_LOST,
    severity=Severity.CRITICAL,
    subject="a",
    state=IncidentState.FIRING,
    started_at=MIDNIGHT,
    facts=Facts(account=AccountName("acme")),
)
SILENCED = replace(FIRING, silenced_by="silence s")


def clock(hour: float) -> Timestamp:
    return Timestamp(MIDNIGHT + 3600.0 * hour)


def told(*changes: tuple[Timestamp, Incident]) -> list[tuple[float, str, int]]:
    found = forecast(changes, ROUTES, until=clock(24))
    return [((each.at - MIDNIGHT) / 3600.0, each.receiver, each.route) for each in found]


def test_each_telling_names_its_route_also_where_it_escalates() -> None:
    assert told((clock(17), FIRING)) == [(17, "chat", 1), (17.25, "boss", 1), (18, "pager", 2)]


def test_what_changes_is_taken_in_its_time() -> None:
    changes = [(clock(9), FIRING), (clock(9.1), SILENCED), (clock(20), FIRING)]
    assert told(*changes) == [(9, "chat", 1), (20, "pager", 2), (20, "boss", 1)]


def test_reminders_come_to_an_end() -> None:
    route = Route(key="all", receivers=("chat",), repeat=(1.0,))
    found = forecast([(clock(1), FIRING)], [route], until=clock(24))
    assert len(found) == MOST_TELLINGS


def test_why_each_route_is_taken_or_not() -> None:
    day = looks({"severity": "critical"}, ROUTES, now=clock(12))
    assert [look.fit for look in day] == [Fit.OTHER_LABELS, Fit.MATCHES, Fit.NOT_REACHED]
    night = looks({"severity": "critical"}, ROUTES, now=clock(20))
    assert [look.fit for look in night] == [Fit.OTHER_LABELS, Fit.OUTSIDE_OF_HOURS, Fit.MATCHES]
    assert night[1].begins_at == clock(32)
    info = looks({"severity": "info"}, ROUTES, now=clock(20))
    assert [look.ended_by for look in info] == [None, 0, 0]
