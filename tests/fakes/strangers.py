"""`python -m fakes.strangers`: a daemon of its own, and strangers who ask too much of it. Prints a
table, and ends with an error if a limit is not kept. On loopback only, half a minute each.
"""

import asyncio
import math
import re
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import bcrypt
from fakes.daemon import DaemonProcess
from fakes.patience import PATIENCE

from regwatch.simulator import Simulator, SimulatorSettings

SECONDS = 30.0
PHONES = 200
USER, PASSWORD = "ops", "5ecret"
MOST_LAG, MOST_LOG, MOST_LATE = 0.05, 100_000, 20.0
SETTLING = 20.0
CONFIG = """\
accounts:
  - name: acme
    url: {pbx}
    client_id: demo
    client_secret: demo-secret
    polling: {{interval: 10s}}
http: {{listen: "{listen}", web_config_file: web.yml}}
storage: {{url: "sqlite:///{folder}/regwatch.db"}}
log: {{format: json}}
"""


def authorized(user: str, password: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(user, password)}


AUTHORIZED = authorized(USER, PASSWORD)


@dataclass
class Flooded:
    """What came of one."""

    name: str
    lag: float
    """The bound below which 99 of 100 delays of the loop stayed."""
    asked: float
    """The longest time without a poll."""
    late: float
    """Seconds from a phone's un-REGISTER to its incident."""
    log: int
    descriptors: int
    """More than before, when it is over."""


class Target:
    """The daemon, and what is seen of it."""

    def __init__(self, daemon: DaemonProcess, pbx: object) -> None:
        self.daemon = daemon
        self.pbx = pbx
        host, _, port = daemon.listen.rpartition(":")
        self.address = host, int(port)
        self._session = aiohttp.ClientSession(headers=AUTHORIZED)

    async def close(self) -> None:
        await self._session.close()

    async def get(self, path: str) -> str:
        """Patiently: while it is flooded, some are turned away."""
        for _ in range(200):
            with suppress(aiohttp.ClientError, TimeoutError):
                async with self._session.get(self.daemon.url + path) as answer:
                    if answer.status == 200:
                        return await answer.text()
            await asyncio.sleep(0.2)
        raise AssertionError(f"{path} is not answered")

    async def buckets(self) -> dict[float, float]:
        text = await self.get("/metrics")
        found = re.findall(r'event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
        return {math.inf if le == "+Inf" else float(le): float(n) for le, n in found}

    @property
    def descriptors(self) -> int:
        assert self.daemon.process is not None
        return len(list(Path(f"/proc/{self.daemon.process.pid}/fd").iterdir()))


def quantile(before: dict[float, float], after: dict[float, float], share: float) -> float:
    grown = {le: after[le] - before.get(le, 0.0) for le in after}
    return min(le for le, count in grown.items() if count >= share * grown[math.inf])


# --- the floods ----------------------------------------------------------------------------------


async def half_open(target: Target, ends_at: float) -> None:
    """2000 connections that begin a request and say no more; anew where one is let go."""
    held: list[socket.socket] = []
    loop = asyncio.get_running_loop()
    while loop.time() < ends_at:
        while len(held) < 2000:
            held.append(_connected(target.address))
            if len(held) % 100 == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(1.0)
        alive = [each for each in held if not _is_over(each)]
        for each in set(held) - set(alive):
            each.close()
        held = alive
    for each in held:
        each.close()


def _connected(address: tuple[str, int]) -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    with suppress(BlockingIOError):
        made.connect(address)
    with suppress(OSError):
        made.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    return made


def _is_over(connection: socket.socket) -> bool:
    try:
        return connection.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


async def many_requests(target: Target, ends_at: float) -> None:
    """500 requests a second for the list of extensions, with the right password."""
    async with aiohttp.ClientSession(headers=AUTHORIZED) as session:
        await _at_a_rate(
            500, ends_at, lambda: _ask(session, f"{target.daemon.url}/api/v1/extensions")
        )


async def wrong_passwords(target: Target, ends_at: float) -> None:
    """50 wrong passwords at once, again and again."""
    while asyncio.get_running_loop().time() < ends_at:
        async with aiohttp.ClientSession() as session:
            wrong = [authorized(f"u{n}", "wrong") for n in range(50)]
            url = f"{target.daemon.url}/"
            await asyncio.gather(*(_ask(session, url, headers=each) for each in wrong))


async def endless_bodies(target: Target, ends_at: float) -> None:
    """50 bodies that never end, as fast as they are taken."""

    async def one() -> None:
        while asyncio.get_running_loop().time() < ends_at:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(*target.address)
                token = AUTHORIZED["Authorization"]
                head = (
                    "POST /api/v1/silences HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    f"Authorization: {token}\r\n"
                    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                writer.write(head.encode())
                while asyncio.get_running_loop().time() < ends_at:
                    writer.write(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
                    async with asyncio.timeout(PATIENCE):
                        await writer.drain()
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)

    with suppress(TimeoutError):
        await asyncio.gather(*(one() for _ in range(50)), return_exceptions=True)


async def _at_a_rate(per_second: int, ends_at: float, ask: Callable[[], Awaitable[None]]) -> None:
    loop, flying = asyncio.get_running_loop(), set[asyncio.Task[None]]()
    while loop.time() < ends_at:
        for _ in range(per_second // 10):
            task = asyncio.ensure_future(ask())
            flying.add(task)
            task.add_done_callback(flying.discard)
        await asyncio.sleep(0.1)
    await asyncio.gather(*flying, return_exceptions=True)


async def _ask(session: aiohttp.ClientSession, url: str, **more: object) -> None:
    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.get(url, **more) as answer:  # type: ignore[arg-type]
            await answer.read()


FLOODS = (half_open, many_requests, wrong_passwords, endless_bodies)


# --- before, in the midst of it, after -----------------------------------------------------------


async def flooded(target: Target, flood: Callable[[Target, float], Awaitable[None]]) -> Flooded:
    loop = asyncio.get_running_loop()
    before, held = await target.buckets(), target.descriptors
    log = target.daemon.log.stat().st_size
    flooding = asyncio.create_task(flood(target, loop.time() + SECONDS))
    await asyncio.sleep(SECONDS / 3)
    incidents = told(target.daemon.log)
    gone = target.pbx.registered_ids()[0]  # type: ignore[attr-defined]
    target.pbx.act(gone, "unregister")  # type: ignore[attr-defined]
    began, late, polls = loop.time(), math.inf, Polls(target.pbx)
    while loop.time() < began + SECONDS / 2:
        polls.look(loop.time())
        if late == math.inf and told(target.daemon.log) > incidents:
            late = loop.time() - began
        await asyncio.sleep(0.25)
    await flooding
    await asyncio.sleep(SETTLING)
    after = await target.buckets()
    return Flooded(
        (flood.__doc__ or "").split(";")[0].rstrip("."),
        quantile(before, after, 0.99),
        polls.longest,
        late,
        target.daemon.log.stat().st_size - log,
        target.descriptors - held,
    )


class Polls:
    """When the PBX was asked."""

    def __init__(self, pbx: object) -> None:
        self._pbx = pbx
        self._count = self._served()
        self._at = asyncio.get_running_loop().time()
        self.longest = 0.0

    def _served(self) -> int:
        overview = self._pbx.overview()  # type: ignore[attr-defined]
        return sum(overview["served"].values())

    def look(self, now: float) -> None:
        count = self._served()
        if count > self._count:
            self._count, self._at = count, now
        self.longest = max(self.longest, now - self._at)


def told(log: Path) -> int:
    """Incidents of which the log tells."""
    return log.read_text(encoding="utf-8").count('"incident_fired"')


def lines(results: list[Flooded]) -> Iterator[str]:
    yield (
        "| flood, for half a minute | 99 % of the loop's delays | longest without a poll "
        "| a loss was told after | log | descriptors left over |"
    )
    yield "| --- | --- | --- | --- | --- | --- |"
    for each in results:
        yield (
            f"| {each.name} | ≤ {each.lag * 1000:.0f} ms | {each.asked:.1f} s | {each.late:.1f} s "
            f"| {each.log / 1000:.1f} kB | {each.descriptors} |"
        )


def wrong(results: list[Flooded]) -> Iterator[str]:
    for each in results:
        if each.lag > MOST_LAG:
            yield f"{each.name}: the loop was {each.lag} s late"
        if each.late > MOST_LATE or each.asked > MOST_LATE:
            yield f"{each.name}: polls or alerts were late"
        if each.log > MOST_LOG or each.descriptors > 5:
            yield f"{each.name}: {each.log} bytes of log, {each.descriptors} descriptors"


async def main() -> int:
    settings = SimulatorSettings(extensions=PHONES, calm=True, leases="300", quota=100_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()
        (folder / "web.yml").write_text(f"basic_auth_users: {{{USER}: '{hashed}'}}\n")
        async with Simulator(settings, clock=time.time).serving() as served:
            daemon = DaemonProcess(folder / "regwatch.yml")
            daemon.config.write_text(
                CONFIG.format(pbx=served.url, listen=daemon.listen, folder=folder)
            )
            await daemon.start()
            target = Target(daemon, served.control)
            try:
                await asyncio.sleep(SETTLING)
                results = [await flooded(target, flood) for flood in FLOODS]
            finally:
                await target.close()
                await daemon.stop()
    print("\n".join(lines(results)))
    problems = list(wrong(results))
    print("\n".join(problems), file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
