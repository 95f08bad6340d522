"""What the simulated PBX does with mistakes, with faults beside the common calls, and by chance."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from fakes.patience import PATIENCE
from fakes.simulated import LIST, LOGIN, MANY, pbx
from fakes.values import START

import regwatch.simulator


def one(extension_id: object) -> str:
    return f"/api/ver1.0/extension/{extension_id}/registration/"


# --- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        MANY + "?extension_id=x",
        MANY + "?extension_id=-1",
        MANY + "?extension_id=" + "9" * 30,
        LIST + "?page=0",
        LIST + "?page=x",
        LIST + "?per_page=0",
        one("x"),
    ],
)
async def test_what_is_no_number_is_refused_as_the_api_refuses(path: str) -> None:
    async with pbx() as at:
        answer = await at.call("GET", path)
    assert (answer.status, answer.json["status"]) == (400, "bad_request")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic {token}"])
async def test_without_a_token_there_is_no_answer(authorization: str) -> None:
    async with pbx() as at:
        headers = {"Authorization": authorization.format(token=at.token)}
        assert (await at.call("GET", MANY, headers=headers)).status == 401


async def test_a_refused_token_costs_nothing_of_the_quota() -> None:
    async with pbx() as at:
        await at.call("GET", MANY, headers={"Authorization": "Bearer nonsense"})
        assert at.control.overview()["quota"]["used"] == 0


# --- what comes from phones and the registrar ------------------------------------------------


async def test_devices_without_end_crowds_and_mapped_addresses() -> None:
    seconds = iter(range(100))
    async with pbx(clock=lambda: START + next(seconds)) as at:
        first, other = at.ids[:2]
        (plain,) = (await at.many(first)).json["registrations"]
        at.control.set_faults({"long_devices": 5000, "mapped_addresses": True})
        at.control.set_faults({"many_registrations": 300})
        infos = [(await at.many(first, other)).json for _ in range(2)]
    entries = [answer["registrations"] for answer in infos[0]]
    assert [len(each) for each in entries] == [301, 1]
    assert len(entries[0][0]["device"]) == len(plain["device"]) + 5000
    host = plain["real_address"].split(":")[1]
    assert entries[0][0]["real_address"].startswith(f"sip:[::ffff:{host}]:")
    ids = [{each["registration_id"] for each in info[0]["registrations"]} for info in infos]
    assert ids[0] & ids[1] == {plain["registration_id"]}


# --- faults beside the common calls -----------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status"),
    [("http_500", 500), ("http_502", 502), ("http_503", 503), ("html_200", 200)],
)
async def test_a_proxys_faults_befall_the_token_too(fault: str, status: int) -> None:
    async with pbx() as at:
        at.control.set_faults({fault: 1})
        async with at.session.post(at.url + "/oauth/token", data=LOGIN) as response:
            assert response.status == status
            assert b"access_token" not in await response.read()


async def test_a_deletion_may_be_done_though_the_connection_was_dropped() -> None:
    async with pbx() as at:
        at.control.set_faults({"drop_connection": 1})
        with pytest.raises(aiohttp.ClientConnectionError):
            await at.call("DELETE", one(at.ids[0]))
        at.control.clear_faults()
        async with asyncio.timeout(PATIENCE):
            while (await at.many(at.ids[0])).json["registered"]:
                await asyncio.sleep(0.01)


@pytest.mark.looptime
async def test_a_slow_answer_may_be_half_and_of_another_type() -> None:
    async with pbx() as at:
        whole = (await at.many(*at.ids)).body
        at.control.set_faults({"slow": 1, "truncated_json": 1, "wrong_content_type": 1})
        answer = await at.many(*at.ids)
        assert answer.body == whole[: len(whole) // 2]
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.headers["X-RateLimit-Limit"] == "100"
        at.control.clear_faults()
        at.control.set_faults({"slow": 1})
        assert (await at.call("DELETE", one(at.ids[0]))).status == 204


async def test_cleaning_up_late_leaves_the_dead_registered_a_little_longer() -> None:
    now = [START]
    async with pbx(clock=lambda: now[0], faults={"cleanup_lag": 60}) as at:
        at.control.act(at.ids[0], "die")
        (event,) = at.control.world.registrar.truth.since(0)
        assert event.visible_at is not None
        now[0] = event.visible_at - 1
        late = (await at.many(at.ids[0])).json
        now[0] = event.visible_at
        gone = (await at.many(at.ids[0])).json
    assert (late["registered"], late["registrations"][0]["expires"]) == (True, -59)
    assert (gone["registered"], gone["registrations"][0]["expires"]) == (False, -60)


async def test_permanent_registrations_have_no_seconds_left() -> None:
    async with pbx() as at:
        at.control.world.registrar.phones[at.ids[0]].bindings[0].is_static = True
        info = (await at.many(at.ids[0])).json
    assert (info["registered"], info["registrations"][0]["expires"]) == (True, 0)


async def test_a_share_of_the_requests_is_struck_the_same_ones_for_a_seed() -> None:
    async def struck(seed: int) -> list[int]:
        async with pbx(seed=seed, faults={}) as at:
            at.control.set_faults({"http_500": 0.5})
            return [(await at.many(at.ids[0])).status for _ in range(40)]

    first = await struck(1)
    assert first == await struck(1) != await struck(2)
    assert 8 < first.count(500) < 32


# --- extensions come and go -------------------------------------------------------------------


async def test_an_extension_that_was_removed_is_unknown_until_it_is_added() -> None:
    async with pbx() as at:
        gone, stays = at.ids[:2]

        async def listed() -> list[int]:
            return [each["id"] for each in (await at.get(LIST, per_page=100)).json]

        await at.call("POST", f"/_simulator/extensions/{gone}/remove")
        await at.call("POST", f"/_simulator/extensions/{gone}/remove")
        assert gone not in await listed()
        assert [info["extension_id"] for info in (await at.many(gone, stays)).json] == [stays]
        assert (await at.get(one(gone))).status == 404
        assert (await at.call("DELETE", one(gone))).status == 404
        assert at.control.overview()["registered"] == 11
        await at.call("POST", f"/_simulator/extensions/{gone}/add")
        assert gone in await listed()
        assert (await at.get(one(gone))).json["registered"] is True
        kinds = [event.kind for event in at.control.world.registrar.truth.since(0)]
    assert kinds == ["removed", "added"]


# --- of the whole -----------------------------------------------------------------------------


def test_its_code_is_its_own() -> None:
    """Nothing of the client that it is to test: a shared mistake would not be seen."""
    folder = Path(regwatch.simulator.__file__).parent
    lines = [
        line
        for path in folder.glob("*.py")
        for line in path.read_text().splitlines()
        if "regwatch" in line and line.lstrip().startswith(("import ", "from "))
    ]
    foreign = [line for line in lines if not line.startswith("from regwatch.simulator")]
    assert foreign == ["from regwatch.clock import wall_clock"]
