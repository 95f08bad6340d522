"""The pings of a dead-man's switch: healthchecks.io, Uptime Kuma's push, Cronitor and their like
all take a GET, some of them a HEAD or a POST as well.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import aiohttp
import structlog

from regwatch.clock import Clock
from regwatch.notify.errors import DeliveryError
from regwatch.notify.http import Post, ask
from regwatch.notify.redaction import secrets_of

AGAIN_SECONDS = 5.0
"""A lost packet must not wake anybody: one more attempt after so long."""
TIMEOUT_SECONDS = 10.0
"""For each attempt: two of them and the pause fit into the usual minute between beats."""

log = structlog.get_logger(__name__)


class Beat(StrEnum):
    """What became of a beat; the metric label."""

    SENT = "sent"
    FAILED = "failed"
    """The switch could not be reached, or did not take it."""
    SUPPRESSED = "suppressed"
    """Not sent: regwatch cannot see, or cannot tell."""


@dataclass(frozen=True, slots=True)
class HeartbeatSettings:
    """Where to, and how often."""

    url: str = field(repr=False)
    every_seconds: float = 60.0
    method: str = "GET"
    """GET, POST or HEAD; without a body."""


class Heartbeat:
    """Pings while all is well, and is silent otherwise."""

    def __init__(
        self,
        settings: HeartbeatSettings,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
        problem: Callable[[], str],
        on_beat: Callable[[Beat], None],
    ) -> None:
        """`problem`: why it may not beat now; empty if it may."""
        self._settings = settings
        self._session = session
        self._clock = clock
        self._problem = problem
        self._on_beat = on_beat
        self._trouble = ""

    async def run(self) -> None:
        """Beat until cancelled."""
        loop = asyncio.get_running_loop()
        next_at = loop.time()
        while True:
            self._on_beat(await self._beat())
            next_at = max(next_at + self._settings.every_seconds, loop.time())
            await asyncio.sleep(next_at - loop.time())

    async def _beat(self) -> Beat:
        if problem := self._problem():
            self._note(problem)
            return Beat.SUPPRESSED
        error = await self._ping()
        if error:
            await asyncio.sleep(AGAIN_SECONDS)
            error = await self._ping()
        self._note(error)
        return Beat.FAILED if error else Beat.SENT

    async def _ping(self) -> str:
        """What went wrong; empty if nothing did."""
        url = self._settings.url
        request = Post(url, b"", timeout_seconds=TIMEOUT_SECONDS, secrets=secrets_of(url))
        try:
            await ask(self._session, self._settings.method, request, clock=self._clock)
        except DeliveryError as error:
            return error.message
        return ""

    def _note(self, trouble: str) -> None:
        """Say what changed, not what is."""
        # How long it lasts already is in the words of a problem: that is no other problem.
        kind, known = trouble.partition(" for ")[0], self._trouble.partition(" for ")[0]
        if kind != known:
            if trouble:
                log.warning("heartbeat_silent", reason=trouble)
            else:
                log.info("heartbeat_back")
        self._trouble = trouble
