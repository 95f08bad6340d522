"""The API, call by call, against a real server."""

import asyncio

import pytest
from fakes.pbx import Canned, FakePbx, canned_json

from regwatch import __version__
from regwatch.clock import wall_clock
from regwatch.core.model import Extension, ExtensionId, FailureReason, RegistrationId
from regwatch.sources.ringme.client import Endpoint, PbxClient, User
from regwatch.sources.ringme.errors import PbxError, PbxRejectedError, PbxUnavailableError
from regwatch.sources.ringme.settings import FixedToken, PbxSettings

THREE = ExtensionId(3)
API = "/api/ver1.0"


async def test_many_are_asked_for_in_one_request(pbx: FakePbx, connect, made) -> None:
    pbx.quota_headers = {
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "900",
        "X-RateLimit-Reset": "600",
    }
    before = wall_clock()
    async with connect() as client:
        batch = await client.registrations([THREE, ExtensionId(2)])
        quota = client.quota
    assert batch.asked == (3, 2)
    assert (batch.refused, batch.failure, batch.contradictions) == (frozenset(), None, 0)
    answer = batch.answers[THREE]
    assert before <= answer.answered_at <= wall_clock()
    assert answer.registrations[0].lease_ends_at == answer.answered_at + 1764
    asked = pbx.seen[-1]
    assert (asked.method, asked.path) == ("GET", f"{API}/extension/registration/")
    assert asked.query == "extension_id=3&extension_id=2"
    assert asked.headers["Authorization"] == "Bearer t0ken-number-1"
    assert asked.headers["Accept-Encoding"] == "gzip"
    assert asked.headers["User-Agent"] == f"regwatch/{__version__}"
    assert [(each.endpoint, each.outcome) for each in made] == [
        (Endpoint.TOKEN, "success"),
        (Endpoint.REGISTRATIONS, "success"),
    ]
    assert made[0].quota is None
    assert made[1].quota == quota
    assert quota is not None
    assert (quota.limit, quota.remaining) == (1000, 900)
    assert all(each.duration_seconds > 0 for each in made)


async def test_without_ids_no_request_is_made(pbx: FakePbx, connect) -> None:
    async with connect() as client:
        batch = await client.registrations([])
    assert (batch.asked, dict(batch.answers), pbx.seen) == ((), {}, [])


async def test_an_id_asked_for_twice_is_asked_for_once(pbx: FakePbx, connect) -> None:
    async with connect() as client:
        batch = await client.registrations([THREE, THREE])
    assert batch.asked == (3,)
    assert pbx.batches == [[3]]


async def test_one_is_asked_for_by_its_own_address(pbx: FakePbx, connect, made) -> None:
    async with connect() as client:
        answer = await client.registration(THREE)
    assert answer.registrations[0].id == "uloc-3"
    assert pbx.seen[-1].path == f"{API}/extension/3/registration/"
    assert made[-1].endpoint is Endpoint.REGISTRATION


async def test_one_that_is_unknown_is_an_error(pbx: FakePbx, connect) -> None:
    pbx.bad_ids = {3}
    async with connect() as client:
        with pytest.raises(PbxRejectedError) as caught:
            await client.registration(THREE)
    assert (caught.value.reason, caught.value.code) == (
        FailureReason.NOT_FOUND,
        "client_not_found",
    )


async def test_all_of_an_extension_are_deleted(pbx: FakePbx, connect, made) -> None:
    async with connect() as client:
        await client.unregister_all(THREE)
    assert (pbx.seen[-1].method, pbx.seen[-1].path) == (
        "DELETE",
        f"{API}/extension/3/registration/",
    )
    assert (made[-1].endpoint, made[-1].outcome) == (Endpoint.UNREGISTER_ALL, "success")


@pytest.mark.parametrize(
    ("registration_id", "segment"),
    [
        ("uloc-5731d93c-4a88-51", "uloc-5731d93c-4a88-51"),
        ("a/b?c#d e%", "a%2Fb%3Fc%23d%20e%25"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("ä", "%C3%A4"),
    ],
)
async def test_one_registration_is_deleted(
    pbx: FakePbx, connect, registration_id: str, segment: str
) -> None:
    async with connect() as client:
        await client.unregister(THREE, RegistrationId(registration_id))
    assert (pbx.seen[-1].method, pbx.seen[-1].path) == (
        "DELETE",
        f"{API}/extension/3/registration/{segment}",
    )


async def test_without_an_id_one_is_not_deleted_by_deleting_all(pbx: FakePbx, connect) -> None:
    async with connect() as client:
        with pytest.raises(ValueError, match="all registrations"):
            await client.unregister(THREE, RegistrationId(""))
    assert pbx.seen == []


@pytest.mark.parametrize("status", [200, 202, 204, 404])
async def test_what_is_gone_is_deleted(pbx: FakePbx, connect, made, status: int) -> None:
    pbx.script = [(API, Canned(status))]
    async with connect() as client:
        await client.unregister(THREE, RegistrationId("u"))
    assert made[-1].outcome == "success"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(
            Canned(hangs=True),
            FailureReason.TIMEOUT,
            id="no answer in time",
            marks=pytest.mark.looptime,
        ),
        pytest.param(Canned(resets=True), FailureReason.NETWORK, id="reset"),
        pytest.param(Canned(raw=b""), FailureReason.NETWORK, id="closed"),
        pytest.param(Canned(502), FailureReason.SERVER_ERROR, id="502"),
    ],
)
async def test_a_deletion_of_unknown_outcome_is_not_repeated(
    pbx: FakePbx, connect, fault: Canned, reason: FailureReason
) -> None:
    async with connect() as client:
        await client.user()  # a kept connection is what aiohttp would try again on
        pbx.script = [(API, fault)]
        with pytest.raises(PbxUnavailableError) as caught:
            await client.unregister_all(THREE)
    assert caught.value.reason is reason
    assert [seen.method for seen in pbx.seen].count("DELETE") == 1


async def test_the_list_is_read_with_its_groups(pbx: FakePbx, connect, made) -> None:
    pbx.extensions = [
        {"id": n, "name": f"000*{n}", "label": f"L{n}", "extension_group_id": 14}
        for n in range(1, 251)
    ]
    pbx.groups = [{"id": 14, "name": "Sales"}]
    async with connect() as client:
        listing = await client.extensions(type="phone", status="active")
    assert listing.complete
    assert len(listing.extensions) == 250
    assert listing.extensions[6] == Extension(ExtensionId(7), "000*7", "L7", "Sales")
    pages = [seen.query for seen in pbx.seen if seen.path == f"{API}/client/@me/extension/"]
    assert pages == [f"type=phone&status=active&per_page=100&page={n}" for n in (1, 2, 3)]
    assert [each.endpoint for each in made].count(Endpoint.GROUPS) == 1


async def test_the_list_may_be_asked_for_unfiltered(pbx: FakePbx, connect, made) -> None:
    pbx.extensions = [{"id": 1, "name": "000*1"}]
    async with connect() as client:
        listing = await client.extensions(type=None, status=None)
    assert [e.id for e in listing.extensions] == [1]
    assert pbx.seen[-1].query == "per_page=100&page=1"
    assert Endpoint.GROUPS not in [each.endpoint for each in made]  # nobody is in one


async def test_the_list_does_without_the_groups_names(pbx: FakePbx, connect) -> None:
    pbx.extensions = [{"id": 1, "name": "000*1", "extension_group_id": 14}]
    pbx.always = {f"{API}/client/@me/extension_group/": Canned(500)}
    async with connect() as client:
        listing = await client.extensions(type="phone", status=None)
    assert listing.complete
    assert listing.extensions[0].group == ""


async def test_the_groups(pbx: FakePbx, connect) -> None:
    pbx.groups = [{"id": 14, "name": "Sales"}]
    async with connect() as client:
        assert await client.groups() == {14: "Sales"}
    assert pbx.seen[-1].path == f"{API}/client/@me/extension_group/"


async def test_the_user(pbx: FakePbx, connect) -> None:
    async with connect() as client:
        assert await client.user() == User("17", "Europe/Riga", THREE)
    assert pbx.seen[-1].path == f"{API}/user/"


async def test_a_path_in_front_and_a_slash_at_the_end_of_the_url(pbx: FakePbx, connect) -> None:
    async with connect(url=f"{pbx.url}/pbx/") as client:
        pbx.script = [
            ("/pbx/oauth", canned_json('{"access_token":"x"}')),
            ("/pbx/api", canned_json('{"client_id":"9"}')),
        ]
        assert (await client.user()).client_id == "9"
    assert pbx.seen[-1].path == f"/pbx{API}/user/"


async def test_no_cookie_is_kept(pbx: FakePbx, connect) -> None:
    cookie = canned_json('{"client_id":"9"}', Set_Cookie="session=1; Path=/")
    async with connect() as client:
        pbx.script = [(f"{API}/user", cookie)]
        await client.user()
        await client.user()
    assert "Cookie" not in pbx.seen[-1].headers


async def test_a_client_that_is_not_open_says_so(pbx: FakePbx, connect) -> None:
    settings = PbxSettings(pbx.url, FixedToken("fixed-token"))
    closed = PbxClient(settings, clock=wall_clock)
    with pytest.raises(PbxUnavailableError, match="closed"):
        await closed.user()
    async with connect() as client:
        pass
    with pytest.raises(PbxUnavailableError, match="closed"):
        await client.user()


async def test_the_quota_is_told_of_failures_as_well(pbx: FakePbx, connect, made) -> None:
    limited = canned_json(
        '{"status":"rate_limit_exceeded"}',
        429,
        X_RateLimit_Limit="100",
        X_RateLimit_Remaining="0",
        X_RateLimit_Reset="300",
    )
    pbx.script = [(f"{API}/user", limited)]
    async with connect() as client:
        with pytest.raises(PbxError) as caught:
            await client.user()
        assert client.quota is not None
        assert client.quota.remaining == 0
    assert caught.value.reason is FailureReason.QUOTA_EXHAUSTED
    assert (made[-1].outcome, made[-1].quota) == ("quota_exhausted", client.quota)


async def test_as_many_requests_at_once_as_configured_and_no_more(pbx: FakePbx, connect) -> None:
    pbx.barrier = asyncio.Barrier(3)  # none is answered before three are there
    async with connect(batch_size=1, concurrency=3) as client:
        batch = await client.registrations([ExtensionId(n) for n in range(1, 31)])
    assert len(batch.answers) == 30
    assert pbx.most_at_once == 3
