"""The simulated PBX over HTTP: its calls, its faults on the wire, its control."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from fakes.simulated import LIST, LOG, LOGIN, At, pbx
from fakes.values import START

from regwatch.simulator import FaultError

# --- the calls --------------------------------------------------------------------------------


async def test_many_come_in_the_order_asked_for_and_one_as_an_object() -> None:
    async with pbx() as at:
        several = (await at.many(*at.ids[2::-1])).json
        single = (await at.many(at.ids[0])).json
        one = (await at.get(f"/api/ver1.0/extension/{at.ids[0]}/registration/")).json
    assert [info["extension_id"] for info in several] == at.ids[2::-1]
    assert single == one
    assert one["registered"] is True
    (entry,) = one["registrations"]
    assert entry.keys() == {
        "device",
        "real_address",
        "contact_address",
        "expires",
        "registration_id",
    }
    assert 0 < entry["expires"] <= 600


async def test_what_is_not_registered_lists_its_last_ended_entries() -> None:
    now = [START]
    async with pbx(clock=lambda: now[0]) as at:
        at.control.act(at.ids[0], "die")
        now[0] += 700
        info = (await at.many(at.ids[0])).json
    assert info["registered"] is False
    assert info["registrations"][0]["expires"] < 0


async def test_deleting_all_and_one_and_what_is_gone() -> None:
    async with pbx() as at:
        ruid = at.control.world.registrar.phones[at.ids[1]].bindings[0].ruid
        everything = f"/api/ver1.0/extension/{at.ids[0]}/registration/"
        one = f"/api/ver1.0/extension/{at.ids[1]}/registration/{ruid}"
        statuses = [(await at.call("DELETE", path)).status for path in (everything, one, one)]
    assert statuses == [204, 204, 404]


async def test_the_list_comes_in_pages_and_by_type() -> None:
    async with pbx(extensions=25) as at:
        pages = [
            (await at.get(LIST, type="phone", status="active", per_page=10, page=page)).json
            for page in (1, 2, 3, 4)
        ]
        none = (await at.get(LIST, type="fax")).json
        groups = (await at.get("/api/ver1.0/client/@me/extension_group/")).json
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert pages[0][0]["name"] == "000*100"
    assert {each["extension_group_id"] for each in pages[0]} <= {group["id"] for group in groups}
    assert none == []


async def test_who_am_i() -> None:
    async with pbx() as at:
        assert (await at.get("/api/ver1.0/user/")).json["client_id"] == "demo"


async def test_the_history_tells_edges_by_short_number() -> None:
    now = [START]
    async with pbx(clock=lambda: now[0]) as at:
        for action in ("unregister", "revive", "reboot", "die"):
            now[0] += 10
            at.control.act(at.ids[0], action)
        entries = (await at.get(LOG, order="desc")).json
        now[0] += 1200
        later = (await at.get(LOG)).json
        at.control.set_faults({"reg_status_log_off": True})
        off = await at.get(LOG)
    assert [entry["status"] for entry in entries] == ["on", "off"]
    assert [entry["status"] for entry in later] == ["off", "on", "off"]
    assert {entry["short_ext_name"] for entry in later} == {"100"}
    assert off.status == 403


async def test_the_history_of_a_restart_and_in_a_span_of_time() -> None:
    now = [START]
    async with pbx(clock=lambda: now[0], extensions=5) as at:
        now[0] += 10
        at.control.restart_registrar()
        now[0] += 700
        everything = (await at.get(LOG)).json
        ends = datetime.fromtimestamp(START + 10, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
        begins = datetime.fromtimestamp(START + 11, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
        early = (await at.get(LOG, end_datetime=ends)).json
        late = (await at.get(LOG, start_datetime=begins)).json
        bad = await at.get(LOG, start_datetime="yesterday")
    assert [entry["status"] for entry in everything] == ["off"] * 5 + ["on"] * 5
    assert early == everything[:5]
    assert {entry["date_gmt"] for entry in early} == {ends}
    assert {entry["status"] for entry in late} == {"on"}
    assert bad.status == 400


async def test_no_ids_at_all_is_a_mistake() -> None:
    async with pbx() as at:
        assert (await at.many()).status == 400


@pytest.mark.parametrize(
    "form",
    [LOGIN | {"client_secret": "wrong"}, LOGIN | {"grant_type": "password"}, LOGIN | {"scope": ""}],
)
async def test_a_token_is_not_for_everyone(form: dict[str, str]) -> None:
    async with pbx() as at, at.session.post(at.url + "/oauth/token", data=form) as response:
        assert response.status == 400
        assert (await response.json())["error"].startswith("invalid_")


async def test_tokens_end_and_are_revoked() -> None:
    now = [START]
    async with pbx(clock=lambda: now[0]) as at:
        now[0] += 3599
        assert (await at.many(at.ids[0])).status == 200
        now[0] += 1
        assert (await at.many(at.ids[0])).status == 401
    async with pbx() as at:
        at.control.revoke_tokens()
        assert (await at.many(at.ids[0])).status == 401


async def test_the_quota_is_counted_by_the_clock_hour_and_shared() -> None:
    hour = START - START % 3600
    now = [hour + 3000]
    async with pbx(clock=lambda: now[0], quota=5, used_by_others=2) as at:
        answers = [await at.many(at.ids[0]) for _ in range(4)]
        now[0] = hour + 3600
        fresh = await at.many(at.ids[0])
    left = [answer.headers["X-RateLimit-Remaining"] for answer in answers]
    assert left == ["2", "1", "0", "0"]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["X-RateLimit-Reset"] == "600"
    assert answers[3].json["status"] == "rate_limit_exceeded"
    assert (fresh.status, fresh.headers["X-RateLimit-Remaining"]) == (200, "2")


async def test_virtual_time_passes_faster() -> None:
    now = [START]
    async with pbx(clock=lambda: now[0], speed=60.0) as at:
        at.control.act(at.ids[0], "die")
        now[0] += 11
        assert (await at.many(at.ids[0])).json["registered"] is False
        assert at.control.overview()["now"] == START + 660


# --- faults on the wire -----------------------------------------------------------------------


async def test_answers_in_every_form_of_expires() -> None:
    async with pbx() as at:
        forms = {}
        words = ("float", "string", "epoch", "epoch_ms", "datetime", "iso", "garbage")
        for word in words:
            at.control.set_faults({"expires_format": word})
            forms[word] = (await at.many(at.ids[0])).json["registrations"][0]["expires"]
    left = forms["float"]
    assert isinstance(left, float)
    assert forms["string"] == str(int(left))
    assert forms["epoch"] == int(START + left)
    assert forms["epoch_ms"] == int((START + left) * 1000)
    ends = datetime.fromtimestamp(START + left, tz=UTC)
    assert forms["datetime"] == ends.strftime("%Y-%m-%d %H:%M:%S")
    assert forms["iso"] == ends.isoformat()
    assert forms["garbage"] == "soon"


@pytest.mark.parametrize(
    ("form", "is_so"),
    [
        ("null", lambda entry: entry["device"] is None),
        ("missing", lambda entry: "device" not in entry),
        ("object", lambda entry: entry["device"]["name"]),
        ("n/a", lambda entry: entry["device"] == "n/a"),
    ],
)
async def test_devices_in_every_form(form: str, is_so: Callable[[Any], object]) -> None:
    async with pbx() as at:
        at.control.set_faults({"device_format": form})
        assert is_so((await at.many(at.ids[0])).json["registrations"][0])


@pytest.mark.parametrize(
    ("value", "status", "count"),
    [("omit", 200, 1), ("default", 200, 2), ("404", 404, None), ("403", 403, None)],
)
async def test_an_unknown_id_in_every_way(value: str, status: int, count: int | None) -> None:
    async with pbx() as at:
        at.control.set_faults({"unknown_id": value, "single_as": "array"})
        answer = await at.many(at.ids[0], 999_999)
    assert answer.status == status
    assert count is None or len(answer.json) == count


async def test_entries_doubled_uncalled_for_and_left_out() -> None:
    async with pbx() as at:
        asked = at.ids[:4]
        at.control.set_faults({"duplicates": True})
        assert len((await at.many(*asked)).json) == 8
        at.control.clear_faults()
        at.control.set_faults({"extra_ids": True})
        assert {info["extension_id"] for info in (await at.many(*asked)).json} > set(asked)
        at.control.clear_faults()
        at.control.set_faults({"drop_ids": 1.0})
        assert (await at.many(*asked)).json == []


async def test_answers_that_contradict_themselves() -> None:
    async with pbx() as at:
        at.control.set_faults({"registered_without_entries": True})
        info = (await at.many(at.ids[0])).json
        assert (info["registered"], info["registrations"]) == (True, [])
        at.control.clear_faults()
        at.control.set_faults({"all_unregistered": True})
        assert (await at.many(at.ids[0])).json["registered"] is False
        at.control.set_faults({"unregistered_with_positive_expires": True})
        assert (await at.many(at.ids[0])).json["registrations"][0]["expires"] == 30


@pytest.mark.parametrize("status", ["400", "413", "414", "502"])
async def test_too_many_ids(status: str) -> None:
    async with pbx() as at:
        at.control.set_faults({"max_ids": 2, "max_ids_status": status})
        assert (await at.many(*at.ids[:2])).status == 200
        assert (await at.many(*at.ids[:3])).status == int(status)


async def test_answers_from_a_cache_do_not_fall() -> None:
    now = [START - START % 60]
    async with pbx(clock=lambda: now[0]) as at:
        at.control.set_faults({"cached_answers": 60, "expires_format": "float"})
        first = (await at.many(at.ids[0])).json
        now[0] += 30
        assert (await at.many(at.ids[0])).json == first


@pytest.mark.parametrize(
    ("form", "reset"), [("epoch", "1"), ("missing", None), ("garbage", "many")]
)
async def test_the_quotas_headers_in_every_form(form: str, reset: str | None) -> None:
    async with pbx() as at:
        at.control.set_faults({"rate_headers": form})
        header = (await at.many(at.ids[0])).headers.get("X-RateLimit-Reset")
    assert header is reset is None or (header or "").startswith(str(reset))


async def test_a_refusal_may_name_how_long_to_wait() -> None:
    async with pbx(quota=1, window=60, sliding=True) as at:
        at.control.set_faults({"retry_after": 30})
        answers = [await at.many(at.ids[0]) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    assert answers[1].headers["Retry-After"] == "30"


async def test_a_limit_of_our_own() -> None:
    async with pbx() as at:
        at.control.set_faults({"lower_limit": 2})
        answers = [await at.many(at.ids[0]) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[0].headers["X-RateLimit-Limit"] == "2"


@pytest.mark.parametrize(
    ("faults", "status", "word"),
    [
        ({"throttle": 1}, 429, "too_many_requests"),
        ({"quota_exhausted": True}, 429, "rate_limit_exceeded"),
        ({"http_500": 1}, 500, "internal_error"),
        ({"access_denied": True}, 403, "app_access_type_deny"),
        ({"token_401": 1}, 401, "unauthorized"),
        ({"access_denied": True, "error_status_form": "int"}, 403, 403),
        ({"access_denied": True, "error_status_form": "absent"}, 403, None),
    ],
)
async def test_errors_with_their_bodies(
    faults: dict[str, object], status: int, word: object
) -> None:
    async with pbx() as at:
        at.control.set_faults(faults)
        answer = await at.many(at.ids[0])
    assert answer.status == status
    assert answer.json.get("status") == word
    assert answer.json["message"]


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        ("http_502", 502, "text/html; charset=utf-8"),
        ("http_503", 503, None),
        ("html_200", 200, "text/html; charset=utf-8"),
        ("wrong_content_type", 200, "text/html"),
        ("empty_body", 200, "application/json"),
    ],
)
async def test_answers_of_a_proxy(fault: str, status: int, content_type: str | None) -> None:
    async with pbx() as at:
        at.control.set_faults({fault: True})
        answer = await at.many(at.ids[0])
    assert (answer.status, answer.headers.get("Content-Type")) == (status, content_type)


async def test_half_an_answer() -> None:
    async with pbx() as at:
        at.control.set_faults({"truncated_json": True})
        with pytest.raises(ValueError):  # noqa: PT011
            _ = (await at.many(*at.ids)).json


async def test_gzip_that_is_none() -> None:
    async with pbx() as at:
        good = await at.many(*at.ids)
        at.control.set_faults({"broken_gzip": True})
        with pytest.raises(aiohttp.ClientPayloadError):
            await at.many(at.ids[0])
    assert good.headers["Content-Encoding"] == "gzip"


async def test_a_connection_that_is_dropped() -> None:
    async with pbx() as at:
        at.control.set_faults({"drop_connection": True})
        with pytest.raises(aiohttp.ClientConnectionError):
            await at.many(at.ids[0])


async def test_a_redirect_elsewhere() -> None:
    async with pbx() as at:
        at.control.set_faults({"redirect": "http://127.0.0.1:1/x"})
        answer = await at.many(at.ids[0])
    assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:1/x")


@pytest.mark.looptime
@pytest.mark.parametrize(("fault", "seconds"), [("hang", 30), ("slow", 20)])
async def test_answers_that_take_their_time(fault: str, seconds: float) -> None:
    async with pbx() as at:
        at.control.set_faults({fault: seconds})
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert (await at.many(*at.ids)).status == 200
        assert loop.time() - begun == pytest.approx(seconds, abs=3)


async def test_tokens_in_every_form() -> None:
    async with pbx() as at:
        at.control.set_faults({"token_no_expires_in": True})
        async with at.session.post(at.url + "/oauth/token", data=LOGIN) as response:
            assert "expires_in" not in await response.json()
        at.control.set_faults({"token_invalid_client": True})
        async with at.session.post(at.url + "/oauth/token", data=LOGIN) as response:
            assert await response.json() == {"error": "invalid_client"}


async def test_lists_that_are_odd() -> None:
    async def names(at: At, page: int = 1) -> list[str]:
        answer = await at.get(LIST, per_page=10, page=page)
        return [each["name"] for each in answer.json]

    async with pbx(extensions=25) as at:
        first, second = await names(at), await names(at, 2)
        at.control.set_faults({"paging_ignores_page": True})
        assert await names(at, 2) == first
        at.control.clear_faults()
        at.control.set_faults({"paging_overlap": True})
        assert (await names(at, 2))[1:] == second[:-1]
        at.control.clear_faults()
        at.control.set_faults({"paging_404_past_end": True})
        assert (await at.get(LIST, per_page=10, page=4)).status == 404
        at.control.set_faults({"list_incomplete": True, "names_with_domain": True})
        assert len(await names(at, 2)) == 2
        assert (await names(at))[0] == "000*100@sip.example.net"
        at.control.set_faults({"list_fails": True})
        assert (await at.get(LIST)).status == 500


# --- the control ------------------------------------------------------------------------------


async def test_faults_are_switched_over_http() -> None:
    async with pbx() as at:
        on = await at.call("POST", "/_simulator/faults", json={"hang": 2, "html_200": "0.5"})
        off = await at.call("POST", "/_simulator/faults", json={"hang": None})
        bad = await at.call("POST", "/_simulator/faults", json={"hang": "long"})
        unknown = await at.call("POST", "/_simulator/faults", json={"nonsense": True})
        listed = await at.get("/_simulator/faults")
        cleared = await at.call("DELETE", "/_simulator/faults")
        after = await at.get("/_simulator/faults")
    assert on.json == {"hang": 2.0, "html_200": 0.5}
    assert off.json == listed.json == {"html_200": 0.5}
    assert (bad.status, unknown.status) == (400, 400)
    assert "not one of: seconds" in bad.json["message"]
    assert (cleared.status, after.json) == (204, {})


async def test_things_are_made_to_happen_over_http_and_the_truth_is_told() -> None:
    async with pbx(extensions=25, site_size=20) as at:
        post = "POST"
        first = at.ids[0]
        statuses = [
            (await at.call(post, f"/_simulator/phones/{first}/unregister")).status,
            (await at.call(post, f"/_simulator/phones/{first}/dance")).status,
            (await at.call(post, "/_simulator/phones/999999/die")).status,
            (await at.call(post, "/_simulator/registrar/restart")).status,
            (await at.call(post, "/_simulator/quota", json={"used": 3})).status,
            (await at.call(post, "/_simulator/quota", json={"limit": 7})).status,
            (await at.call(post, f"/_simulator/extensions/{first}/remove")).status,
            (await at.call(post, "/_simulator/extensions/999999/remove")).status,
            (await at.call(post, "/_simulator/tokens/revoke")).status,
        ]
        dark = (await at.call(post, "/_simulator/sites/1/dark")).json
        lines = (await at.get("/_simulator/truth")).body.decode().splitlines()
        later = (await at.get("/_simulator/truth", since=1)).body.decode().splitlines()
        overview = (await at.get("/_simulator/")).json
        phones = (await at.get("/_simulator/phones")).json
        listed = [phone.id for phone in at.control.world.listed()]
    assert statuses == [204, 404, 404, 204, 204, 204, 204, 404, 204]
    assert dark == {"phones": 5}
    events = [json.loads(line) for line in lines]
    assert [event["kind"] for event in events][:2] == ["unregister", "restart"]
    assert events[0]["visible_at"] == START
    assert len(later) == len(lines) - 1
    assert overview["quota"] == {"limit": 7, "used": 3}
    assert overview["registered"] == 0
    assert phones[0]["name"] == "000*100"
    assert first not in listed


async def test_a_bad_fault_at_the_start_is_refused() -> None:
    with pytest.raises(FaultError, match="there is no fault `nonsense`"):
        async with pbx(faults={"nonsense": True}):
            pass
