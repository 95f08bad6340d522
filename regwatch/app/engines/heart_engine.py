"""The pings of the dead-man's switch, started and stopped for themselves."""

import asyncio
from collections.abc import Callable

from regwatch.app.engines.running import Running
from regwatch.core.bugs import Where
from regwatch.guard import Bugs
from regwatch.notify.heartbeat import Heartbeat, HeartbeatSettings


class HeartEngine:
    """Starting twice is starting once, and so is stopping."""

    def __init__(
        self,
        settings: HeartbeatSettings,
        build: Callable[[HeartbeatSettings], Heartbeat],
        bugs: Bugs,
        *,
        on_death: Callable[[object], None] = lambda _part: None,
    ) -> None:
        self.settings = settings
        self._running = Running(
            "heartbeat",
            Where.HEARTBEAT,
            build(settings).run,
            bugs,
            on_death=lambda: on_death(self),
        )

    async def load(self) -> None:
        """Nothing: it remembers nothing."""

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to ping, in a task of this group."""
        self._running.start(tasks)

    async def stop(self) -> None:
        """Ping no more."""
        await self._running.stop()
