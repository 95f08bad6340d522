"""The JSON API: what it answers, what it takes, and from whom."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import jsonschema
import pytest
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
from regwatch.web.auth import Gate
from regwatch.web.server import WebSettings

TOKEN = "t0ken-of-the-api"
WRITES = {"Authorization": f"Bearer {TOKEN}"}
LOST = ExtensionState.LOST
SILENCE = {
    "matchers": {"site": ["riga"], "extension": ["000*1??", "999"]},
    "duration_seconds": 3600,
    "author": "anna",
    "comment": "new router",
}


class Asking:
    """Asks the API, and checks each answer against its own description."""

    def __init__(self, session: aiohttp.ClientSession, openapi: dict[str, Any]) -> None:
        self._session = session
        self._openapi = openapi

    async def __call__(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Any]:
        sent = {"Content-Type": "application/json", **headers}
        content = None if body is None else json.dumps(body)
        async with self._session.request(
            method, f"/api/v1{path}", data=content, headers=sent
        ) as answer:
            assert answer.content_type == "application/json"
            found = await answer.json()
            self._check(method, path, answer.status, found)
            return answer.status, found

    def _check(self, method: str, path: str, status: int, body: object) -> None:
        operation = self._operation(path.partition("?")[0])[method.lower()]
        responses = operation["responses"]
        response = responses.get(str(status)) or responses["default"]
        schema = response["content"]["application/json"]["schema"]
        jsonschema.validate(body, {**schema, "components": self._openapi["components"]})
        assert (status < 400) == (str(status) in responses)

    def _operation(self, path: str) -> dict[str, Any]:
        for template, operations in self._openapi["paths"].items():
            wanted = template.removeprefix("/api/v1").split("/")
            is_greedy = template.endswith("{reference}")
            given = path.split("/", len(wanted) - 1 if is_greedy else -1)
            pairs = zip(wanted, given, strict=False)
            if len(wanted) == len(given) and all(a == b or a[:1] == "{" for a, b in pairs):
                return operations
        raise AssertionError(path)


@asynccontextmanager
async def api(
    daemon: FakeDaemon | None = None,
    operations: FakeOperations | None = None,
    *,
    token: str = TOKEN,
    gate: Gate | None = None,
) -> AsyncIterator[Asking]:
    operations = FakeOperations() if operations is None else operations
    settings = WebSettings(api_token=token)
    daemon = FakeDaemon([account()]) if daemon is None else daemon
    async with served(daemon, settings=settings, gate=gate, operations=operations) as session:
        auth = {} if gate is None else {"Authorization": f"Bearer {token}"}
        async with session.get("/api/v1/openapi.json", headers=auth) as answer:
            yield Asking(session, await answer.json())


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


# --- writing ------------------------------------------------------------


async def test_a_silence_is_set_listed_and_ended() -> None:
    operations = FakeOperations()
    async with api(operations=operations) as ask:
        status, made = await ask("POST", "/silences", SILENCE, **WRITES)
        assert status == 201
        assert made == {
            "id": "s0",
            "state": "active",
            "matchers": {"extension": ["000*1??", "999"], "site": ["riga"]},
            "starts_at": "2026-11-18T11:06:40Z",
            "ends_at": "2026-11-18T12:06:40Z",
            "author": "anna",
            "comment": "new router",
            "created_at": "2026-11-18T11:06:40Z",
        }
        assert (await ask("GET", "/silences"))[1] == {"silences": [made]}
        status, ended = await ask("DELETE", "/silences/s0?author=bob", **WRITES)
        assert (status, ended["state"], ended["ends_at"]) == (200, "expired", made["starts_at"])
        assert (await ask("DELETE", "/silences/s9?author=bob", **WRITES))[0] == 404


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


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"matchers": {}}, "Expected `object` of length >= 1"),
        ({"matchers": {"site": []}}, "Expected `array` of length >= 1"),
        ({"comment": ""}, "Expected `str` of length >= 1"),
        ({"comment": None}, "Expected `str`"),
        ({"duration_seconds": None}, "a silence needs an end"),
        ({"ends_at": "2027-01-01T00:00:00Z"}, "a silence needs an end: `duration_seconds` or"),
        ({"duration_seconds": -5}, "Expected `float` > 0"),
        ({"duration_seconds": None, "ends_at": "2026-01-01T00:00:00Z"}, "the silence would be"),
        ({"duration_seconds": None, "ends_at": "2027-01-01T00:00:00"}, "the time 2027-01-01T"),
        ({"starts_at": "2026-01-01T00:00:00Z"}, "the silence would be over before it begins"),
        ({"duration_seconds": None, "ends_at": "9999-12-31T23:59:59Z"}, "a silence ends within"),
        ({"starts_at": "9999-01-01T00:00:00Z"}, "a silence ends within a year"),
        ({"author": None}, "say who you are: `author`"),
        ({"authors": "anna"}, "Object contains unknown field `authors`"),
    ],
)
async def test_what_is_no_silence(change: dict[str, object], error: str) -> None:
    async with api() as ask:
        status, found = await ask("POST", "/silences", {**SILENCE, **change}, **WRITES)
    assert status == 400
    assert found["error"].startswith(error)


async def test_a_silence_that_can_never_match_is_a_bad_request() -> None:
    operations = FakeOperations(unmatched="no `site` matches `rga` (did you mean `riga`?)")
    async with api(operations=operations) as ask:
        found = await ask("POST", "/silences", SILENCE, **WRITES)
    assert found == (400, {"error": operations.unmatched})


async def test_an_incident_is_taken_on() -> None:
    operations = FakeOperations(kept=[incident(number=5)])
    path = f"/incidents/{operations.kept[0].id}/acknowledge"
    async with api(operations=operations) as ask:
        status, _ = await ask("POST", path, {"author": "anna", "comment": "hm"}, **WRITES)
        assert status == 200
        assert operations.acknowledged == [(operations.kept[0].id, "anna", "hm")]
        gone = await ask("POST", "/incidents/none/acknowledge", {"author": "anna"}, **WRITES)
    assert gone == (404, {"error": "no open incident has the id none"})


async def test_what_people_write_is_one_line_of_text() -> None:
    operations = FakeOperations(kept=[incident(number=5)])
    path = f"/incidents/{operations.kept[0].id}/acknowledge"
    async with api(operations=operations) as ask:
        said = {"author": "an\x1b[31mna", "comment": "on\nmy\x00way"}
        assert (await ask("POST", path, said, **WRITES))[0] == 200
        _, silence = await ask("POST", "/silences", {**SILENCE, "comment": "a\r\nb"}, **WRITES)
        assert (await ask("DELETE", "/silences/s0?author=b%00ob", **WRITES))[0] == 200
    assert operations.acknowledged == [(operations.kept[0].id, "an [31mna", "on my way")]
    assert silence["comment"] == "a b"


async def test_a_deletion_is_announced() -> None:
    operations = FakeOperations()
    async with api(operations=operations) as ask:
        body = {"account": "acme", "registration_ids": ["uloc-1"]}
        said = {**body, "withdrawn": False}
        assert await ask("POST", "/deletions", body, **WRITES) == (200, said)
        assert (await ask("POST", "/deletions", {**body, "withdrawn": True}, **WRITES))[0] == 200
        status, _ = await ask("POST", "/deletions", {**body, "account": "x"}, **WRITES)
    assert status == 404
    announced, withdrawn, _ = operations.deletions
    assert announced == ("acme", ["uloc-1"], False)
    assert withdrawn == ("acme", ["uloc-1"], True)


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({}, 403, "writing needs the daemon's socket"),
        ({"Authorization": "Bearer wrong"}, 401, "the token is not valid"),
        ({"Authorization": "Bearer "}, 401, "the token is not valid"),
        ({"Authorization": "Basic YTpi"}, 403, "writing needs"),
        ({**WRITES, "Sec-Fetch-Site": "cross-site"}, 403, "asked for by another site's page"),
        ({**WRITES, "Content-Type": "text/plain"}, 415, "the body must be application/json"),
    ],
)
async def test_who_may_not_write(headers: dict[str, str], status: int, error: str) -> None:
    operations = FakeOperations()
    async with api(operations=operations) as ask:
        found, body = await ask("POST", "/silences", SILENCE, **headers)
    assert found == status
    assert body["error"].startswith(error)
    assert not operations.set_silences


async def test_without_a_token_nobody_may_write() -> None:
    operations = FakeOperations()
    async with api(operations=operations, token="") as ask:
        for authorization in ("Bearer ", "Bearer x"):
            status, _ = await ask("POST", "/silences", SILENCE, Authorization=authorization)
            assert status == 401
    assert not operations.set_silences


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 400), (b"\xff", 400), (b"[]", 400), (b"x" * 70_000, 413), (b"", 400)],
    ids=["cut", "not UTF-8", "a list", "too large", "nothing"],
)
async def test_bodies_that_are_none(content: bytes, status: int) -> None:
    headers = {**WRITES, "Content-Type": "application/json"}
    settings = WebSettings(api_token=TOKEN)
    async with (
        served(FakeDaemon(), settings=settings, operations=FakeOperations()) as session,
        session.post("/api/v1/silences", data=content, headers=headers) as answer,
    ):
        assert answer.status == status
        assert "error" in await answer.json()


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
