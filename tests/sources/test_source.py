"""The contract of a source, held by each kind of them: the same laws, whoever answers.

A kind is opened on the same small world: who is registered, who is refused, who is not answered.
"""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from fakes.pbx import SECRET, Canned, FakePbx, canned_json, info, serving
from fakes.values import ACME, answer, batch, listing, registration

from regwatch.clock import wall_clock
from regwatch.core.model import ExtensionId, FailureReason, Timestamp
from regwatch.core.recording import Recorded
from regwatch.sources.recorded.source import recorded_source
from regwatch.sources.ringme.client import PbxClient
from regwatch.sources.ringme.settings import ClientCredentials, PbxSettings
from regwatch.sources.source import OUTCOMES, SUCCESS, Connection, RequestMade, SourceError

A_BATCH = 4
"""The most ids in a request, where that can be set."""


@dataclass
class World:
    """What a source of any kind is to find."""

    registered: Sequence[int] = ()
    unregistered: Sequence[int] = ()
    refused: frozenset[int] = frozenset()
    silent: Sequence[int] = ()
    """Asked for, and left out of the answer."""
    says_more: bool = False
    """It answers for all of these, whoever is asked for."""
    failure: FailureReason | None = None
    """Of every request."""
    made: list[RequestMade] = field(default_factory=list)

    @property
    def all(self) -> tuple[int, ...]:
        return (*self.registered, *self.unregistered, *self.refused, *self.silent)


Opened = Callable[[World, Path], AbstractAsyncContextManager[Connection]]

FAILING = {
    FailureReason.SERVER_ERROR: Canned(503),
    FailureReason.NETWORK: Canned(resets=True),
    FailureReason.THROTTLED: Canned(429, headers={"Retry-After": "30"}),
    FailureReason.TOKEN_REFUSED: Canned(401),
    FailureReason.ACCESS_DENIED: canned_json('{"status":"app_access_type_deny"}', 403),
    FailureReason.BAD_ANSWER: Canned(
        200, "<html>Good morning</html>", {"Content-Type": "text/html"}
    ),
    FailureReason.REDIRECTED: Canned(302, headers={"Location": "https://elsewhere.example.com"}),
}


@asynccontextmanager
async def ringme(world: World, _folder: Path) -> AsyncIterator[Connection]:
    pbx = FakePbx()
    pbx.bad_ids, pbx.most_ids = set(world.refused), A_BATCH
    known = {
        **{i: info(i) for i in world.registered},
        **{i: info(i, registered=False, registrations=[]) for i in world.unregistered},
    }
    pbx.answers = known.get
    pbx.extensions = [{"id": i, "name": f"000*{100 + i}"} for i in world.all]
    if world.says_more:
        said = json.dumps([info(i) for i in world.registered])
        pbx.always["/api/ver1.0/extension/registration/"] = canned_json(said)
    if world.failure is not None:
        pbx.always["/api"] = FAILING[world.failure]
    async with serving(pbx):
        settings = PbxSettings(pbx.url, ClientCredentials("17", SECRET), batch_size=A_BATCH)
        async with PbxClient(settings, clock=wall_clock, listeners=[world.made.append]) as client:
            yield client


@asynccontextmanager
async def recorded(world: World, folder: Path) -> AsyncIterator[Connection]:
    answers = [
        *(answer(i, registration(f"uloc-{i}"), when=0) for i in world.registered),
        *(answer(i, when=0) for i in world.unregistered),
    ]
    said = batch(*answers, refused=world.refused, asked=world.silent)
    begun, file = Timestamp(1.0), folder / "answers.jsonl"
    records = [
        Recorded(at=begun, account=ACME, listing=listing(*world.all)),
        Recorded(at=begun, account=ACME, batch=said),
    ]
    if world.failure is not None:
        records = [Recorded(at=begun, account=ACME, failure=world.failure, detail="no answer")]
    file.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in records))
    source = recorded_source(file, ACME, clock=wall_clock, listeners=[world.made.append])
    async with source:
        yield source


pytestmark = pytest.mark.parametrize("opened", [ringme, recorded])


def ids(*numbers: int) -> list[ExtensionId]:
    return [ExtensionId(number) for number in numbers]


async def test_who_is_registered_and_who_is_not(opened: Opened, tmp_path: Path) -> None:
    async with opened(World(registered=[1, 2], unregistered=[3]), tmp_path) as source:
        source.prepare()
        said = await source.registrations(ids(1, 2, 3))
    assert {i: each.registered for i, each in said.answers.items()} == {1: True, 2: True, 3: False}
    assert [each.id for each in said.answers[ExtensionId(1)].registrations] == ["uloc-1"]
    assert (said.asked, said.refused, said.failure) == ((1, 2, 3), frozenset(), None)


async def test_of_nobody_else_than_who_was_asked_for(opened: Opened, tmp_path: Path) -> None:
    async with opened(World(registered=range(1, 9), says_more=True), tmp_path) as source:
        said = await source.registrations(ids(7, 2))
    assert said.asked == (7, 2)
    assert set(said.answers) == {7, 2}


async def test_asked_for_twice_is_asked_for_once(opened: Opened, tmp_path: Path) -> None:
    async with opened(World(registered=[1, 2]), tmp_path) as source:
        said = await source.registrations(ids(2, 1, 2))
    assert said.asked == (2, 1)


async def test_for_nobody_no_request_is_made(opened: Opened, tmp_path: Path) -> None:
    world = World(registered=[1])
    async with opened(world, tmp_path) as source:
        said = await source.registrations([])
    assert (said.asked, dict(said.answers), world.made) == ((), {}, [])


async def test_more_than_go_into_a_request_are_all_answered(opened: Opened, tmp_path: Path) -> None:
    world = World()
    async with opened(world, tmp_path) as source:
        limit = source.batch_limit
    assert limit >= 1
    world.registered = range(1, 2 * limit + 2)
    async with opened(world, tmp_path) as source:
        said = await source.registrations(ids(*world.registered))
    assert said.unanswered == ()
    assert said.asked == tuple(world.registered)


async def test_who_is_refused_is_named_and_the_others_are_answered(
    opened: Opened, tmp_path: Path
) -> None:
    world = World(registered=[1, 2, 3], refused=frozenset({9}))
    async with opened(world, tmp_path) as source:
        said = await source.registrations(ids(1, 9, 2, 3))
    assert (set(said.answers), said.refused, said.failed_ids) == ({1, 2, 3}, {9}, ())


async def test_who_is_left_out_is_unknown_and_neither_lost_nor_refused(
    opened: Opened, tmp_path: Path
) -> None:
    async with opened(World(registered=[1], silent=[2]), tmp_path) as source:
        said = await source.registrations(ids(1, 2))
    assert (set(said.answers), said.unanswered, said.refused) == ({1}, (2,), frozenset())


async def test_the_list_names_them_all(opened: Opened, tmp_path: Path) -> None:
    async with opened(World(registered=[1, 2], unregistered=[3]), tmp_path) as source:
        listed = await source.extensions(type="phone", status="active")
    assert [(each.id, each.name) for each in listed.extensions] == [
        (1, "000*101"),
        (2, "000*102"),
        (3, "000*103"),
    ]
    assert listed.complete


@pytest.mark.parametrize("failure", FAILING)
async def test_where_nothing_is_answered_a_source_error_says_why(
    opened: Opened, tmp_path: Path, failure: FailureReason
) -> None:
    world = World(failure=failure)
    async with opened(world, tmp_path) as source:
        with pytest.raises(SourceError) as caught:
            await source.registrations(ids(1, 2))
    assert caught.value.reason is failure
    told_to_wait = opened is ringme and failure is FailureReason.THROTTLED
    assert caught.value.retry_after == (30.0 if told_to_wait else None)
    assert str(caught.value)
    assert world.made[-1].outcome == failure.value


async def test_a_list_that_is_not_to_be_had_is_a_source_error(
    opened: Opened, tmp_path: Path
) -> None:
    async with opened(World(failure=FailureReason.SERVER_ERROR), tmp_path) as source:
        with pytest.raises(SourceError) as caught:
            await source.extensions(type=None, status=None)
    assert isinstance(caught.value.reason, FailureReason)


async def test_each_request_tells_its_listeners_what_became_of_it(
    opened: Opened, tmp_path: Path
) -> None:
    world = World(registered=[1])
    async with opened(world, tmp_path) as source:
        await source.extensions(type=None, status=None)
        await source.registrations(ids(1))
        quota = source.quota
    told = [(made.endpoint, made.outcome) for made in world.made]
    assert [each for each in told if each[0] != "token"] == [
        ("extensions", SUCCESS),
        ("registrations", SUCCESS),
    ]
    assert all(made.outcome in OUTCOMES and made.duration_seconds >= 0 for made in world.made)
    assert [made for made in world.made if made.endpoint == "token" and made.is_counted] == []
    assert quota is None
