"""A simulated PBX over real sockets and a watcher on it, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fakes.clocks import both
from fakes.state import MemoryStore
from fakes.values import ACME, EVERY_ALERT, START

from regwatch.core.account import Account
from regwatch.core.model import (
    AlertName,
    ExtensionId,
    Incident,
    Timestamp,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.polling.planner import Planner, PollingPolicy
from regwatch.core.polling.selection import Discovery, Selection
from regwatch.core.sites import Sites
from regwatch.simulator import Control, Simulator, SimulatorSettings
from regwatch.sources.ringme.client import PbxClient
from regwatch.sources.ringme.settings import ClientCredentials, PbxSettings
from regwatch.sources.source import RequestMade
from regwatch.watcher.keeper import Keeper
from regwatch.watcher.watcher import Watcher

UNKNOWN_ID = ExtensionId(999_999)
MINUTES = 60.0


def now() -> Timestamp:
    return Timestamp(START + asyncio.get_running_loop().time())


@dataclass
class Scene:
    pbx: Control
    watcher: Watcher
    told: list[Incident]
    requests: list[RequestMade]

    def losses(self) -> list[Incident]:
        wrong = (AlertName.EXTENSION_LOST, AlertName.SIGNED_OFF, AlertName.REGISTRATION_LOST)
        return [i for i in self.told if i.alert in wrong]

    async def until_told(self, extension_id: int, *, patience: float) -> None:
        async with asyncio.timeout(patience):
            while extension_id not in [i.facts.extension_id for i in self.losses()]:
                await asyncio.sleep(5)


@asynccontextmanager
async def scene(
    extensions: int,
    *,
    leases: str = "300,600",
    quota: int = 2000,
    batch_size: int = 20,
    discover_every: float = 120.0,
    policy: MonitorPolicy | None = None,
) -> AsyncIterator[Scene]:
    """A calm PBX and a watcher on it, both on the loop's time."""
    simulated = SimulatorSettings(
        extensions=extensions, seed=5, leases=leases, calm=True, quota=quota
    )
    told: list[Incident] = []
    requests: list[RequestMade] = []
    async with Simulator(simulated, clock=now).serving() as pbx:
        credentials = ClientCredentials("demo", "demo-secret")
        planner = Planner(PollingPolicy(interval=60.0, batch_size=batch_size))
        monitor = Monitor(ACME, policy or MonitorPolicy(EVERY_ALERT), Sites())
        chosen = Selection(frozenset({UNKNOWN_ID}), Discovery(every_seconds=discover_every))
        account = Account(monitor, planner, chosen)

        def made(request: RequestMade) -> None:
            requests.append(request)
            account.request_made(request.quota, now=both(now()))

        settings = PbxSettings(pbx.url, credentials, batch_size=batch_size)
        async with PbxClient(settings, clock=now, listeners=[made]) as client:
            keeper = Keeper(monitor, MemoryStore(), clock=now, steady=now, on_incidents=told.extend)
            watcher = Watcher(account, client, keeper, clock=now, steady=now)
            async with asyncio.TaskGroup() as group:
                running = group.create_task(watcher.run())
                yield Scene(pbx.control, watcher, told, requests)
                running.cancel()
