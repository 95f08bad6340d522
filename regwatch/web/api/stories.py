"""Lines of the history, sorted into the stories of incidents, and what is to be read from them."""

from collections.abc import Iterable, Mapping, Sequence

from regwatch.core.history import Happening
from regwatch.core.model import Incident, IncidentId
from regwatch.core.why import verdict
from regwatch.web.api.answers import happening_body, incident_body
from regwatch.web.api.bodies import EscalationBody, WhyBody
from regwatch.web.times import iso
from regwatch.web.views import Escalating


def why_body(
    incident: Incident, story: Sequence[Happening], escalations: Sequence[Escalating] = ()
) -> WhyBody:
    """Why somebody was told of it, or was not; `story`: what happened to it, oldest first;
    `escalations`: who will be told, too, and when.
    """
    found = verdict(incident, story)
    return WhyBody(
        incident=incident_body(incident),
        is_told=found.is_told,
        reason=found.reason.value,
        verdict=found.words,
        story=[happening_body(each) for each in story],
        escalations=[EscalationBody(iso(at), list(names)) for at, names in escalations],
    )


def stories_of(lines: Iterable[Happening]) -> Mapping[IncidentId, Sequence[Happening]]:
    """By incident, in the order in which something happened to them last."""
    stories: dict[IncidentId, list[Happening]] = {}
    for line in lines:
        if line.incident_id is not None:
            story = stories.pop(line.incident_id, [])
            stories[line.incident_id] = story
            story.append(line)
    return stories


def others_in(lines: Iterable[Happening]) -> Sequence[Happening]:
    """Those that are about no incident."""
    return [line for line in lines if line.incident_id is None]
