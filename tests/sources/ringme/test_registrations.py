"""Asking for many: batches, what spoils them, and what that may cost."""

import asyncio

import pytest
from fakes.pbx import Canned, FakePbx, canned_json, info

from regwatch.core.model import ExtensionId, FailureReason, Quota, Timestamp
from regwatch.sources.ringme.batches import MAX_EXTRA_REQUESTS, MAX_FRUITLESS_REQUESTS
from regwatch.sources.ringme.errors import (
    PbxAuthError,
    PbxError,
    PbxRateLimitedError,
    PbxRejectedError,
    PbxUnavailableError,
)
from regwatch.sources.ringme.registrations import (
    CLOSED_SECONDS,
    OPEN_SECONDS,
    Call,
    Experience,
    Ids,
)
from regwatch.sources.ringme.wire import Decoded

R = FailureReason
MANY = "/api/ver1.0/extension/registration/"
QUOTA = {"X-RateLimit-Limit": "1000", "X-RateLimit-Reset": "600"}


def ids(*numbers: int) -> list[ExtensionId]:
    return [ExtensionId(n) for n in numbers]


def up_to(last: int) -> list[ExtensionId]:
    return ids(*range(1, last + 1))


# --- batches ----------------------------------------------------------------------------------


async def test_many_are_split_into_batches_and_put_together(pbx: FakePbx, connect) -> None:
    async with connect(batch_size=50) as client:
        batch = await client.registrations(up_to(120))
    assert sorted(len(b) for b in pbx.batches) == [20, 50, 50]
    assert set(batch.answers) == set(range(1, 121))
    assert batch.unanswered == ()


async def test_no_url_is_longer_than_eight_kilobytes(pbx: FakePbx, connect) -> None:
    long = [ExtensionId(10**15 + n) for n in range(600)]
    async with connect(batch_size=1000) as client:
        batch = await client.registrations(long)
    assert len(batch.answers) == 600
    longest = max(len(f"{pbx.url}{seen.path}?{seen.query}") for seen in pbx.seen)
    assert 7900 < longest < 8192


async def test_what_is_left_out_is_unknown_and_no_failure(pbx: FakePbx, connect) -> None:
    pbx.answers = lambda n: None if n == 2 else info(n)
    async with connect() as client:
        batch = await client.registrations(up_to(3))
    assert (batch.unanswered, batch.failure) == ((2,), None)


async def test_contradictions_of_all_batches_are_counted(pbx: FakePbx, connect) -> None:
    pbx.answers = lambda n: info(n, registrations=[])
    async with connect(batch_size=2) as client:
        assert (await client.registrations(up_to(4))).contradictions == 4


# --- refused ids ------------------------------------------------------------------------------

REFUSALS = [
    canned_json('{"status":"client_not_found"}', 404),
    canned_json('{"status":"access_denied"}', 403),
    canned_json('{"status":"bad_request"}', 400),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=["404", "403", "400"])
@pytest.mark.parametrize("bad", [{1}, {17}, {50}, {3, 4}, {1, 50}])
async def test_the_ids_that_spoil_a_batch_are_found_and_the_rest_is_answered(
    pbx: FakePbx, connect, refusal: Canned, bad: set[int]
) -> None:
    pbx.bad_ids, pbx.bad_answer = bad, refusal
    async with connect() as client:
        batch = await client.registrations(up_to(50))
        limit = client.batch_limit
    assert batch.refused == bad
    assert set(batch.answers) == set(range(1, 51)) - bad
    assert (batch.unanswered, batch.failure) == ((), None)
    assert len(pbx.batches) <= 1 + 12 * len(bad)
    assert limit == 50  # it was not the size


async def test_too_many_bad_ids_do_not_burn_the_quota(pbx: FakePbx, connect) -> None:
    pbx.bad_ids = set(range(2, 51, 2))
    async with connect(concurrency=1) as client:
        batch = await client.registrations(up_to(150))
    assert 0 < len(batch.refused) <= MAX_EXTRA_REQUESTS
    assert batch.refused <= pbx.bad_ids
    assert batch.failure is R.REJECTED
    assert set(batch.answers) >= set(range(51, 151))  # the other batches were asked all the same
    assert set(batch.unanswered) <= set(range(1, 51))
    assert len(pbx.batches) <= 3 + MAX_EXTRA_REQUESTS


async def test_splitting_ends_when_the_quota_is_nearly_spent(pbx: FakePbx, connect) -> None:
    pbx.bad_ids = {50}
    pbx.quota_headers = {**QUOTA, "X-RateLimit-Remaining": "40"}
    async with connect() as client:
        await client.registrations(ids(70))  # tells the quota
        with pytest.raises(PbxRejectedError):
            await client.registrations(up_to(50))
    assert len(pbx.batches) == 2


async def test_splitting_ends_with_a_429_and_keeps_what_was_answered(pbx: FakePbx, connect) -> None:
    pbx.bad_ids = {50}
    full = canned_json('{"status":"rate_limit_exceeded"}', 429)
    refused = REFUSALS[0]
    async with connect(concurrency=1) as client:
        await client.user()
        answered = Canned(
            200,
            b"[" + b",".join(json_of(n) for n in range(1, 26)) + b"]",
            {"Content-Type": "application/json"},
        )
        pbx.script = [(MANY, refused), (MANY, answered), (MANY, full)]
        batch = await client.registrations(up_to(100))
    assert set(batch.answers) == set(range(1, 26))
    assert batch.failure is R.QUOTA_EXHAUSTED
    assert batch.refused == frozenset()
    assert len(pbx.batches) == 3


def json_of(number: int) -> bytes:
    return b'{"registered":true,"extension_id":%d,"registrations":[]}' % number


@pytest.mark.parametrize("refusal", REFUSALS, ids=["404", "403", "400"])
async def test_a_pbx_that_refuses_everything_does_not_speak_of_ids(
    pbx: FakePbx, connect, refusal: Canned
) -> None:
    pbx.always = {MANY: refusal}
    async with connect() as client:
        with pytest.raises(PbxAuthError if refusal.status == 403 else PbxRejectedError):
            await client.registrations(up_to(50))
        cost = len(pbx.batches)
        assert cost <= 1 + MAX_FRUITLESS_REQUESTS
        with pytest.raises(PbxError):
            await client.registrations(up_to(50))
        assert len(pbx.batches) == cost + 1  # found out once, not with each poll
        pbx.always = {}
        assert len((await client.registrations(up_to(50))).answers) == 50


@pytest.mark.parametrize("code", ["app_access_type_deny", "user_access_type_deny", "user_blocked"])
async def test_a_refusal_of_us_is_not_split(pbx: FakePbx, connect, code: str) -> None:
    pbx.always = {MANY: canned_json(f'{{"status":"{code}"}}', 403)}
    async with connect() as client:
        with pytest.raises(PbxAuthError, match="closed to your application") as caught:
            await client.registrations(up_to(200))
    assert caught.value.reason is R.ACCESS_DENIED
    assert len(pbx.batches) <= 4  # those under way at once


async def test_a_bad_id_alone_is_refused_if_others_are_answered(pbx: FakePbx, connect) -> None:
    pbx.bad_ids = {9}
    async with connect() as client:
        with pytest.raises(PbxRejectedError):
            await client.registrations(ids(9))
        await client.registrations(ids(1, 2))
        batch = await client.registrations(ids(9))
    assert (batch.refused, batch.failure, dict(batch.answers)) == ({9}, None, {})


async def test_the_only_id_there_is_being_refused_is_an_error(pbx: FakePbx, connect) -> None:
    async with connect() as client:
        await client.registrations(ids(9))
        pbx.bad_ids = {9}
        with pytest.raises(PbxRejectedError):
            await client.registrations(ids(9))


# --- sizes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [413, 414])
async def test_a_batch_too_large_is_halved_and_the_size_remembered(
    pbx: FakePbx, connect, status: int
) -> None:
    pbx.most_ids, pbx.too_many = 12, Canned(status)
    async with connect(concurrency=1) as client:
        batch = await client.registrations(up_to(100))
        assert client.batch_limit == 12
        assert len(batch.answers) == 100
        assert batch.failure is None
        pbx.seen.clear()
        await client.registrations(up_to(24))
    assert [len(b) for b in pbx.batches] == [12, 12]


@pytest.mark.parametrize("status", [400, 502])
async def test_a_size_that_can_only_be_guessed_is_found_as_well(
    pbx: FakePbx, connect, status: int
) -> None:
    pbx.most_ids, pbx.too_many = 25, Canned(status)
    async with connect() as client:
        batch = await client.registrations(up_to(50))
        assert client.batch_limit == 25
    assert (len(batch.answers), batch.failure, batch.refused) == (50, None, frozenset())
    assert [len(b) for b in pbx.batches] == [50, 25, 25]


async def test_a_single_id_too_large_is_an_error(pbx: FakePbx, connect) -> None:
    pbx.most_ids = 0
    async with connect() as client:
        with pytest.raises(PbxRejectedError) as caught:
            await client.registrations(ids(1))
    assert caught.value.status == 413


async def test_an_outage_is_not_taken_for_a_size_again_and_again(pbx: FakePbx, connect) -> None:
    pbx.always = {MANY: Canned(502)}
    async with connect() as client:
        with pytest.raises(PbxUnavailableError):
            await client.registrations(up_to(50))
        assert [len(b) for b in pbx.batches] == [50, 25, 13, 7, 4, 2, 1]
        for _ in range(3):
            with pytest.raises(PbxUnavailableError):
                await client.registrations(up_to(50))
        assert len(pbx.batches) == 7 + 3
        assert client.batch_limit == 50


# --- failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Canned(500), R.SERVER_ERROR),
        (Canned(200, "<html>", {"Content-Type": "text/html"}), R.BAD_ANSWER),
        (Canned(429), R.THROTTLED),
        (Canned(418), R.REJECTED),
    ],
)
async def test_one_batch_failing_leaves_the_answers_of_the_others(
    pbx: FakePbx, connect, fault: Canned, reason: FailureReason
) -> None:
    async with connect(batch_size=10, concurrency=1) as client:
        await client.registrations(ids(99))
        pbx.answers = lambda n: (pbx.script.append((MANY, fault)) if n == 10 else None) or info(n)
        batch = await client.registrations(up_to(30))
    assert set(batch.answers) >= set(range(1, 11))
    assert batch.failure is reason
    assert 11 in batch.unanswered


async def test_nothing_answered_is_the_error_itself(pbx: FakePbx, connect) -> None:
    pbx.always = {MANY: canned_json("{}", 429, Retry_After="7")}
    async with connect() as client:
        with pytest.raises(PbxRateLimitedError) as caught:
            await client.registrations(up_to(1000))
    assert (caught.value.reason, caught.value.retry_after) == (R.THROTTLED, 7.0)
    assert len(pbx.batches) <= 4  # those under way at once; the others were not sent


async def test_a_pbx_that_is_down_is_not_asked_for_every_batch(pbx: FakePbx, connect) -> None:
    pbx.always = {MANY: Canned(503)}
    async with connect(concurrency=2) as client:
        with pytest.raises(PbxUnavailableError):
            await client.registrations(up_to(5000))
    assert len(pbx.batches) <= 10


# --- in virtual time --------------------------------------------------------------------------

NOW = Timestamp(1_800_000_000.0)


class Asks:
    """Answers small requests, after a while; larger ones fail as told."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.most = 50
        self.refused: set[int] = set()
        self.quota: Quota | None = None

    async def __call__(self, ids: Ids) -> Decoded:
        self.asked.append(len(ids))
        if len(ids) > self.most:
            raise PbxUnavailableError("", reason=R.SERVER_ERROR, status=502)
        if self.refused.intersection(ids):
            raise PbxRejectedError("", reason=R.NOT_FOUND, status=404)
        return Decoded({}, 0)


async def call(asks: Asks, experience: Experience, wanted: list[ExtensionId]):
    asks.asked.clear()
    call = Call(asks, experience, clock=lambda: NOW)
    return await call.run(wanted, room=8000, concurrency=1)


@pytest.mark.looptime
async def test_a_guessed_size_is_tried_anew_after_a_while() -> None:
    asks, experience = Asks(), Experience(50)
    asks.most = 25
    await call(asks, experience, up_to(50))
    await call(asks, experience, up_to(50))
    assert asks.asked == [25, 25]
    asks.most = 50
    await asyncio.sleep(900)
    await call(asks, experience, up_to(50))
    assert asks.asked == [50]


@pytest.mark.looptime
async def test_a_door_found_closed_is_tried_anew_after_an_hour() -> None:
    asks, experience = Asks(), Experience(50)
    asks.refused = set(range(1, 51))
    for _ in range(2):
        with pytest.raises(PbxRejectedError):
            await call(asks, experience, up_to(50))
    assert asks.asked == [50]
    await asyncio.sleep(CLOSED_SECONDS)
    asks.refused = {1}
    batch = await call(asks, experience, up_to(50))
    assert batch.refused == {1}


@pytest.mark.looptime
async def test_an_old_answer_proves_nothing_of_now() -> None:
    asks, experience = Asks(), Experience(50)
    await call(asks, experience, ids(1, 2))
    asks.refused = {9}
    assert (await call(asks, experience, ids(9))).refused == {9}
    await asyncio.sleep(OPEN_SECONDS)
    with pytest.raises(PbxRejectedError):
        await call(asks, experience, ids(9))


@pytest.mark.looptime
async def test_a_429_ends_what_other_batches_had_still_to_ask() -> None:
    asked: list[Ids] = []

    class Busy(Asks):
        async def __call__(self, ids: Ids) -> Decoded:
            asked.append(ids)
            if 11 in ids:
                await asyncio.sleep(2)
                raise PbxRateLimitedError("", reason=R.QUOTA_EXHAUSTED)
            await asyncio.sleep(1.5)
            if 1 in ids:
                raise PbxRejectedError("", reason=R.NOT_FOUND, status=404)
            return Decoded({}, 0)

    going = Call(Busy(), Experience(10), clock=lambda: NOW)
    with pytest.raises(PbxRateLimitedError):
        await going.run(up_to(40), room=8000, concurrency=2)
    assert [len(each) for each in asked] == [10, 10, 5]  # not the other half, not the third batch
