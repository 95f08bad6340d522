"""What `/metrics` and the status page cost at 100,000 extensions: the hand-rendered families
against prometheus_client, and how long the loop is held up. Ratios count; absolutes are for the
reader."""

import asyncio
import time
from collections.abc import Awaitable

import pytest
from fakes.web import NOW, FakeDaemon, account, instruments, watched
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from regwatch.core.model import ExtensionState
from regwatch.guard import Bugs
from regwatch.web.metrics.exposition import Exposition, gzipped, negotiate
from regwatch.web.pages.page import StatusPage

pytestmark = pytest.mark.bench

COUNT = 100_000
FAMILIES = (
    "regwatch_extension_registered",
    "regwatch_extension_registrations",
    "regwatch_extension_lease_end_timestamp_seconds",
)


@pytest.fixture(scope="module")
def daemon() -> FakeDaemon:
    states = (ExtensionState.LOST, *[ExtensionState.REGISTERED] * 9)
    acme = account(*(watched(n, states[n % 10], site=f"site{n % 50}") for n in range(COUNT)))
    counts, registrations = acme.counts(), acme.registration_counts()
    # The monitor keeps these as it goes.
    acme.counts = lambda: counts  # type: ignore[method-assign]
    acme.registration_counts = lambda: registrations  # type: ignore[method-assign]
    return FakeDaemon([acme])


class Library(Collector):
    """The same families by a custom collector."""

    def __init__(self, daemon: FakeDaemon) -> None:
        self._daemon = daemon

    def collect(self):
        labels = ("account", "site", "extension_id", "extension")
        for family in [GaugeMetricFamily(name, name, labels=labels) for name in FAMILIES]:
            for one in self._daemon.accounts()[0].watched().values():
                values = ("acme", one.site, str(one.extension.id), one.extension.name)
                family.add_metric(values, len(one.registrations))
            yield family


async def longest_block(work: Awaitable[object]) -> tuple[float, float]:
    """Seconds: the whole, and the longest the loop was held up meanwhile."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest = max(longest, now - before)
            before = now

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        await asyncio.sleep(0)
        started = time.perf_counter()
        await work
        whole = time.perf_counter() - started
        await asyncio.sleep(0)
        watching.cancel()
    return whole, longest


async def test_the_exposition(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    exposition = Exposition(instruments(), daemon, True)

    async def drained(packed: bool) -> None:
        chunks = exposition.chunks(negotiate(""))
        async for _ in gzipped(chunks) if packed else chunks:
            pass

    registry = CollectorRegistry()
    registry.register(Library(daemon))
    started = time.perf_counter()
    generate_latest(registry)
    library = time.perf_counter() - started
    whole, block = await longest_block(drained(False))
    packed, packed_block = await longest_block(drained(True))
    with capsys.disabled():
        print(
            f"\n/metrics, {COUNT:,} extensions: prometheus_client {library:.2f} s in one block;"
            f" by hand {whole:.2f} s ({library / whole:.1f} times faster),"
            f" longest block {1000 * block:.1f} ms;"
            f" with gzip {packed:.2f} s, {1000 * packed_block:.1f} ms"
        )
    assert library / whole > 2
    assert library / max(block, packed_block) > 10


async def test_the_page(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    page = StatusPage(daemon, lambda: NOW, None, Bugs())
    await page.render({})
    report = [""]
    longest = 0.0
    for query in ({}, {"q": "000*777"}, {"state": "registered", "page": "899"}):
        # The best of three: a hiccup of the machine is no block of ours.
        runs = [await longest_block(page.render(query)) for _ in range(3)]
        whole, block = min(runs, key=lambda run: run[1] / run[0])
        longest = max(longest, block / whole)
        report.append(f"page {query}: {whole:.2f} s, longest block {1000 * block:.1f} ms")
    with capsys.disabled():
        print("\n".join(report))
    assert longest < 0.5
