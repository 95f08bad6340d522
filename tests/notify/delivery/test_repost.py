"""Receivers that take for over what they are not told again."""

import asyncio
from collections.abc import Iterable, Sequence

import pytest
from fakes.notifications import lost

from regwatch.core.model import Incident, IncidentId
from regwatch.notify.delivery.repost import REPOST_SECONDS, repost_forever
from regwatch.notify.errors import ReceiverUnavailableError

pytestmark = pytest.mark.looptime


class Forgetful:
    """A receiver that wants to be told again; some of the first posts fail."""

    def __init__(self, name: str, *, failures: int = 0) -> None:
        self.name = name
        self.told: list[tuple[float, list[IncidentId], bool]] = []
        self._failures = failures

    async def repost(self, incidents: Iterable[Incident], *, alive: bool) -> None:
        if self._failures:
            self._failures -= 1
            raise ReceiverUnavailableError("away")
        when = asyncio.get_running_loop().time()
        self.told.append((when, [each.id for each in incidents], alive))


class Plain:
    """One that is told once."""

    name = "chat"


async def reposting(seconds: float, *receivers: object, alive: bool = True) -> None:
    def firing(name: str) -> Sequence[Incident]:
        return [lost(1)] if name == "first" else []

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await repost_forever(receivers, firing, lambda: alive)


@pytest.mark.parametrize("alive", [True, False])
async def test_each_is_told_once_a_minute_what_it_knows_to_fire(alive: bool) -> None:
    first, second = Forgetful("first"), Forgetful("second")
    await reposting(2.5 * REPOST_SECONDS, Plain(), first, second, alive=alive)
    assert first.told == [(REPOST_SECONDS * n, [lost(1).id], alive) for n in (1, 2)]
    assert second.told == [(REPOST_SECONDS * n, [], alive) for n in (1, 2)]


async def test_one_that_is_away_keeps_nobody_waiting_and_is_told_the_next_time() -> None:
    first, second = Forgetful("first", failures=1), Forgetful("second")
    await reposting(2.5 * REPOST_SECONDS, first, second)
    assert (len(first.told), len(second.told)) == (1, 2)


async def test_where_nobody_wants_it_there_is_nothing_to_do() -> None:
    await repost_forever([Plain()], lambda _name: [], lambda: True)
