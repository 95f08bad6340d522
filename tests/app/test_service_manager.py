"""What the service manager is told, and how often."""

import asyncio
from dataclasses import dataclass, field

import pytest
from fakes.notifications import lost
from fakes.values import ACME
from fakes.web import FakeAccount, FakeDaemon
from msgspec import structs

from regwatch.app.service_manager import BEGINNING, STATUS_SECONDS, ServiceManager
from regwatch.core.bugs import Where
from regwatch.core.model import Extension, ExtensionId, ExtensionState, IncidentState, Watched
from regwatch.guard import Bugs

pytestmark = pytest.mark.looptime


@dataclass
class Notifier:
    watchdog_seconds: float | None = None
    said: list[str] = field(default_factory=list)

    def ready(self, status: str) -> None:
        self.said.append(f"ready: {status}")

    def status(self, text: str) -> None:
        self.said.append(text)

    def reloading(self) -> None:
        self.said.append("reloading")

    def stopping(self) -> None:
        self.said.append("stopping")

    def watchdog(self) -> None:
        self.said.append("alive")


class Daemon(FakeDaemon):
    stalled: str | None = None

    def live_problem(self) -> str | None:
        return self.stalled


def watching(*states: ExtensionState) -> FakeAccount:
    return FakeAccount(
        ACME,
        {
            ExtensionId(n): Watched(extension=Extension(ExtensionId(n), ""), state=state)
            for n, state in enumerate(states)
        },
    )


def manager(view: FakeDaemon, **how: float) -> tuple[ServiceManager, Notifier]:
    notifier = Notifier(**how)
    return ServiceManager(notifier, view, Bugs()), notifier  # type: ignore[arg-type]


def test_its_status_counts_what_is_watched_and_what_fires() -> None:
    states = ExtensionState.REGISTERED, ExtensionState.REGISTERED, ExtensionState.REMOVED
    pending = structs.replace(lost(), state=IncidentState.PENDING)
    it, notifier = manager(Daemon([watching(*states)], [lost(), pending]))
    it.ready()
    assert notifier.said == [
        "ready: Watching 2 extensions: 2 registered, 1 removed; 1 alerts",
    ]


def test_of_nothing_it_says_so() -> None:
    it, notifier = manager(Daemon())
    it.reloading()
    it.ready()
    it.stopping()
    nothing = f"ready: {BEGINNING}"
    assert notifier.said == ["reloading", nothing, "stopping"]


async def test_the_status_is_told_when_it_changes() -> None:
    view = Daemon([watching(ExtensionState.REGISTERED)])
    it, notifier = manager(view)
    telling = asyncio.ensure_future(it.tell_status())
    await asyncio.sleep(3 * STATUS_SECONDS)
    view.open_incidents.append(lost())
    await asyncio.sleep(3 * STATUS_SECONDS)
    telling.cancel()
    assert [text[-8:] for text in notifier.said] == ["0 alerts", "1 alerts"]


async def test_the_watchdog_is_fed_twice_in_its_time_and_not_while_polls_stand_still() -> None:
    view = Daemon()
    it, notifier = manager(view, watchdog_seconds=60.0)
    feeding = asyncio.ensure_future(it.feed_watchdog())
    await asyncio.sleep(299)
    assert notifier.said == ["alive"] * 10
    view.stalled = "polling stands still for acme"
    await asyncio.sleep(300)
    feeding.cancel()
    assert notifier.said == ["alive"] * 10


async def test_where_no_watchdog_asks_none_is_fed() -> None:
    it, notifier = manager(Daemon())
    await it.feed_watchdog()
    assert notifier.said == []


async def test_a_bug_in_looking_at_the_polls_restarts_nothing() -> None:
    view = Daemon()

    def fails() -> str | None:
        raise ZeroDivisionError

    view.live_problem = fails  # type: ignore[method-assign]
    it, notifier = manager(view, watchdog_seconds=60.0)
    feeding = asyncio.ensure_future(it.feed_watchdog())
    await asyncio.sleep(299)
    feeding.cancel()
    assert notifier.said == ["alive"] * 10, "a start anew would not mend it"
    assert [each.where for each in it._bugs.latest()] == [Where.WATCHDOG]
