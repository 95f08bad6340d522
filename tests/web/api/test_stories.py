"""Lines of the history, by the incident that they are about."""

from fakes.notifications import NOW, lost

from regwatch.core.history import Happening, Kind
from regwatch.core.model import IncidentId
from regwatch.web.api.stories import others_in, stories_of, why_body


def line(event: str, incident: str | None = None, kind: Kind = Kind.INCIDENT) -> Happening:
    about = None if incident is None else IncidentId(incident)
    return Happening(at=NOW, kind=kind, event=event, incident_id=about)


def test_stories_in_the_order_in_which_something_happened_to_them_last() -> None:
    gone = line("expired", kind=Kind.REGISTRATION)
    lines = [line("fired", "a"), gone, line("fired", "b"), line("resolved", "a")]
    stories = stories_of(lines)
    assert list(stories) == ["b", "a"]
    assert [each.event for each in stories[IncidentId("a")]] == ["fired", "resolved"]
    assert others_in(lines) == [gone]


def test_an_incident_with_its_reason_and_its_story() -> None:
    told = Happening(at=NOW, kind=Kind.NOTIFICATION, event="new", receiver="pager")
    body = why_body(lost(), [line("fired"), told])
    assert (body.is_told, body.reason, body.verdict) == (True, "told", "pager was told.")
    assert [each.event for each in body.story] == ["fired", "new"]
    assert body.incident.id == lost().id
