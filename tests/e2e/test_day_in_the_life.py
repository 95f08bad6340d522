"""500 phones in 8 sites over 24 hours: what truly happened, and what anybody was told of it."""

from collections import Counter

import pytest
from fakes.day import BLIND, DARK_SITES, Day
from fakes.tracing import untraced

from regwatch.core.model import AlertName, ExtensionId, Incident, IncidentId, ItemStatus

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NEW, RESOLVED = ItemStatus.NEW, ItemStatus.RESOLVED
LOST, OVERDUE = AlertName.EXTENSION_LOST.value, AlertName.REFRESH_OVERDUE.value
SIGNED_OFF = AlertName.SIGNED_OFF.value
TOLD_AND_OVER = [(NEW, LOST), (RESOLVED, LOST)]
SIGNED_OFF_AND_BACK = [(NEW, SIGNED_OFF), (RESOLVED, SIGNED_OFF)]
EITHER = (TOLD_AND_OVER, SIGNED_OFF_AND_BACK)
"""Who says good-bye is signed off, or lost if nobody looked before its lease was over."""


def test_a_day_in_the_life() -> None:
    day = Day()
    with untraced():
        day.play()
    print(day.report())
    checked: set[IncidentId] = set()
    checked |= singles(day) | flappers(day) | dark_sites(day) | repaired_site(day)
    checked |= blindness(day)
    stories = day.stories()
    never = [day.incidents[i].summary for i in stories.keys() - checked]
    assert never == [], "false: nothing of the kind has happened"
    assert set(day.stories("pager")) <= set(stories)
    for story in (*stories.values(), *day.stories("pager").values()):
        assert [status for status, _ in story].count(RESOLVED) == 1, "each end is told once"
        assert story[-1][0] is RESOLVED
    assert day.naive.messages >= 20 * len(day.news())


def story_of(day: Day, incident: Incident) -> list[tuple[ItemStatus, str]]:
    return day.stories()[incident.id]


def singles(day: Day) -> set[IncidentId]:
    """Each loss is one incident: told once as lost, at most once before as about to be; who says
    good-bye is told as signed off.
    """
    checked = set()
    for event in day.of_kind("single"):
        (incident,) = day.told_of(event.phones[0])
        story = story_of(day, incident)
        told = [step for step in story if step != (NEW, OVERDUE)]
        assert told == TOLD_AND_OVER if event.act == "die" else told in EITHER
        assert story.count((NEW, OVERDUE)) <= 1
        checked.add(incident.id)
    return checked


def flappers(day: Day) -> set[IncidentId]:
    """A start and a stop; before the start, each loss that made it known."""
    checked = set()
    for event in day.of_kind("flapper"):
        told = day.told_of(event.phones[0])
        (flapping,) = [i for i in told if i.alert is AlertName.FLAPPING]
        assert [status for status, _ in story_of(day, flapping)] == [NEW, RESOLVED]
        losses = [i for i in told if i is not flapping]
        assert 1 <= len(losses) <= 3
        assert all(story_of(day, loss) in EITHER for loss in losses)
        checked |= {incident.id for incident in told}
    return checked


def dark_sites(day: Day) -> set[IncidentId]:
    """One message for the outage, one for its end; alone only who was missed before it showed: of
    63 phones, each of which may be off for its own reasons, no three tell that it is all of them.
    """
    stories = day.stories()
    checked = set()
    found = [day.incidents[i] for i in stories]
    outages = [i for i in found if i.alert is AlertName.SITE_LOST]
    assert sorted(i.facts.site for i in outages) == [f"site{n}" for n in DARK_SITES]
    for event, outage in zip(day.of_kind("site"), outages, strict=True):
        assert [status for status, _ in stories[outage.id]] == [NEW, RESOLVED]
        alone = [i for i in found if i.facts.extension_id in event.phones]
        assert len(alone) <= 4
        checked |= {outage.id, *(incident.id for incident in alone)}
    return checked


def repaired_site(day: Day) -> set[IncidentId]:
    """Of a maintenance window nothing is told, but of who is still away when it is over."""
    (window,), (event,) = day.of_kind("repaired"), day.of_kind("forgotten")
    for phone in window.phones:
        assert day.told_of(phone) == []
    (incident,) = day.told_of(event.phones[0])
    assert story_of(day, incident) in EITHER
    first = next(message for message, _, told in day.told() if told.id == incident.id)
    after = first.created_at - day.hour(window.ends)
    assert 0 <= after < 60
    return {incident.id}


def blindness(day: Day) -> set[IncidentId]:
    """Outages of the API, an eaten quota and a restarted registrar are told as what they are."""
    found = [day.incidents[i] for i in day.stories()]
    own = [i for i in found if i.facts.extension_id is None and i.alert is not AlertName.SITE_LOST]
    assert Counter(i.alert for i in own) == {
        AlertName.API_UNAVAILABLE: len(BLIND),
        AlertName.QUOTA_EXHAUSTED: 1,
        AlertName.REGISTRAR_RESTARTED: 1,
    }
    for incident in own:
        assert [status for status, _ in story_of(day, incident)] == [NEW, RESOLVED]
    rebooted = {event.phones[0] for event in day.of_kind("reboot")}
    assert not any(ExtensionId(i.facts.extension_id or 0) in rebooted for i in found)
    return {incident.id for incident in own}
