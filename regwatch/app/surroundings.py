"""What outlives the parts: whoever is started or stopped finds it there, and leaves it there."""

from dataclasses import dataclass
from pathlib import Path

import aiohttp

from regwatch.clock import EvenClock, SteadyClock
from regwatch.core.alerts.mutes import Mutes
from regwatch.guard import Bugs
from regwatch.store import Store
from regwatch.web.metrics.instruments import Instruments


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Made once, when the daemon starts."""

    store: Store
    session: aiohttp.ClientSession
    """Of all receivers, and of the heartbeat."""
    mutes: Mutes
    """One for all: a silence that is set while a part is replaced holds for its successor."""
    instruments: Instruments
    clock: EvenClock
    steady: SteadyClock
    bugs: Bugs
    history_seconds: float = 30 * 86_400.0
    """How long what is over is kept."""
    record: Path | None = None
    """A file that keeps the PBX's answers."""
