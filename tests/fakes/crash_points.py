"""Every moment at which a crash of the daemon could make a difference, and what comes of one there.

A killed process leaves what its files hold and what receivers have taken; nothing else. So the
daemon lives through `every_alert` once, undisturbed, and at each durable step (before and after
each commit, before each message is taken, after it, after its acknowledgement) both are kept. From
each of these a daemon is started, a moment later, and lives on to the end.
"""

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import looptime
from aiohttp import web
from aiohttp.test_utils import TestServer
from fakes import every_alert
from fakes.clocks import Clocks
from fakes.every_alert import END, OF_ACCOUNT, RECEIVERS, TroubledPbx
from fakes.living import database_at_once
from fakes.pbx import serving
from fakes.values import START
from sqlalchemy.engine.default import DefaultDialect
from structlog.testing import capture_logs

from regwatch.app.daemon import Daemon
from regwatch.config import load_config
from regwatch.core.model import Timestamp

RESTART_SECONDS = 2.0
"""From a death to the next start."""
FILES = ("regwatch.db", "regwatch.db-wal")
PIECE = 4096
SHARE = 8
"""Moments that one process tries, one after the other."""
T = TypeVar("T")


class Step(StrEnum):
    """What makes a difference to whoever comes after a crash."""

    COMMITTING = "before a commit"
    COMMITTED = "after a commit"
    SENT = "a message is sent"
    TAKEN = "it is taken"
    ACKNOWLEDGED = "it is acknowledged"


@dataclass(frozen=True)
class Message:
    """As a receiver took it."""

    id: str
    alerts: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Point:
    """A moment, and what a process that is killed then leaves."""

    step: Step
    at: float
    files: tuple[tuple[str, tuple[bytes, ...]], ...]
    """Each name, and its content in pieces."""
    taken: tuple[int, ...]
    """Of each receiver: how many messages."""

    @property
    def left(self) -> object:
        """Where this is equal, the same must come of it: it is tried once."""
        return self.at, self.files, self.taken


Story = tuple[str, frozenset[tuple[str, str]], tuple[str, ...]]
"""A receiver, an incident's labels (but for its severity), and what it was told of it, in order."""


@dataclass
class Heard:
    """What receivers took, in order, by name."""

    messages: dict[str, list[Message]]

    def stories(self) -> Counter[Story]:
        """Of each incident; a message that came again is heard once."""
        found: Counter[Story] = Counter()
        for name, messages in self.messages.items():
            once = {message.id: message for message in messages}.values()
            for alerts in by_incident(once).values():
                labels = alerts[0]["labels"].items()
                told = tuple(f"{a['labels']['alertname']} {a['status']}" for a in alerts)
                kept = (each for each in labels if each[0] not in ("severity", "alertname"))
                found[name, frozenset(kept), told] += 1
        return found

    def repeated(self) -> set[tuple[str, str]]:
        """Which messages a receiver took again, under the id they had."""
        return {
            (name, id_)
            for name, messages in self.messages.items()
            for id_, times in Counter(message.id for message in messages).items()
            if times > 1
        }

    def out_of_order(self) -> int:
        """How many incidents fired after their end, or ended first; repetitions counted."""
        return sum(
            [a["status"] for a in alerts] != sorted(a["status"] for a in alerts)
            or alerts[0]["status"] != "firing"
            for messages in self.messages.values()
            for alerts in by_incident(messages).values()
        )


def by_incident(messages: Iterable[Message]) -> Mapping[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for message in messages:
        for alert in message.alerts:
            found.setdefault(alert["regwatch"]["incident_id"], []).append(alert)
    return found


@dataclass(frozen=True)
class Verdict:
    """What came of a crash."""

    point: Point
    lost: Counter[Story]
    wrong: Counter[Story]
    """Told under another id, or of what was not."""
    out_of_order: int
    repeated: int
    """Messages that came again under the id they had."""

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.wrong or self.out_of_order)


@dataclass
class World:
    """What outlives a daemon: PBXes and receivers, served in this loop, and the time."""

    folder: Path
    begins_at: float = 0.0
    """What the loop's time was when the scenario began."""
    heard: Heard = field(default_factory=lambda: Heard({name: [] for name in RECEIVERS}))
    on_step: Callable[[Step], None] = lambda _step: None
    urls: dict[str, str] = field(default_factory=dict)

    def now(self) -> float:
        """Seconds since the scenario began."""
        return asyncio.get_running_loop().time() - self.begins_at

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """One message for one of the receivers."""
        name = request.path.strip("/")
        body = await request.json()
        status, takes = every_alert.mood(name, self.now())
        self.on_step(Step.SENT)
        if takes:
            taken = Message(request.headers["webhook-id"], body["alerts"])
            self.heard.messages[name].append(taken)
            self.on_step(Step.TAKEN)
        response = web.Response(status=status)
        await response.prepare(request)
        await response.write_eof()
        self.on_step(Step.ACKNOWLEDGED)
        return response

    async def live(self, folder: Path, *, since: float) -> None:
        """One daemon from then on to the end, on what its folder holds."""
        self.begins_at = asyncio.get_running_loop().time() - since
        clocks = Clocks(Timestamp(START + since - asyncio.get_running_loop().time()))
        file = folder / "regwatch.yml"
        pbxes = {name: self.urls[name] for name in OF_ACCOUNT}
        receivers = {name: self.urls[name] for name in RECEIVERS}
        file.write_text(every_alert.config(folder, pbxes, receivers))
        config, stop = load_config(file, environ={}), asyncio.Event()
        daemon = Daemon(file, config, environ={}, clock=clocks.wall, steady=clocks.steady)
        with capture_logs():
            async with asyncio.TaskGroup() as group:
                group.create_task(daemon.run(stop))
                await asyncio.sleep(END - since)
                stop.set()
        gc.unfreeze()  # what the daemon froze would stay for good


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    made = World(folder)
    app = web.Application()
    app.router.add_post("/{name}", made.receive)
    async with AsyncExitStack() as stack:
        stack.enter_context(database_at_once())
        for name in OF_ACCOUNT:
            pbx = await stack.enter_async_context(serving(TroubledPbx(name, made.now)))
            made.urls[name] = pbx.url
        server = TestServer(app, shutdown_timeout=0)
        await server.start_server()
        stack.push_async_callback(server.close)
        made.urls |= {name: str(server.make_url(f"/{name}")) for name in RECEIVERS}
        yield made


@contextmanager
def commits(note: Callable[[Step], None]) -> Iterator[None]:
    """Whatever is committed, whoever does it, is noted before and after."""
    plain = DefaultDialect.do_commit

    def do_commit(dialect: DefaultDialect, connection: Any) -> None:
        note(Step.COMMITTING)
        plain(dialect, connection)
        note(Step.COMMITTED)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
    try:
        yield
    finally:
        DefaultDialect.do_commit = plain  # type: ignore[method-assign]


class Camera:
    """Keeps what files hold, again and again; a piece that is as it was before costs nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pieces: dict[bytes, bytes] = {}

    def picture(self) -> tuple[tuple[str, tuple[bytes, ...]], ...]:
        there = [name for name in FILES if (self._folder / name).exists()]
        return tuple((name, tuple(self._pieces_of(self._folder / name))) for name in there)

    def _pieces_of(self, file: Path) -> Iterator[bytes]:
        content = file.read_bytes()
        for begin in range(0, len(content), PIECE):
            piece = content[begin : begin + PIECE]
            yield self._pieces.setdefault(piece, piece)


async def recorded(at: World) -> tuple[Heard, Sequence[Point]]:
    """Live through all of it undisturbed; what was heard, and all moments to die at."""
    folder = at.folder / "undisturbed"
    folder.mkdir()
    camera, points = Camera(folder), list[Point]()

    def note(step: Step) -> None:
        taken = tuple(len(at.heard.messages[name]) for name in RECEIVERS)
        points.append(Point(step, at.now(), camera.picture(), taken))

    at.on_step = note
    with commits(note):
        await at.live(folder, since=0.0)
    at.on_step = lambda _step: None
    return at.heard, points


async def crashed(at: World, undisturbed: Heard, point: Point) -> Verdict:
    """Start on what a crash at this moment leaves, and live on to the end."""
    taken = zip(RECEIVERS, point.taken, strict=True)
    at.heard = Heard({name: undisturbed.messages[name][:number] for name, number in taken})
    with TemporaryDirectory(dir=at.folder) as folder:
        for name, pieces in point.files:
            Path(folder, name).write_bytes(b"".join(pieces))
        await at.live(Path(folder), since=min(point.at + RESTART_SECONDS, END))
    owed, told = undisturbed.stories(), at.heard.stories()
    lost, wrong = owed - told, told - owed
    repeated = at.heard.repeated() - undisturbed.repeated()
    return Verdict(point, lost, wrong, at.heard.out_of_order(), len(repeated))


def distinct(points: Sequence[Point]) -> Sequence[Point]:
    """Without those that differ in nothing from one before."""
    return list({point.left: point for point in points}.values())


# --- by hand -------------------------------------------------------------------------------------


def table(points: Sequence[Point], verdicts: Sequence[Verdict]) -> str:
    """One line per kind of moment."""
    by_left = {verdict.point.left: verdict for verdict in verdicts}
    found = [(point.step, by_left[point.left]) for point in points if point.left in by_left]
    head = ("killed", "times", "lost", "out of order", "told wrongly", "again, with the same id")
    lines = [head, ("---",) * len(head)]
    lines += [(step.value, *figures([v for s, v in found if s is step])) for step in Step]
    lines.append(("in all", *figures([verdict for _, verdict in found])))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figures(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield str(len(verdicts))
    yield str(sum(verdict.lost.total() for verdict in verdicts))
    yield str(sum(verdict.out_of_order for verdict in verdicts))
    yield str(sum(verdict.wrong.total() for verdict in verdicts))
    yield str(sum(verdict.repeated for verdict in verdicts))


def in_a_loop(work: Callable[[World], Coroutine[Any, Any, T]]) -> T:
    """In virtual time, in a world of its own."""

    async def go() -> T:
        with TemporaryDirectory() as folder:
            async with world(Path(folder)) as at:
                return await work(at)

    with closing(looptime.new_event_loop(start=0.0)) as loop:
        return loop.run_until_complete(go())


def each_crashed(undisturbed: Heard, points: Sequence[Point]) -> Sequence[Verdict]:
    async def work(at: World) -> Sequence[Verdict]:
        return [await crashed(at, undisturbed, point) for point in points]

    return in_a_loop(work)


def main(arguments: Sequence[str]) -> None:
    """Of all moments every so many-th; each of them, if nothing else is said."""
    stride = int(arguments[0]) if arguments else 1
    undisturbed, points = in_a_loop(recorded)
    chosen = distinct(points)[::stride]
    shares = [chosen[n : n + SHARE] for n in range(0, len(chosen), SHARE)]
    verdicts: list[Verdict] = []
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        for share in pool.map(each_crashed, [undisturbed] * len(shares), shares):
            verdicts += share
            print(f"{len(verdicts)} of {len(chosen)}", *filter(None, map(fault, share)), flush=True)
    print(table(points, verdicts))
    print(
        f"{len(points)} durable steps, {len(distinct(points))} of them with an outcome of its own"
    )


def fault(verdict: Verdict) -> str:
    """What was wrong; empty if nothing was."""
    if verdict.is_sound:
        return ""
    lost, wrong = list(verdict.lost), list(verdict.wrong)
    return f"\n{verdict.point.step} at {verdict.point.at:.3f}: lost {lost}, wrong {wrong}"


if __name__ == "__main__":
    main(sys.argv[1:])
