"""`regwatch demo`: the whole of it on loopback, with nothing to configure.

A simulated PBX, the real daemon on a real configuration, a webhook that shows the alerts. Only the
phones are not real.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import click
from aiohttp import web
from rich.console import Console
from rich.text import Text

from regwatch.app.daemon import Daemon, StartError
from regwatch.cli.console import fail, out
from regwatch.cli.demo_acts import (
    ACTS,
    LEASE_SECONDS,
    SITES,
    Doing,
    Faults,
    Phone,
    Site,
    phone_of,
)
from regwatch.cli.loops import run_loop
from regwatch.clock import wall_clock
from regwatch.config import load_config
from regwatch.logs import configure
from regwatch.simulator import Control, Simulator, SimulatorSettings
from regwatch.web.listener import ListenError, parse_address

EXTENSIONS = 40
"""The README says forty."""
CONFIG = """\
accounts:
  - name: demo
    url: {pbx}
    client_id: demo
    client_secret: demo-secret
    polling: {{interval: 3s, batch_size: 50, reserve: 0%}}
sites:
  - {{name: {riga}, networks: [203.0.113.1/32]}}
  - {{name: {vilnius}, networks: [203.0.113.2/32]}}
alerts:
  api_unavailable: {{for: 5s, severity: critical}}
  refresh_overdue: {{learn_after: 3, severity: warning}}
  address_changed: false
receivers:
  - {{name: terminal, webhook: {{url: "{hook}"}}}}
routes:
  - {{receivers: [terminal], group_wait: 1s, group_interval: 15s, repeat: 1h}}
http: {{listen: "{listen}", api_token: demo}}
storage: {{url: "sqlite:///{folder}/regwatch.db"}}
log: {{level: error}}
"""


def demo(duration: float | None, listen: str) -> None:
    """Until it is over, or stopped."""
    address = _address(listen)
    raise SystemExit(run_loop(lambda stop: _demo(duration, address, stop)))


def _address(text: str) -> str:
    try:
        return str(parse_address(text))
    except ListenError as error:
        raise click.BadParameter(str(error), param_hint="--listen") from None


async def _demo(duration: float | None, listen: str, stop: asyncio.Event) -> int:
    configure("error", "auto", sys.stderr, os.environ)
    show = Show(out())
    settings = SimulatorSettings(
        extensions=EXTENSIONS, seed=7, leases=str(LEASE_SECONDS), quota=10_000, calm=True
    )
    with tempfile.TemporaryDirectory(prefix="regwatch-demo-") as folder:
        async with Simulator(settings).serving() as pbx, hook(show) as hook_url:
            config = Path(folder) / "regwatch.yml"
            riga, vilnius = SITES
            text = CONFIG.format(
                pbx=pbx.url, hook=hook_url, listen=listen, folder=folder, riga=riga, vilnius=vilnius
            )
            config.write_text(text, encoding="utf-8")
            await _watch(config, pbx.control, show, duration, stop)
    show.line("done", "bold", "The demo is over; nothing is left behind.")
    return 0


async def _watch(
    config: Path, pbx: Control, show: "Show", duration: float | None, stop: asyncio.Event
) -> None:
    daemon = Daemon(config, load_config(config, environ=os.environ))
    async with asyncio.TaskGroup() as group:
        story = group.create_task(_tell_story(daemon, pbx, show, duration))
        story.add_done_callback(lambda _story: stop.set())
        try:
            await daemon.run(stop)
        except StartError as error:  # in here: beyond the group it would be part of another
            fail(f"{error}; choose another address with --listen")
        story.cancel()


async def _tell_story(daemon: Daemon, pbx: Control, show: "Show", duration: float | None) -> None:
    """Let things happen, round after round, until the time is over."""
    await daemon.started.wait()
    show.welcome(str(daemon.address), duration)
    with suppress(TimeoutError):
        async with asyncio.timeout(duration):
            for round_number in count():
                await _play_round(pbx, show, round_number)


async def _play_round(pbx: Control, show: "Show", round_number: int) -> None:
    loop = asyncio.get_running_loop()
    phones = pbx.registered_ids()
    for number, act in enumerate(ACTS):
        begun_at, phone = loop.time(), phone_of(number, round_number, phones)
        show.act(f"{act.title}.")
        for step in act.steps:
            await asyncio.sleep(begun_at + step.at - loop.time())
            show.line("phones" if step.doing else "", "cyan", step.words)
            _do(pbx, step.doing, phone)
        await asyncio.sleep(begun_at + act.seconds - loop.time())


def _do(pbx: Control, doing: Doing, phone: int) -> None:
    match doing:
        case Phone(action):
            pbx.act(phone, action)
        case Site(index, dark):
            pbx.site(index, dark=dark)
        case Faults(which):
            pbx.clear_faults()
            pbx.set_faults(which)
        case None:
            pass


@asynccontextmanager
async def hook(show: "Show") -> AsyncIterator[str]:
    """A webhook receiver on loopback that shows what it gets."""

    async def receive(request: web.Request) -> web.Response:
        show.alert(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


class Show:
    """Tells the person at the terminal what happens."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def welcome(self, address: str, duration: float | None) -> None:
        """What is running, and what to open."""
        ends = f"It ends after {duration:g} s." if duration else "Ctrl-C ends it."
        self._console.print(
            f"""\
[bold]regwatch demo[/]: {EXTENSIONS} simulated phones in two offices register at a simulated
PBX; the real daemon watches them. Six acts in six minutes, then other phones. {ends}

  status page  [bold]http://{address}/[/]
  metrics      [bold]http://{address}/metrics[/]
  elsewhere    [bold]export REGWATCH_URL=http://{address} REGWATCH_TOKEN=demo[/]
               [bold]regwatch status[/], [bold]regwatch history[/], [bold]regwatch silence -h[/]
""",
            markup=True,
        )

    def line(self, who: str, who_style: str, text: str, *, style: str = "") -> None:
        """One thing that happened."""
        now = datetime.fromtimestamp(wall_clock(), tz=UTC).astimezone().strftime("%H:%M:%S")
        said = Text.assemble((now, "dim"), "  ", (f"{who:<9}", who_style), "  ", (text, style))
        self._console.print(said, soft_wrap=True)

    def act(self, title: str) -> None:
        """Another one begins."""
        self._console.print()
        self.line("", "", title, style="bold")

    def alert(self, body: Mapping[str, Any]) -> None:
        """A message that regwatch sent: a line for each alert in it."""
        for alert in body["alerts"]:
            word, _, rest = alert["annotations"]["summary"].partition(" ")
            resolved = alert["status"] == "resolved"
            style = "bold green" if resolved else STYLES[alert["labels"]["severity"]]
            self.line(word, style, rest)


STYLES = {"critical": "bold red", "warning": "bold yellow", "info": "bold blue"}
