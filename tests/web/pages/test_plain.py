"""The pages that messages lead to: one incident, and what to do about it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from fakes.web import NOW, FakeDaemon, FakeOperations, incident, served
from msgspec.structs import replace

from regwatch.core.history import Happening, Kind
from regwatch.core.model import IncidentState, Timestamp

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def operations() -> FakeOperations:
    return FakeOperations()


@pytest.fixture
async def session(operations: FakeOperations) -> AsyncIterator[aiohttp.ClientSession]:
    async with served(FakeDaemon(), operations=operations) as asking:
        yield asking


async def page(session: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with session.get(path) as answer:
        return answer.status, await answer.text()


async def test_an_incident_says_what_why_who_was_told_and_what_to_do(
    session: aiohttp.ClientSession, operations: FakeOperations
) -> None:
    one = replace(incident(), summary=f"101 {HOSTILE} lost", explanation="No refresh came.")
    told = Happening(
        at=NOW,
        kind=Kind.NOTIFICATION,
        event="new",
        text="first seen",
        receiver="chat",
        incident_id=one.id,
    )
    decided = replace(told, kind=Kind.INCIDENT, event="fired", text="", because="its lease ran out")
    operations.kept, operations.happenings = [one], [told, decided]
    status, html = await page(session, f"/incidents/{one.id}")
    assert status == 200
    assert HOSTILE not in html
    for words in (
        "No refresh came.",
        "chat: first seen",
        "fired: ",
        "its lease ran out",
        "What to do",
    ):
        assert words in html
    assert f'href="../help/{one.alert.alertname}"' in html
    over = replace(one, state=IncidentState.RESOLVED, resolved_at=Timestamp(NOW + 60))
    operations.kept = [over]
    _, html = await page(session, f"/incidents/{one.id}")
    assert "What to do" not in html
    assert "Ended" in html


async def test_what_is_not_there_is_said(
    session: aiohttp.ClientSession, operations: FakeOperations
) -> None:
    assert await page(session, "/incidents/none") == (
        404,
        "No incident has this id. Those that ended are kept as long as the history is.",
    )
    assert (await page(session, "/help/Nothing"))[0] == 404
    operations.broken = "the store is away"
    assert await page(session, "/incidents/none") == (503, "the store is away")


async def test_each_alert_has_its_help_and_all_are_listed(session: aiohttp.ClientSession) -> None:
    status, html = await page(session, "/help")
    assert status == 200
    assert 'href="help/RegwatchSiteLost"' in html
    status, html = await page(session, "/help/RegwatchSiteLost")
    assert (status, "Call somebody at the place" in html) == (200, True)
