"""What is changed through the API: by whom, and what is said of it."""

import pytest
from fakes.asking import TOKEN, WRITES, api
from fakes.web import FakeDaemon, FakeOperations, account, incident, served, watched

from regwatch.core.model import (
    ExtensionState,
)
from regwatch.web.server import WebSettings

LOST = ExtensionState.LOST

SILENCE = {
    "matchers": {"site": ["riga"], "extension": ["000*1??", "999"]},
    "duration_seconds": 3600,
    "author": "anna",
    "comment": "new router",
}


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


async def test_registrations_are_deleted_at_the_pbx_for_whoever_may_write() -> None:
    operations = FakeOperations()
    daemon = FakeDaemon([account(watched(1))])
    async with api(daemon, operations) as ask:
        everything = "/extensions/1/registrations?author=anna"
        status, done = await ask("DELETE", everything, **WRITES)
        one = "/extensions/1/registrations/uloc-1?author=anna"
        assert (await ask("DELETE", one, **WRITES))[0] == 200
        assert (await ask("DELETE", one.replace("uloc-1", "unknown"), **WRITES))[0] == 404
        assert (await ask("DELETE", everything))[0] == 403
        operations.broken = "the PBX did not answer"
        refused = await ask("DELETE", everything, **WRITES)
    assert (status, len(done["before"]), done["after"]) == (200, 1, [])
    assert operations.unregistered == [("acme", 1, None, "anna"), ("acme", 1, "uloc-1", "anna")]
    assert refused == (503, {"error": "the PBX did not answer"})


async def test_a_receiver_is_tried_for_whoever_may_write() -> None:
    async with api() as ask:
        answered = await ask("POST", "/receivers/chat/test", {"author": "anna"}, **WRITES)
        unknown = await ask("POST", "/receivers/chaat/test", {"author": "anna"}, **WRITES)
        assert (await ask("POST", "/receivers/chat/test", {"author": "anna"}))[0] == 403
    said = {"receiver": "chat", "kind": "slack", "taken": False, "retried": True}
    assert answered == (200, {**said, "problem": "it is gone"})
    assert unknown == (404, {"error": "no receiver is named chaat; there are: chat"})


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
