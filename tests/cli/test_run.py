"""`regwatch run`: what a signal does."""

import asyncio

from regwatch.cli.run import _reload_on


class Starting:
    """A daemon that has not started, and counts its reloads."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.reloaded = asyncio.Event()

    async def reload(self) -> list[str]:
        assert self.started.is_set()
        self.reloaded.set()
        return []


async def test_a_hangup_during_the_start_is_heard_after_it() -> None:
    daemon, hangup = Starting(), asyncio.Event()
    hangup.set()
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(_reload_on(hangup, daemon))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        assert hangup.is_set()
        daemon.started.set()
        await daemon.reloaded.wait()
        listening.cancel()
