"""PagerDuty events, against an Events API that validates them."""

from datetime import UTC

import aiohttp
import pytest
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    STILL,
    all_new,
    api_unavailable,
    escalated,
    hostile,
    lost,
    notification,
    overdue,
    phones_lost,
    resolved,
)
from fakes.receivers import FakePagerDuty, serving
from msgspec.structs import replace

from regwatch.core.dispatch.mentions import from_stored, stored_form
from regwatch.notify.errors import ReceiverRefusedError, ReceiverUnavailableError
from regwatch.notify.receivers.pagerduty import PagerDutyReceiver, PagerDutySettings, event
from regwatch.notify.words.alert_shape import Around

ROUTING_KEY = "0123456789abcdef0123456789abcdef"


def clock():
    return NOW


async def run(service: FakePagerDuty, *notes, key: str = ROUTING_KEY) -> None:
    async with aiohttp.ClientSession() as session:
        settings = PagerDutySettings(
            routing_key=key, url=service.url, external_url="https://regwatch.example"
        )
        receiver = PagerDutyReceiver("pager", settings, session, clock=clock)
        for note in notes:
            await receiver.deliver(note)


async def test_an_incident_is_opened_escalated_and_closed_under_one_key():
    async with serving(FakePagerDuty(routing_key=ROUTING_KEY)) as service:
        await run(service, all_new([overdue()]))
        assert service.open[overdue().id]["severity"] == "warning"
        await run(service, all_new([escalated()], number=2))
        assert service.open[overdue().id]["severity"] == "critical"
        assert len(service.open) == 1
        await run(service, notification((RESOLVED, resolved(lost())), number=3))
        assert not service.open
    assert [taken["event_action"] for taken in service.taken] == ["trigger", "trigger", "resolve"]


async def test_what_is_known_already_goes_last():
    note = notification(
        (NEW, lost(1)), (STILL, lost(2)), (RESOLVED, resolved(lost(3))), (NEW, api_unavailable())
    )
    async with serving(FakePagerDuty(routing_key=ROUTING_KEY)) as service:
        await run(service, note)
    keys = [taken["dedup_key"] for taken in service.taken]
    assert keys == [lost(1).id, api_unavailable().id, lost(3).id, lost(2).id]


async def test_what_is_known_by_its_id_alone_can_still_be_closed():
    whole = notification(
        (RESOLVED, resolved(lost(1))), (RESOLVED, resolved(lost(2))), (NEW, lost(3)), (NEW, lost(4))
    )
    short = from_stored(stored_form(whole, most=1))
    async with serving(FakePagerDuty(routing_key=ROUTING_KEY)) as service:
        await run(service, all_new([lost(1), lost(2)]), replace(short, id="n-2"))
    events = [(taken["event_action"], taken["dedup_key"]) for taken in service.taken]
    closed = [("resolve", lost(1).id), ("resolve", lost(2).id)]
    assert events[2:] == [("trigger", lost(3).id), *closed]
    assert set(service.open) == {lost(3).id}


async def test_500_events_pass_a_service_that_takes_100_at_a_time():
    async with (
        serving(FakePagerDuty(routing_key=ROUTING_KEY)) as service,
        aiohttp.ClientSession() as session,
    ):
        settings = PagerDutySettings(routing_key=ROUTING_KEY, url=service.url)
        receiver = PagerDutyReceiver("pager", settings, session, clock=clock)
        for _ in range(4):
            service.budget = 100
            with pytest.raises(ReceiverUnavailableError):
                await receiver.deliver(phones_lost(500))
        service.budget = 100
        await receiver.deliver(phones_lost(500))
    assert len(service.open) == 500
    assert len(service.taken) == 500


async def test_one_refused_event_does_not_hold_up_the_others():
    bad = replace(lost(1), id="x" * 256)
    async with serving(FakePagerDuty(routing_key=ROUTING_KEY)) as service:
        with pytest.raises(ReceiverRefusedError, match="Length of 'dedup_key' is incorrect"):
            await run(service, all_new([bad, lost(2)]))
    assert list(service.open) == [lost(2).id]


async def test_a_wrong_routing_key_is_refused_and_not_shown():
    async with serving(FakePagerDuty(routing_key=ROUTING_KEY)) as service:
        with pytest.raises(ReceiverRefusedError, match=r"Invalid routing key \*\*\*") as caught:
            await run(service, all_new([lost()]), key="f" * 32)
    assert "f" * 32 not in str(caught.value)
    assert "f" * 32 not in repr(PagerDutySettings(routing_key="f" * 32))


async def test_the_longest_words_stay_within_the_limits():
    huge = "ü" * 600_000
    facts = replace(lost().facts, device=huge, label=huge, site=huge, extension=huge)
    incident = replace(lost(), summary=huge, explanation=huge, facts=facts)
    async with serving(FakePagerDuty(routing_key=ROUTING_KEY)) as service:
        await run(service, all_new([incident]))
    assert service.taken[0]["payload"]["summary"].endswith("…")


def test_an_event_says_what_where_and_since_when():
    told = event(lost(), Around("https://regwatch.example/", UTC, NOW), routing_key=ROUTING_KEY)
    assert told["links"][0]["href"] == f"https://regwatch.example/incidents/{lost().id}"
    assert told["links"][1]["href"] == "https://regwatch.example/help/RegwatchExtensionLost"
    payload = told["payload"]
    assert payload["summary"] == "CRITICAL 101 lost at riga (Reception) since 03:12 UTC"
    assert payload["source"] == "acme/000*101"
    assert payload["timestamp"] == "2026-11-23T03:12:00.000Z"
    assert (payload["component"], payload["group"]) == ("101 (Reception)", "riga")
    assert payload["class"] == "extension_lost"
    assert payload["custom_details"]["real_address"] == "sip:203.0.113.7:62338"
    assert "links" not in event(lost(), Around("", UTC, NOW), routing_key=ROUTING_KEY)
    marked = event(lost(), Around("", UTC, NOW), routing_key=ROUTING_KEY, possibly_repeated=True)
    assert marked["payload"]["custom_details"]["possibly_repeated"] is True


def test_what_nobody_acknowledged_says_so():
    around = Around("", UTC, NOW)
    said = event(lost(), around, routing_key=ROUTING_KEY, unacknowledged_for=900.0)["payload"]
    assert said["summary"].endswith(" since 03:12 UTC (not acknowledged for 15 min)")
    assert said["custom_details"]["unacknowledged_seconds"] == 900.0


async def test_the_worst_labels_fit_into_events():
    async with serving(FakePagerDuty(routing_key=ROUTING_KEY)) as pager:
        await run(pager, all_new(hostile(n) for n in range(5)))
    assert len(pager.open) == 5
