"""`regwatch simulate`: the simulated PBX alone."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import click

from regwatch.cli.console import BAD_OPTION, fail, out
from regwatch.cli.loops import run_loop
from regwatch.simulator import TABLE, FaultError, Simulator, SimulatorSettings
from regwatch.simulator.faults import Faults
from regwatch.simulator.rates import RateError, Rates, named
from regwatch.simulator.truth import Event


def list_faults() -> None:
    """What can be wrong with it."""
    width = max(len(fault.name) for fault in TABLE)
    for fault in TABLE:
        click.echo(f"{fault.name:<{width}}  {fault.help} ({fault.values})")


def simulate(
    *,
    listen: str,
    faults: tuple[str, ...],
    life: str | None,
    rates: tuple[str, ...],
    truth: Path | None,
    **more: object,
) -> None:
    """Until it is stopped."""
    try:
        given = dict(_fault(each) for each in faults)
        Faults(given)
        settings = SimulatorSettings(faults=given, rates=_rates(life, rates), **more)  # type: ignore[arg-type]
        _ = settings.lease_lengths
    except (FaultError, RateError) as error:
        fail(str(error), code=BAD_OPTION)
    except ValueError:
        fail(f"cannot read --leases {more['leases']}", code=BAD_OPTION)
    host, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port) < 65_536):
        fail(f"cannot listen on {listen}: write HOST:PORT", code=BAD_OPTION)
    address = (host.strip("[]") or "127.0.0.1", int(port))
    raise SystemExit(run_loop(lambda stop: _simulate(settings, address, truth, stop)))


def _rates(life: str | None, changes: tuple[str, ...]) -> Rates | None:
    if life is None and changes:
        raise RateError("--rate changes the rates of --life, which is not given")
    return None if life is None else named(life, changes)


def _fault(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    return name, value if equals else True


async def _simulate(
    settings: SimulatorSettings, address: tuple[str, int], truth: Path | None, stop: asyncio.Event
) -> int:
    with ExitStack() as stack:
        try:
            file = stack.enter_context(truth.open("a", encoding="utf-8")) if truth else None
        except OSError as error:
            fail(f"cannot write {truth}: {error.strerror}")
        simulator = Simulator(settings, tell=lambda event: _write(event, file))
        try:
            async with simulator.serving(*address) as served:
                _welcome(settings, served.url)
                await stop.wait()
        except OSError as error:
            fail(f"cannot listen on {address[0]}:{address[1]}: {error.strerror}")
    return 0


def _write(event: Event, file: TextIO | None) -> None:
    if file is not None:
        file.write(event.line() + "\n")
        file.flush()


def _welcome(settings: SimulatorSettings, url: str) -> None:
    out().print(
        f"""\
[bold]A simulated PBX with {settings.extensions} extensions[/] is at [bold]{url}[/]
client_id [bold]{settings.client_id}[/], client_secret [bold]{settings.client_secret}[/]

  what is going on     curl {url}/_simulator/
  the phones           curl {url}/_simulator/phones
  let one die          curl -X POST {url}/_simulator/phones/ID/die
  a fault              curl -X POST {url}/_simulator/faults -d '{{"http_500": 0.5}}'
  what really happened curl {url}/_simulator/truth
  … as it was settled  curl {url}/_simulator/life

Ctrl-C ends it.""",
        markup=True,
    )
