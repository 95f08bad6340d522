"""The JSON API: what it answers, what it takes, and from whom."""

import asyncio

import aiohttp
import pytest
from fakes.asking import TOKEN, WRITES, api
from fakes.web import NOW, FakeDaemon, FakeOperations, account, incident, served, watched
from msgspec.structs import replace

from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Happening, Kind
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionId,
    ExtensionState,
    IncidentId,
    IncidentState,
    Quota,
    Severity,
    Timestamp,
)
from regwatch.web.server import WebSettings

LOST = ExtensionState.LOST
SILENCE = {
    "matchers": {"site": ["riga"], "extension": ["000*1??", "999"]},
    "duration_seconds": 3600,
    "author": "anna",
    "comment": "new router",
}


# --- reading ------------------------------------------------------------


async def test_the_overview() -> None:
    at_work = account(
        watched(1), watched(2, LOST), watched(3, LOST),
        quota=Quota(1000, 990, Timestamp(NOW + 60), NOW),
        api_up=True, oldest_answer_at=Timestamp(NOW - 30),
    )  # fmt: skip
    daemon = FakeDaemon(
        [at_work, account(name="new")],
        open_incidents=[
            incident(), incident(number=102, state=IncidentState.PENDING),
            incident(AlertName.FLAPPING, severity=Severity.WARNING),
        ],
        backlog={"pager": (2, Timestamp(NOW - 90)), "chat": (0, None)},
        problem="polling stands still for acme",
    )  # fmt: skip
    async with api(daemon) as ask:
        status, found = await ask("GET", "/status")
    assert status == 200
    assert found["at"] == "2026-11-18T11:06:40Z"
    assert found["problem"] == "polling stands still for acme"
    assert found["incidents"] == {"critical": 1, "warning": 1, "info": 0}
    assert found["receivers"] == [
        {"name": "chat", "waiting": 0, "oldest_at": None},
        {"name": "pager", "waiting": 2, "oldest_at": "2026-11-18T11:05:10Z"},
    ]
    first, second = found["accounts"]
    assert first["extensions"] == {
        "unknown": 0, "registered": 1, "overdue": 0, "lost": 2, "signed_off": 0, "unregistered": 0,
        "removed": 0,
    }  # fmt: skip
    assert first["quota"] == {
        "limit": 1000, "remaining": 990, "resets_at": "2026-11-18T11:07:40Z",
    }  # fmt: skip
    assert second["quota"] is second["api_up"] is second["oldest_answer_at"] is None


async def test_extensions_are_listed_the_troubled_first_and_found_by_text_and_state() -> None:
    daemon = FakeDaemon([account(watched(1), watched(2, LOST, label="Door"), watched(3))])
    async with api(daemon) as ask:
        _, everything = await ask("GET", "/extensions")
        _, doors = await ask("GET", "/extensions?q=door")
        _, lost = await ask("GET", "/extensions?state=lost")
    assert [e["id"] for e in everything["extensions"]] == [2, 1, 3]
    assert (everything["found"], everything["page"], everything["pages"]) == (3, 1, 1)
    assert doors["extensions"] == lost["extensions"] == everything["extensions"][:1]
    assert everything["extensions"][1]["registrations"][0] == {
        "id": "uloc-1",
        "device": "Yealink SIP-T46G 28.72.14.5",
        "real_address": "sip:203.0.113.7:62338",
        "contact_address": "sip:000*002@192.168.5.52:5062",
        "lease_ends_at": "2026-11-18T11:16:40Z",
    }


@pytest.mark.parametrize("reference", ["2", "000*2", "acme/2", "acme/000*2"])
async def test_one_extension_with_its_incidents_and_its_history(reference: str) -> None:
    mine = incident(number=2, summary="102 lost its registration")
    others = replace(incident(number=2), account=AccountName("other"), id=IncidentId("x"))
    daemon = FakeDaemon(
        [account(watched(2, LOST), unexpected=frozenset({2})), account(name="other")],
        open_incidents=[mine, incident(number=3), others],
    )
    happening = Happening(
        at=NOW, kind=Kind.REGISTRATION, event="expired", account=AccountName("acme"),
        extension_id=ExtensionId(2),
    )  # fmt: skip
    operations = FakeOperations([happening])
    async with api(daemon, operations) as ask:
        status, found = await ask("GET", f"/extensions/{reference}")
    assert status == 200
    assert (found["extension"]["name"], found["extension"]["expected"]) == ("000*2", False)
    assert [i["id"] for i in found["incidents"]] == [mine.id]
    assert [h["event"] for h in found["history"]] == ["expired"]
    (sought,) = operations.sought
    assert (sought.account, sought.extension_id) == ("acme", 2)


async def test_an_extension_that_is_not_watched_or_may_be_several() -> None:
    twin = account(watched(2), name="twin")
    async with api(FakeDaemon([account(watched(2)), twin])) as ask:
        assert await ask("GET", "/extensions/7") == (404, {"error": "no watched extension is 7"})
        assert await ask("GET", "/extensions/nobody/2") == (
            404, {"error": "no watched extension is nobody/2"},
        )  # fmt: skip
        assert await ask("GET", "/extensions/2") == (
            409, {"error": "2 may be any of acme/2, twin/2"},
        )  # fmt: skip


async def test_incidents_worst_first_and_those_resolved_latest_first() -> None:
    silent = replace(incident(number=3), silenced_by="silence ab12", id=IncidentId("silent"))
    mild = incident(AlertName.FLAPPING, number=4, severity=Severity.WARNING)
    over = [incident(number=n, state=IncidentState.RESOLVED, resolved_at=NOW - n) for n in (9, 5)]
    daemon = FakeDaemon(
        [account()], open_incidents=[silent, mild, incident(number=5)], resolved=over
    )
    async with api(daemon) as ask:
        _, found = await ask("GET", "/incidents")
        _, first = await ask("GET", "/incidents?limit=1")
        _, resolved = await ask("GET", "/incidents?state=resolved")
        wrong = await ask("GET", "/incidents?state=closed")
    assert [i["extension_id"] for i in found["incidents"]] == [5, 4, 3]
    assert found["incidents"][2]["silenced_by"] == "silence ab12"
    assert (len(first["incidents"]), first["found"]) == (1, 3)
    assert [i["extension_id"] for i in resolved["incidents"]] == [5, 9]
    assert wrong == (400, {"error": "`state` is open or resolved"})


async def test_one_incident_also_of_former_times() -> None:
    kept = incident(number=5)
    async with api(operations=FakeOperations(kept=[kept])) as ask:
        _, found = await ask("GET", f"/incidents/{kept.id}")
        missing = await ask("GET", "/incidents/none")
    assert found["id"] == kept.id
    assert found["labels"]["alertname"] == "RegwatchExtensionLost"
    assert missing == (404, {"error": "no incident has the id none"})


async def test_the_history_is_asked_for_by_what_matters() -> None:
    operations = FakeOperations()
    async with api(FakeDaemon([account(watched(2))]), operations) as ask:
        await ask("GET", "/history")
        await ask("GET", "/history?extension=2&since=2026-11-18T10:00:00Z&limit=99999")
        await ask("GET", "/history?account=acme&incident=i1&until=2026-11-18T10:00:00%2B02:00")
    everything, of_extension, of_incident = operations.sought
    assert (everything.account, everything.since, everything.limit) == (None, None, 200)
    assert (of_extension.extension_id, of_extension.since) == (2, NOW - 4000)
    assert of_extension.limit == 5000
    assert (of_incident.account, of_incident.incident_id) == ("acme", "i1")
    assert of_incident.until == NOW - 4000 - 7200


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("since=yesterday", "`since` must be a time such as 2026-11-24T08:00:00Z"),
        ("until=2026-11-18T10:00:00", "the time 2026-11-18T10:00:00 has no time zone: add Z"),
        ("limit=0", "`limit` must be a number from 1"),
        ("limit=many", "`limit` must be a number from 1"),
        ("extension=9", "no watched extension is 9"),
    ],
)
async def test_what_cannot_be_asked(query: str, error: str) -> None:
    async with api() as ask:
        status, found = await ask("GET", f"/history?{query}")
    assert status in (400, 404)
    assert found["error"].startswith(error)


async def test_a_store_that_cannot_be_read_is_said() -> None:
    async with api(operations=FakeOperations(broken="the disk is full")) as ask:
        assert await ask("GET", "/history") == (503, {"error": "the disk is full"})


async def test_without_operations_there_is_no_api() -> None:
    async with served(FakeDaemon()) as session, session.get("/api/v1/status") as answer:
        assert answer.status == 404


async def test_silences_that_are_over_are_listed_when_asked_for() -> None:
    over = Silence(
        id="old", matchers=Matchers(), starts_at=Timestamp(0.0), ends_at=Timestamp(1.0),
        author="a", comment="", created_at=Timestamp(0.0),
    )  # fmt: skip
    coming = replace(over, id="new", starts_at=Timestamp(NOW + 5), ends_at=Timestamp(NOW + 9))
    async with api(operations=FakeOperations(set_silences=[over, coming])) as ask:
        _, found = await ask("GET", "/silences")
        _, everything = await ask("GET", "/silences?all=true")
    assert [(s["id"], s["state"]) for s in found["silences"]] == [("new", "pending")]
    assert [s["id"] for s in everything["silences"]] == ["new", "old"]


async def said_to(session: aiohttp.ClientSession, asked: bytes, *headers: bytes) -> bytes:
    """The status, for a request that no client would send."""
    url = session._base_url
    assert url is not None
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = (asked + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *headers)
    writer.write(b"\r\n".join(head) + b"\r\n\r\n")
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line.split()[1]


async def test_a_token_that_is_no_text_is_none() -> None:
    settings = WebSettings(api_token=TOKEN)
    header = b"Authorization: Bearer \xff"
    async with served(FakeDaemon(), settings=settings, operations=FakeOperations()) as session:
        assert await said_to(session, b"GET /api/v1/status", header) == b"401"


@pytest.mark.parametrize(
    "word",
    [b"%1B%5B2J", b"%E2%80%AE", b"%ED%A0%80", b"\xd0\x90", b"%00", b"*a" * 2000, b"9" * 4000],
    ids=["an escape", "a turn", "a half", "raw", "nothing", "a pattern without end", "a number"],
)
@pytest.mark.parametrize(
    "path",
    ["extensions/", "incidents/", "extensions?q=", "history?since=", "history?extension=",
     "history?incident=", "incidents?limit=", "incidents?state="],
)  # fmt: skip
async def test_whatever_is_asked_it_is_answered(path: str, word: bytes) -> None:
    async with served(FakeDaemon(), operations=FakeOperations()) as session:
        status = await said_to(session, f"GET /api/v1/{path}".encode() + word)
    assert status in (b"200", b"400", b"404")


async def test_what_is_asked_for_is_quoted_without_what_acts_on_a_terminal() -> None:
    async with api() as ask:
        found = await ask("GET", "/extensions/1%1B[2J%E2%80%AE2")
    assert found == (404, {"error": "no watched extension is 1 [2J2"})


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
async def test_a_time_that_no_calendar_shows_is_refused(at: str) -> None:
    async with api() as ask:
        change = {"duration_seconds": None, "ends_at": at}
        status, body = await ask("POST", "/silences", SILENCE | change, **WRITES)
    assert (status, "out of reach" in body["error"]) == (400, True)
