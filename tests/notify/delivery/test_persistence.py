"""A store that fails is asked until it answers; what it will never take is said at once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from regwatch.core.unstorable import UnstorableError
from regwatch.notify.delivery.backoff import RetryPolicy
from regwatch.notify.delivery.persistence import Persistence

pytestmark = pytest.mark.looptime
POLICY = RetryPolicy()


def failing(*errors: Exception) -> Callable[[], Awaitable[str]]:
    """An operation that fails with these, one after the other, and then works."""
    left = list(errors)

    async def operation() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return operation


def asking() -> Persistence:
    return Persistence(POLICY, jitter=lambda: 1.0)


@pytest.mark.parametrize("way", ["write", "read"])
async def test_it_is_asked_ever_more_slowly_until_it_answers(way: str) -> None:
    begun = asyncio.get_running_loop().time()
    ask = getattr(asking(), way)
    assert await ask(failing(OSError(), OSError(), OSError()), "chat") == "done"
    waited = asyncio.get_running_loop().time() - begun
    assert waited == pytest.approx(7 * POLICY.first), "1 + 2 + 4"


async def test_trouble_is_one_line_and_so_is_its_end() -> None:
    with capture_logs() as logs:
        await asking().read(failing(OSError(), OSError()), "chat")
        await asking().read(failing(), "chat")
    assert [(each["event"], each["receiver"]) for each in logs] == [
        ("outbox_store_failed", "chat"),
        ("outbox_store_back", "chat"),
    ]
    assert logs[-1]["failures"] == 2


async def test_what_can_never_be_written_is_not_asked_for_again() -> None:
    with pytest.raises(UnstorableError):
        await asking().write(failing(OSError(), UnstorableError("half a character")), "chat")


async def test_to_read_is_worth_another_try_whatever_it_was() -> None:
    assert await asking().read(failing(UnstorableError("?")), "chat") == "done"


async def test_cancelled_it_ends() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(POLICY.first + POLICY.first):
            await asking().write(failing(*[OSError()] * 99), "chat")
