"""What the service manager is told while the daemon runs: how it is, and that it lives."""

import asyncio

from regwatch.core.bugs import Where
from regwatch.core.model import ExtensionState, IncidentState
from regwatch.guard import Bugs
from regwatch.systemd import Notifier
from regwatch.web.views import DaemonView

STATUS_SECONDS = 5.0
FIRST_SECONDS = 0.5
"""While whoever started it looks on."""
BEGINNING = "Reading the list of extensions"
LOOK_AGAIN_SECONDS = 1.0
"""After a ping that was withheld: polls that begin again, as after a suspend, are said in time."""


class ServiceManager:
    """Speaks to systemd; to nobody, where there is none."""

    def __init__(self, notifier: Notifier, view: DaemonView, bugs: Bugs) -> None:
        self._notifier = notifier
        self._bugs = bugs
        self._view = view

    def ready(self) -> None:
        """It runs, or runs again after a reload."""
        self._notifier.ready(self._status())

    def reloading(self) -> None:
        """It reads its configuration; `ready` ends that."""
        self._notifier.reloading()

    def stopping(self) -> None:
        """It is about to end."""
        self._notifier.stopping()

    async def tell_status(self) -> None:
        """Say how it is whenever that changes, until cancelled."""
        said = ""
        while True:
            if (status := self._status()) != said:
                said = status
                self._notifier.status(status)
            await asyncio.sleep(FIRST_SECONDS if said == BEGINNING else STATUS_SECONDS)

    async def feed_watchdog(self) -> None:
        """Say that it lives, as often as is asked for, until cancelled; only where it is asked."""
        while (seconds := self.watchdog_seconds) is not None:
            lives = self._is_alive()
            if lives:
                self._notifier.watchdog()
            await asyncio.sleep(seconds / 2 if lives else LOOK_AGAIN_SECONDS)

    @property
    def watchdog_seconds(self) -> float | None:
        """How often it is to be said that it lives; None: never."""
        return self._notifier.watchdog_seconds

    def _is_alive(self) -> bool:
        """Not its health: a start anew mends neither a full disk nor a receiver, nor a bug."""
        try:
            return self._view.live_problem() is None
        except Exception as error:  # noqa: BLE001 - a guard: the loop turns all the same
            self._bugs.met("liveness_unknown", Where.WATCHDOG, "how polling goes", error)
            return True

    def _status(self) -> str:
        totals = dict.fromkeys(ExtensionState, 0)
        accounts = self._view.accounts()
        for account in accounts:
            for (_, state), count in account.counts().items():
                totals[state] += count
        firing = sum(1 for i in self._view.incidents() if i.state is IncidentState.FIRING)
        watched = sum(totals.values()) - totals[ExtensionState.REMOVED]
        if not watched and not any(each.first_sweep_done for each in accounts):
            return BEGINNING
        words = [f"{count} {state}" for state, count in totals.items() if count]
        return f"Watching {watched} extensions: {', '.join(words) or 'none yet'}; {firing} alerts"
