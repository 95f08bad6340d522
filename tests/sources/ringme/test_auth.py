"""Tokens: one renewal for all, one retry, no loop."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from fakes.pbx import SECRET, Canned, FakePbx, canned_json

from regwatch.core.model import FailureReason
from regwatch.sources.ringme.auth import BACKOFF_CAP, BACKOFF_FIRST, Tokens
from regwatch.sources.ringme.errors import PbxAuthError, PbxError, PbxUnavailableError
from regwatch.sources.ringme.settings import ClientCredentials, FixedToken
from regwatch.sources.ringme.wire_lists import Grant

USER = "/api/ver1.0/user"
TOKEN = "/oauth/token"
UNAUTHORIZED = canned_json('{"status":"unauthorized"}', 401)

# --- against a real server ---------------------------------------------------------------------


async def test_a_token_is_fetched_once_and_used_for_all(pbx: FakePbx, connect) -> None:
    async with connect() as client:
        await client.user()
        await client.user()
    assert pbx.count(TOKEN) == 1
    asked = pbx.seen[0]
    assert (asked.method, asked.query) == ("POST", "")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in asked.headers
    form = f"grant_type=client_credentials&client_id=17&client_secret={SECRET}"
    assert asked.body.decode() == form


async def test_a_scope_is_sent_if_there_is_one(pbx: FakePbx, connect) -> None:
    async with connect(credentials=ClientCredentials("17", SECRET, "all")) as client:
        await client.user()
    assert pbx.seen[0].body.endswith(b"&scope=all")


async def test_a_token_refused_before_its_end_is_renewed_and_the_request_sent_again(
    pbx: FakePbx, connect, made
) -> None:
    async with connect() as client:
        await client.user()
        pbx.revoke_tokens()
        assert (await client.user()).client_id == "17"
    assert pbx.tokens_issued == 2
    assert [each.outcome for each in made[2:]] == ["token_refused", "success", "success"]


async def test_twenty_refusals_at_once_are_one_renewal(pbx: FakePbx, connect) -> None:
    async with connect(concurrency=20) as client:
        await client.user()
        pbx.revoke_tokens()
        pbx.barrier = asyncio.Barrier(20)  # all are refused with the same token
        users = await asyncio.gather(*(client.user() for _ in range(20)))
    assert len(users) == 20
    assert pbx.tokens_issued == 2
    assert pbx.count(USER) == 1 + 20 + 20


async def test_a_new_token_refused_as_well_is_an_error_and_no_loop(pbx: FakePbx, connect) -> None:
    pbx.always = {USER: UNAUTHORIZED}
    async with connect() as client:
        for _ in range(3):
            with pytest.raises(PbxAuthError) as caught:
                await client.user()
        assert caught.value.reason is FailureReason.TOKEN_REFUSED
    assert (pbx.tokens_issued, pbx.count(USER)) == (6, 6)  # each call took two


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (canned_json('{"error":"invalid_client"}', 400), FailureReason.CREDENTIALS_REFUSED),
        (canned_json('{"error":"invalid_client"}', 401), FailureReason.CREDENTIALS_REFUSED),
        (canned_json('{"status":"user_blocked"}', 403), FailureReason.ACCESS_DENIED),
    ],
)
async def test_refused_credentials_are_not_sent_again_at_once(
    pbx: FakePbx, connect, answer: Canned, reason: FailureReason
) -> None:
    pbx.always = {TOKEN: answer}
    async with connect() as client:
        for _ in range(3):
            with pytest.raises(PbxAuthError) as caught:
                await client.user()
            assert caught.value.reason is reason
    assert (pbx.count(TOKEN), pbx.count(USER)) == (1, 0)


async def test_a_fault_at_the_token_endpoint_is_no_refusal(pbx: FakePbx, connect) -> None:
    pbx.script = [(TOKEN, Canned(503)), (TOKEN, canned_json('{"access_token":"a b"}'))]
    async with connect() as client:
        with pytest.raises(PbxUnavailableError):
            await client.user()
        with pytest.raises(PbxError) as caught:
            await client.user()
        assert caught.value.reason is FailureReason.BAD_ANSWER
        assert (await client.user()).client_id == "17"


async def test_a_fixed_token_is_sent_as_it_is(pbx: FakePbx, connect) -> None:
    pbx.accepted.add("my-fixed-token")
    async with connect(credentials=FixedToken("my-fixed-token")) as client:
        await client.user()
    assert pbx.count(TOKEN) == 0
    assert pbx.seen[-1].headers["Authorization"] == "Bearer my-fixed-token"


async def test_a_fixed_token_that_is_refused_is_not_tried_again_at_once(
    pbx: FakePbx, connect
) -> None:
    async with connect(credentials=FixedToken("my-fixed-token")) as client:
        for _ in range(2):
            with pytest.raises(PbxAuthError):
                await client.user()
    assert len(pbx.seen) == 1


async def test_access_denied_is_no_matter_of_the_token(pbx: FakePbx, connect) -> None:
    pbx.always = {USER: canned_json('{"status":"app_access_type_deny"}', 403)}
    async with connect() as client:
        for _ in range(2):
            with pytest.raises(PbxAuthError) as caught:
                await client.user()
            assert caught.value.reason is FailureReason.ACCESS_DENIED
    assert (pbx.tokens_issued, pbx.count(USER)) == (1, 2)


async def test_access_denied_with_a_renewed_token_is_that(pbx: FakePbx, connect) -> None:
    denied = canned_json('{"status":"access_denied"}', 403)
    pbx.script = [(USER, UNAUTHORIZED), (USER, denied)]
    async with connect() as client:
        with pytest.raises(PbxAuthError) as caught:
            await client.user()
        assert caught.value.reason is FailureReason.ACCESS_DENIED
        await client.user()  # nothing holds it back


FIXED = "my-fixed-token"


@pytest.mark.parametrize(
    ("path", "secret"),
    [(TOKEN, SECRET), (USER, SECRET), (USER, FIXED), (USER, "t0ken-number-1")],
)
async def test_a_secret_that_the_pbx_echoes_is_in_no_error(
    pbx: FakePbx, connect, path: str, secret: str
) -> None:
    echo = f'{{"message":"echo {secret}, https://x/?client_secret={secret}"}}'
    pbx.always = {path: canned_json(echo, 403)}
    pbx.accepted.add(FIXED)
    credentials = FixedToken(FIXED) if secret == FIXED else ClientCredentials("17", SECRET)
    async with connect(credentials=credentials) as client:
        with pytest.raises(PbxError) as caught:
            await client.user()
    error = caught.value
    for shown in (str(error), repr(error), *traceback.format_exception(error), repr(credentials)):
        assert secret not in shown
    assert "echo ***" in str(error)


# --- in virtual time --------------------------------------------------------------------------


class Source:
    """Grants tokens `a1`, `a2`, … for 1000 s, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: PbxError | None = None
        self.pause = 0.0

    async def __call__(self) -> Grant:
        self.asked += 1
        await asyncio.sleep(self.pause)
        if self.error is not None:
            raise self.error
        return Grant(f"a{self.asked}", 1000.0)


@asynccontextmanager
async def started(source: Callable | None, **more: str) -> AsyncIterator[Tokens]:
    tokens = Tokens(source, **more)
    async with asyncio.TaskGroup() as group:
        tokens.start(group)
        try:
            yield tokens
        finally:
            tokens.stop()


@pytest.mark.looptime
async def test_a_token_is_renewed_shortly_before_its_end() -> None:
    source = Source()
    async with started(source) as tokens:
        assert await tokens.current() == "a1"
        await asyncio.sleep(939)
        assert await tokens.current() == "a1"
        await asyncio.sleep(2)
        assert await tokens.current() == "a2"


@pytest.mark.looptime
async def test_a_renewal_outlives_who_began_it() -> None:
    source = Source()
    source.pause = 5.0
    async with started(source) as tokens, asyncio.TaskGroup() as group:
        first = group.create_task(tokens.current())
        await asyncio.sleep(1)
        second = group.create_task(tokens.current())
        await asyncio.sleep(1)
        first.cancel()
        assert await second == "a1"
        assert first.cancelled()
    assert source.asked == 1


@pytest.mark.looptime
async def test_a_renewal_that_nobody_waits_for_any_more_fails_quietly() -> None:
    source = Source()
    source.pause, source.error = 5.0, PbxUnavailableError("no", reason=FailureReason.NETWORK)
    async with started(source) as tokens, asyncio.TaskGroup() as group:
        alone = group.create_task(tokens.current())
        await asyncio.sleep(1)
        alone.cancel()
        await asyncio.sleep(10)
        source.error = None
        assert await tokens.current() == "a2"


@pytest.mark.looptime
async def test_a_bug_met_by_a_renewal_is_told_to_who_waits_and_the_next_is_sound() -> None:
    source = Source()
    source.error = ZeroDivisionError("a bug")  # type: ignore[assignment]
    async with started(source) as tokens:
        with pytest.raises(ZeroDivisionError):
            await tokens.current()
        source.error = None
        assert await tokens.current() == "a2"


@pytest.mark.looptime
async def test_who_waits_when_the_client_closes_is_told() -> None:
    source = Source()
    source.pause = 5.0
    async with asyncio.TaskGroup() as group, started(source) as tokens:
        waiter = group.create_task(failing(tokens.current()))
        await asyncio.sleep(1)
    assert "closed" in str(waiter.result())


@pytest.mark.looptime
async def test_who_comes_late_with_an_old_token_gets_the_new_one() -> None:
    source = Source()
    async with started(source) as tokens:
        old = await tokens.current()
        assert await tokens.newer_than(old) == "a2"
        assert await tokens.newer_than(old) == "a2"
    assert source.asked == 2


@pytest.mark.looptime
async def test_a_refusal_holds_longer_each_time_and_ends_with_a_success() -> None:
    source = Source()
    source.error = PbxAuthError("no", reason=FailureReason.CREDENTIALS_REFUSED)
    async with started(source) as tokens:
        pauses = []
        for _ in range(7):
            await failing(tokens.current())
            began, asked = asyncio.get_running_loop().time(), source.asked
            while source.asked == asked:
                await asyncio.sleep(1)
                await failing(tokens.current())
            pauses.append(asyncio.get_running_loop().time() - began)
        assert pauses[0] == pytest.approx(BACKOFF_FIRST, abs=1.5)
        assert pauses[1] == pytest.approx(2 * BACKOFF_FIRST, abs=1.5)
        assert pauses[-1] == pytest.approx(BACKOFF_CAP, abs=1.5)
        source.error = None
        await asyncio.sleep(BACKOFF_CAP)
        await tokens.current()
        tokens.refusal.clear()
        tokens.refusal.remember(PbxAuthError("x", reason=FailureReason.REJECTED))
        await asyncio.sleep(BACKOFF_FIRST)
        assert await tokens.current()


@pytest.mark.looptime
async def test_refusals_side_by_side_are_one() -> None:
    async with started(Source()) as tokens:
        token = await tokens.current()
        for _ in range(5):
            tokens.refusal.remember(PbxAuthError("x", reason=FailureReason.CREDENTIALS_REFUSED))
        tokens.drop(token)
        await asyncio.sleep(BACKOFF_FIRST)
        assert await tokens.current() == "a2"  # what was refused is not sent again


@pytest.mark.looptime
async def test_a_fixed_token_cannot_be_renewed_and_is_kept() -> None:
    async with started(None, fixed="mine") as tokens:
        assert await tokens.newer_than("mine") is None
        tokens.refusal.remember(PbxAuthError("x", reason=FailureReason.CREDENTIALS_REFUSED))
        assert isinstance(await failing(tokens.current()), PbxAuthError)
        await asyncio.sleep(BACKOFF_FIRST)
        assert await tokens.current() == "mine"


async def failing(awaitable) -> PbxError:
    with pytest.raises(PbxError) as caught:
        await awaitable
    return caught.value
