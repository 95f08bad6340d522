"""Making things happen to a simulated PBX, as methods and over HTTP."""

import json

import pytest
from fakes.simulated import LIST, At, pbx
from fakes.values import START

from regwatch.simulator.control import ROOT
from regwatch.simulator.rates import REAL_LIFE, Kind


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/_simulator/quota", b'{"limit": "many"}'),
        ("/_simulator/quota", b'{"used": -1}'),
        ("/_simulator/quota", b"[1]"),
        ("/_simulator/quota", b"nonsense"),
        ("/_simulator/faults", b"[1]"),
        ("/_simulator/faults", b'{"hang": [1]}'),
        ("/_simulator/faults", b"nonsense"),
    ],
)
async def test_a_mistake_in_the_control_is_said_and_changes_nothing(path: str, body: bytes) -> None:
    async with pbx() as at:
        before = at.control.overview()
        answer = await at.call("POST", path, data=body)
        assert answer.status == 400
        assert answer.json["message"]
        assert at.control.overview() == before


async def test_the_truth_is_told_from_a_number_on() -> None:
    async with pbx() as at:
        assert (await at.get("/_simulator/truth", since="x")).status == 400


async def test_what_was_settled_is_shown_once_it_has_begun() -> None:
    now, rates = [START], REAL_LIFE.only(Kind.REBOOT)
    async with pbx(clock=lambda: now[0], extensions=500, rates=rates) as at:
        assert (await at.get("/_simulator/life")).body == b""
        now[0] += 86_400.0
        lines = (await at.get("/_simulator/life")).body.splitlines()
        told = (await at.get("/_simulator/truth")).body.splitlines()
    begun = [json.loads(line) for line in lines]
    assert len(begun) > 5
    assert all(START <= each["at"] <= now[0] and each["kind"] == "reboot" for each in begun)
    numbers = {each["number"] for each in begun}
    assert numbers == {e["name"] for e in map(json.loads, told) if e["kind"] == "reboot"}


async def test_a_site_is_lit_again_over_http() -> None:
    now = [START]
    async with pbx(clock=lambda: now[0], site_size=5) as at:
        await at.call("POST", "/_simulator/sites/0/dark")
        now[0] += 700
        assert len(at.control.registered_ids()) == 7
        assert (await at.call("POST", "/_simulator/sites/0/light")).json == {"phones": 5}
        now[0] += 61
        assert len(at.control.registered_ids()) == 12
        assert (await at.call("POST", "/_simulator/sites/99/dark")).json == {"phones": 0}


async def test_the_overview_counts_requests_by_call() -> None:
    async with pbx() as at:
        await at.many(at.ids[0])
        await at.many(at.ids[0])
        await at.get(LIST)
        assert (await at.get("/_simulator/")).json["served"] == {
            "token": 1,
            "registrations": 2,
            "extensions": 1,
        }


async def test_everything_that_can_happen_to_a_phone_is_at_hand_over_http() -> None:
    async def does(at: At, action: str) -> int:
        return (await at.call("POST", f"{ROOT}/phones/{at.ids[0]}/{action}")).status

    words = ("rebind", "reboot", "move", "add_device", "flap", "revive", "die", "unregister")
    async with pbx() as at:
        assert [await does(at, word) for word in words] == [204] * len(words)
        assert set(at.control.world.registrar.actions) == set(words)


async def test_of_what_cannot_happen_it_is_said_what_can() -> None:
    async with pbx() as at:
        unknown = await at.call("POST", f"{ROOT}/phones/{at.ids[0]}/dance")
        nobody = await at.call("POST", f"{ROOT}/phones/999999/die")
        absent = await at.call("POST", f"{ROOT}/extensions/999999/remove")
        assert (unknown.status, nobody.status, absent.status) == (404, 404, 404)
        assert "actions are: die, unregister, " in unknown.json["message"]
        assert "there is no 999999" in nobody.json["message"]


async def test_the_quota_is_changed_in_part() -> None:
    async with pbx(quota=100) as at:
        at.control.set_quota(used=30)
        assert at.control.overview()["quota"] == {"limit": 100, "used": 30}
        at.control.set_quota(limit=7)
        assert at.control.overview()["quota"] == {"limit": 7, "used": 30}


async def test_who_is_off_the_list_is_not_among_the_registered() -> None:
    async with pbx() as at:
        at.control.list_extension(at.ids[0], listed=False)
        at.control.act(at.ids[1], "unregister")
        assert at.control.registered_ids() == at.ids[2:]
        with pytest.raises(KeyError):
            at.control.list_extension(999_999, listed=True)
