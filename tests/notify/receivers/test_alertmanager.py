"""Alertmanager: the API's rules in a fake, and the real program."""

import json
import time
from contextlib import asynccontextmanager
from datetime import UTC

import aiohttp
import pytest
from aiohttp import web
from fakes.holdings import holdings
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    STILL,
    all_new,
    lost,
    notification,
    overdue,
    phones_lost,
    resolved,
)
from fakes.receivers import Canned, FakeService, moment, serving, strings
from fakes.servers import active_alerts, alertmanager
from msgspec.structs import replace

from regwatch.clock import wall_clock
from regwatch.core.alerts.incidents import AlertPolicy
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.place_conditions import site_lost
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.model import AccountName, AlertName, Incident, Severity, Timestamp
from regwatch.core.phones.outages import Evidence
from regwatch.notify.errors import ReceiverRefusedError, ReceiverUnavailableError
from regwatch.notify.receivers.alertmanager import AlertmanagerReceiver, AlertmanagerSettings, alert
from regwatch.notify.words.alert_shape import Around, common, labels


class FakeAlertmanager(FakeService):
    """`POST /api/v2/alerts`."""

    path = "/prefix/api/v2/alerts"

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        for posted in json.loads(body):
            strings(posted["labels"])
            strings(posted.get("annotations", {}))
            if not all(posted["labels"].values()) or moment(posted["endsAt"]) < moment(
                posted["startsAt"]
            ):
                return web.json_response("start time must be before end time", status=400)
        self.taken.append(json.loads(body))
        return web.Response(status=200)

    @property
    def base(self) -> str:
        return self.url.removesuffix("/api/v2/alerts")


def clock():
    return NOW


@asynccontextmanager
async def receiver_for(*urls: str, at=clock):
    async with aiohttp.ClientSession() as session:
        settings = AlertmanagerSettings(
            urls=urls, external_url="https://regwatch.example", instance="pbx-watch-1"
        )
        yield AlertmanagerReceiver("am", settings, session, clock=at)


async def test_a_firing_alert_lives_five_minutes_from_now_however_old_the_message():
    async with serving(FakeAlertmanager()) as fake, receiver_for(fake.base + "/") as receiver:
        await receiver.deliver(all_new([lost()], created_at=Timestamp(NOW - 7200)))
    ((posted,),) = fake.taken
    assert posted["startsAt"] == "2026-11-23T03:12:00.000Z"
    assert posted["endsAt"] == "2026-11-23T03:19:05.000Z"
    assert posted["generatorURL"].startswith("https://regwatch.example/incidents/")
    assert posted["labels"]["alertname"] == "RegwatchExtensionLost"


async def test_an_escalation_ends_the_old_alert():
    async with serving(FakeAlertmanager()) as fake, receiver_for(fake.base) as receiver:
        await receiver.deliver(all_new([overdue()]))
        worse = replace(lost(), escalated_from=AlertName.REFRESH_OVERDUE)
        await receiver.deliver(notification((STILL, worse), number=2))
        await receiver.repost([worse, resolved(lost(2))], alive=False)
        await receiver.deliver(notification((RESOLVED, resolved(worse)), number=3))
    _, escalation, again, over = fake.taken
    assert [one["labels"]["alertname"] for one in escalation] == [
        "RegwatchRefreshOverdue",
        "RegwatchExtensionLost",
    ]
    assert escalation[0]["labels"]["severity"] == "warning"
    assert escalation[0]["endsAt"] == "2026-11-23T03:14:05.000Z"
    assert len(again) == len(over) == 1
    assert over[0]["endsAt"] == "2026-11-23T03:14:04.000Z"


async def test_many_are_posted_in_chunks():
    async with serving(FakeAlertmanager()) as fake, receiver_for(fake.base) as receiver:
        await receiver.deliver(phones_lost(1001))
    assert [len(chunk) for chunk in fake.taken] == [500, 500, 1]


async def test_nothing_to_repost_posts_nothing():
    async with receiver_for("http://127.0.0.1:1") as receiver:
        await receiver.repost([], alive=False)


async def test_what_can_end_no_more_is_not_remembered_for_ever():
    async with serving(FakeAlertmanager()) as fake, receiver_for(fake.base) as receiver:
        for number in range(4):
            phones = [lost(1000 * number + each) for each in range(400)]
            await receiver.deliver(all_new(phones, number=number))
        await receiver.repost(phones[:3], alive=False)
    assert holdings(receiver)["._known_as"] == 3


async def test_while_regwatch_does_its_work_a_watchdog_fires():
    async with serving(FakeAlertmanager()) as fake, receiver_for(fake.base) as receiver:
        await receiver.repost([lost()], alive=True)
        await receiver.repost([], alive=False)
    _, (watchdog,) = fake.taken
    assert watchdog["labels"] == {
        "alertname": "RegwatchWatchdog",
        "severity": "none",
        "instance": "pbx-watch-1",
    }
    assert (watchdog["startsAt"], watchdog["endsAt"]) == (
        "2026-11-23T03:14:05.000Z",
        "2026-11-23T03:19:05.000Z",
    )


@pytest.mark.needs_debian
async def test_a_real_alertmanager_takes_the_watchdog(tmp_path):
    async with alertmanager(tmp_path) as url, receiver_for(url, at=wall_clock) as receiver:
        await receiver.repost([], alive=True)
        await receiver.repost([], alive=True)
        alerts = await active_alerts(url)
    assert [alert["alertname"] for alert in alerts] == ["RegwatchWatchdog"]


async def test_one_member_of_a_cluster_is_enough_and_each_is_asked():
    async with (
        serving(FakeAlertmanager()) as one,
        serving(FakeAlertmanager()) as other,
        receiver_for("http://127.0.0.1:1", one.base, other.base) as receiver,
    ):
        await receiver.deliver(all_new([lost()]))
    assert len(one.taken) == len(other.taken) == 1


async def test_if_none_takes_it_one_that_may_later_decides():
    async with serving(FakeAlertmanager()) as fake:
        fake.script += [Canned(400, "no"), Canned(400, "no")]
        async with receiver_for(fake.base) as receiver:
            with pytest.raises(ReceiverRefusedError):
                await receiver.deliver(all_new([lost()]))
        async with receiver_for(fake.base, "http://127.0.0.1:1") as receiver:
            with pytest.raises(ReceiverUnavailableError):
                await receiver.deliver(all_new([lost()]))


def test_an_end_is_never_before_the_start():
    ahead = replace(resolved(lost()), started_at=Timestamp(NOW + 60))
    posted = alert(ahead, Around("", UTC, NOW))
    assert posted["endsAt"] == posted["startsAt"]


def test_labels_fit_alertmanager():
    odd = replace(lost(label=""), site_labels={"1st-team": "ops", "empty": ""})
    assert labels(odd)["_1st_team"] == "ops"
    assert "empty" not in labels(odd)
    assert common([]) == {}


async def active(url: str) -> dict[str, str]:
    """The active alerts: name to severity."""
    return {labels["alertname"]: labels["severity"] for labels in await active_alerts(url)}


@pytest.mark.needs_debian
async def test_the_real_alertmanager_fires_escalates_and_resolves(tmp_path):
    begun = Timestamp(time.time() - 60)
    early = replace(overdue(), started_at=begun)
    late = replace(lost(), started_at=begun, escalated_from=AlertName.REFRESH_OVERDUE)
    async with (
        alertmanager(tmp_path) as url,
        receiver_for(url, at=wall_clock) as receiver,
    ):
        await receiver.deliver(notification((NEW, early)))
        assert await active(url) == {"RegwatchRefreshOverdue": "warning"}
        await receiver.deliver(notification((NEW, late), number=2))
        assert await active(url) == {"RegwatchExtensionLost": "critical"}
        await receiver.repost([late], alive=False)
        assert await active(url) == {"RegwatchExtensionLost": "critical"}
        over = replace(resolved(late), started_at=begun, resolved_at=Timestamp(time.time() - 1))
        await receiver.deliver(notification((RESOLVED, over), number=3))
        assert await active(url) == {}


def place_lost(address: str, begun: Timestamp) -> Incident:
    found = Evidence(began_at=begun, latest_at=begun, members=20, heard=0, not_due=0)
    acme = AccountName("acme")
    condition = site_lost(acme, address, found, site="", cause="the line", detected=begun)
    incidents = OpenIncidents(
        condition.facts.account,
        AlertRules(Rules({AlertName.SITE_LOST: AlertPolicy(Severity.CRITICAL)})),
    )
    step = incidents.apply(condition.subject, condition, now=begun)
    assert step.incident is not None
    return step.incident


@pytest.mark.needs_debian
async def test_to_a_real_alertmanager_two_places_are_two_and_one_end_leaves_the_other(tmp_path):
    begun = Timestamp(time.time() - 60)
    one, other = (place_lost(address, begun) for address in ("203.0.113.2", "203.0.113.3"))
    async with alertmanager(tmp_path) as url, receiver_for(url, at=wall_clock) as receiver:
        await receiver.deliver(notification((NEW, one), (NEW, other)))
        assert await places(url) == ["203.0.113.2", "203.0.113.3"]
        over = replace(resolved(one), resolved_at=Timestamp(time.time() - 1))
        await receiver.deliver(notification((RESOLVED, over), number=2))
        assert await places(url) == ["203.0.113.3"]


async def places(url: str) -> list[str | None]:
    return sorted(labels.get("place", "") for labels in await active_alerts(url))
