"""Whatever becomes of the disk: who is lost is told of, what is told is stored in the end, nothing
is told twice but what was marked, and everything that says "healthy" says otherwise meanwhile.
"""

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from fakes.clocks import Clocks
from fakes.daemon import daemon
from fakes.living import at_once, database_at_once, fake_pbx, gone
from fakes.pbx import SECRET, FakePbx, info, serving
from fakes.sink import Alert, Sink, sink
from fakes.storage import SLOW, TROUBLES
from structlog.testing import capture_logs

from regwatch.app.daemon import Daemon
from regwatch.config import load_config
from regwatch.core.history import Sought
from regwatch.core.model import Timestamp
from regwatch.simulator import Simulator, SimulatorSettings
from regwatch.store import Store

pytestmark = pytest.mark.e2e

PHONES = range(1, 101)
LOST = range(1, 101, 10)
"""A tenth: of more that vanish at once it is first looked for half a minute at what that is."""
TROUBLE_SECONDS = 40.0
SETTLED_SECONDS = 120.0
CONFIG = """\
accounts:
  - name: acme
    url: "{pbx}"
    client_id: demo
    client_secret: {secret}
    extensions: {{discover: {{every: 1h}}}}
    polling: {{interval: 10s}}
alerts: {{site_lost: false, address_changed: false, signed_off: {{severity: {severity}}}}}
receivers: [{{name: hook, webhook: {{url: "{hook}"}}}}]
routes: [{{receivers: [hook], group_wait: {group_wait}, group_interval: 5s}}]
http: {{listen: "127.0.0.1:0"}}
storage: {{url: "sqlite:///{file}"}}
"""


@dataclass
class Scene:
    """A PBX, a receiver and a database; daemons come and go, and share the clocks."""

    file: Path
    pbx: FakePbx
    hook: Sink
    clocks: Clocks
    lives: list[tuple[Daemon, asyncio.Event, asyncio.Task[None]]] = field(default_factory=list)

    def write(self, severity: str = "critical", group_wait: str = "10s") -> Path:
        config = self.file.parent.with_name("regwatch.yml")
        config.write_text(
            CONFIG.format(
                pbx=self.pbx.url, hook=self.hook.url, file=self.file, secret=SECRET,
                severity=severity, group_wait=group_wait,
            )
        )  # fmt: skip
        return config

    async def start(self, *, seconds: float = 25.0) -> Daemon:
        file = self.write()
        clocks, stop = self.clocks, asyncio.Event()
        config = load_config(file, environ={})
        daemon = Daemon(
            file, config, environ={}, clock=clocks.wall, steady=clocks.steady, read=at_once
        )
        running = asyncio.ensure_future(daemon.run(stop))
        self.lives.append((daemon, stop, running))
        await daemon.started.wait()
        await asyncio.sleep(seconds)
        return daemon

    async def stop(self) -> None:
        _, stop, running = self.lives.pop()
        stop.set()
        await running

    def lose(self, ids: Sequence[int]) -> None:
        self.pbx.answers = lambda i: gone(i) if i in ids else info(i)

    def extensions(self, status: str) -> set[str]:
        """Who was told of."""
        return {alert["labels"]["extension_id"] for alert in self.told(status)}

    def told(self, status: str) -> list[Alert]:
        """Of extensions; what is said of the account as a whole is another matter."""
        mine = (alert for alert in self.hook.alerts if "extension_id" in alert["labels"])
        return [alert for alert in mine if alert["status"] == status]


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    state = folder / "state"
    state.mkdir()
    async with AsyncExitStack() as stack:
        stack.enter_context(database_at_once())
        pbx = await stack.enter_async_context(serving(fake_pbx(len(PHONES))))
        hook = await stack.enter_async_context(sink())
        made = Scene(state / "regwatch.db", pbx, hook, Clocks())
        try:
            yield made
        finally:
            while made.lives:
                await made.stop()


@dataclass
class Seen:
    """What came of one cell of the table."""

    told: int = 0
    marked: int = 0
    said: str = ""
    repeated: int = 0
    recovered: int = 0
    lost: int = 0

    def __str__(self) -> str:
        return (
            f"told {self.told}, marked {self.marked}, said {self.said!r}, "
            f"repeated unmarked {self.repeated}, recovered {self.recovered}, lost {self.lost}"
        )


async def judged(it: Scene, said: str) -> Seen:
    """All phones are back, and the trouble is over: what was told, and what stands in the store."""
    fired = it.told("firing")
    times: dict[str, set[str]] = defaultdict(set)
    for alert in fired:
        times[alert["labels"]["extension_id"]].add(alert["regwatch"]["incident_id"])
    marked = [alert for alert in fired if alert["regwatch"].get("possibly_repeated")]
    may_repeat = {alert["labels"]["extension_id"] for alert in marked}
    twice = Counter(str(body) for body in it.hook.bodies)
    repeated = [one for one, of in times.items() if len(of) > 1 and one not in may_repeat]
    repeated += [body for body, number in twice.items() if number > 1]
    ids = {alert["regwatch"]["incident_id"] for alert in fired}
    ended = it.extensions("resolved")
    store = await Store.open(f"sqlite:///{it.file}")
    resolved = await store.incidents.resolved(since=Timestamp(0), limit=1000)
    stored = {incident.id for incident in resolved}
    told = {line.incident_id for line in await store.operations.history(Sought(limit=10_000))}
    waiting = await store.outbox.backlog()
    still = await store.incidents.open_incidents()
    await store.close()
    assert not waiting
    assert not still
    return Seen(
        told=len(times),
        marked=len(may_repeat),
        said=said,
        repeated=len(repeated),
        recovered=len(ended),
        lost=len(ids - stored) + len(ids - told) + len(set(map(str, LOST)) - set(times)),
    )


async def a_loss(it: Scene, trouble: str) -> Seen:
    daemon = await it.start()
    said = ""
    with TROUBLES[trouble](it.file):
        it.lose(LOST)
        await asyncio.sleep(TROUBLE_SECONDS)
        said = daemon.begun.view.health_problem() or ""
        assert daemon.begun.view.live_problem() is None
        assert len({each["labels"]["extension_id"] for each in it.told("firing")}) == len(LOST), (
            "late"
        )
    await asyncio.sleep(SETTLED_SECONDS)
    assert daemon.begun.view.health_problem() is None
    it.lose(())
    await asyncio.sleep(SETTLED_SECONDS)
    await it.stop()
    before = len(it.hook.bodies)
    await it.start(seconds=SETTLED_SECONDS)
    assert len(it.hook.bodies) == before, "a restart tells nothing again"
    await it.stop()
    return await judged(it, said)


async def a_restart(it: Scene, trouble: str) -> Seen:
    """In the midst of the trouble, with six lost before it, two while it is down, and two after its
    start.
    """
    await it.start()
    it.lose(LOST[:6])
    await asyncio.sleep(30)
    with TROUBLES[trouble](it.file):
        await asyncio.sleep(5)
        await it.stop()
        it.lose(LOST[:8])
        daemon = await it.start()
        it.lose(LOST)
        await asyncio.sleep(TROUBLE_SECONDS)
        assert {str(i) for i in LOST[8:]} <= it.extensions("firing"), "late"
        said = daemon.begun.view.health_problem() or ""
        assert daemon.begun.view.live_problem() is None
    await asyncio.sleep(SETTLED_SECONDS)
    assert daemon.begun.view.health_problem() is None
    it.lose(())
    await asyncio.sleep(SETTLED_SECONDS)
    await it.stop()
    return await judged(it, said)


async def a_reload(it: Scene, trouble: str) -> Seen:
    """Done where nothing has to be read of the store, else refused with the reason; afterwards it
    is done in any case.
    """
    daemon = await it.start()
    with TROUBLES[trouble](it.file):
        it.lose(LOST)
        await asyncio.sleep(5)
        it.write(severity="warning")
        problems = await daemon.reload()
        assert not problems or trouble not in SLOW
        await asyncio.sleep(TROUBLE_SECONDS)
        said = "; ".join(problems) or daemon.begun.view.health_problem() or ""
    await asyncio.sleep(SETTLED_SECONDS)
    assert await daemon.reload() == []
    it.lose(())
    await asyncio.sleep(SETTLED_SECONDS)
    await it.stop()
    return await judged(it, said)


async def a_reload_once_told(it: Scene, trouble: str) -> Seen:
    """Who is built anew in the midst of it goes on with what was told and could not be stored."""
    daemon = await it.start()
    with TROUBLES[trouble](it.file):
        it.lose(LOST)
        await asyncio.sleep(30)
        it.write(severity="warning", group_wait="11s")  # the account and the desk
        assert await daemon.reload() == []
        await asyncio.sleep(TROUBLE_SECONDS)
        said = daemon.begun.view.health_problem() or ""
    await asyncio.sleep(SETTLED_SECONDS)
    it.lose(())
    await asyncio.sleep(SETTLED_SECONDS)
    begun = {alert["regwatch"]["incident_id"] for alert in it.told("firing")}
    ended = {alert["regwatch"]["incident_id"] for alert in it.told("resolved")}
    assert (len(begun), begun) == (len(LOST), ended)
    await it.stop()
    return await judged(it, said)


EVENTS = {
    "loss of ten phones": a_loss,
    "restart": a_restart,
    "reload": a_reload,
    "reload once told": a_reload_once_told,
}


ALWAYS = {
    ("full", "loss of ten phones"),
    ("gone", "restart"),
    ("locked 40 s", "reload"),
    ("full", "reload once told"),
}
"""These are tried with each change, all others with the long tests."""


def cell(trouble: str, what: str) -> Any:
    marks = () if (trouble, what) in ALWAYS else (pytest.mark.long,)
    return pytest.param(trouble, what, id=f"{trouble}, {what}", marks=marks)


@pytest.mark.looptime
@pytest.mark.parametrize(("trouble", "what"), [cell(*each) for each in product(TROUBLES, EVENTS)])
async def test_nothing_is_lost_and_nothing_told_twice_unmarked(
    trouble: str, what: str, tmp_path: Path
) -> None:
    with capture_logs() as logs:
        async with scene(tmp_path) as it:
            seen = await EVENTS[what](it, trouble)
    if os.environ.get("REGWATCH_TABLE"):
        print(f"\n| {trouble} | {what} | {seen} |")
    assert (seen.told, seen.recovered, seen.repeated, seen.lost) == (len(LOST), len(LOST), 0, 0)
    is_away = trouble not in SLOW
    assert bool(seen.said) is is_away
    events = [line["event"] for line in logs]
    assert bool(events.count("store_away") + events.count("store_not_opened")) is is_away


@pytest.mark.long
async def test_a_process_without_its_folder_watches_and_tells_and_takes_up_what_was_stored(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    settings = SimulatorSettings(extensions=5, seed=3, leases="30", quota=1_000_000, calm=True)
    async with (
        Simulator(settings).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url, state=state) as regwatch,
    ):
        await regwatch.until_ready()
        one, other, *_ = pbx.control.registered_ids()
        pbx.control.act(one, "unregister")
        await hook.until(lambda h: h.of(one))
        await regwatch.stop()
        state.rename(tmp_path / "elsewhere")
        await regwatch.start()
        await regwatch.until_metric("regwatch_store_up 0.0")
        await regwatch.until_ready()
        status, words = await regwatch.get("/-/healthy")
        assert (status, "nothing can be stored: cannot write to" in words) == (503, True)
        assert (await regwatch.get("/-/live"))[0] == 200
        pbx.control.act(other, "unregister")
        await hook.until(lambda h: h.of(other))
        assert hook.of(other)[0]["regwatch"]["possibly_repeated"] is True
        (tmp_path / "elsewhere").rename(state)
        await regwatch.until_metric("regwatch_store_up 1.0")
        for extension_id in (one, other):
            pbx.control.act(extension_id, "revive")
        await hook.until(lambda h: h.of(one, "resolved") and h.of(other, "resolved"))
        assert await regwatch.stop() == 0
    for extension_id in (one, other):
        told = {each["regwatch"]["incident_id"] for each in hook.of(extension_id)}
        assert len(told) == 1, "told of one incident, to its end"
