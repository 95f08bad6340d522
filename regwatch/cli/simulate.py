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
from regwatch.simulator.rates import LIVES, RateError, Rates, named
from regwatch.simulator.truth import Event


def _list_faults(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        width = max(len(fault.name) for fault in TABLE)
        for fault in TABLE:
            click.echo(f"{fault.name:<{width}}  {fault.help} ({fault.values})")
        context.exit()


@click.command(short_help="Run a simulated PBX.")
@click.option("--extensions", type=click.IntRange(1), default=50, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed, the same PBX.")
@click.option("--listen", default="127.0.0.1:8089", show_default=True, metavar="HOST:PORT")
@click.option(
    "--speed",
    type=click.FloatRange(0.01, 10_000),
    default=1.0,
    show_default=True,
    help="Virtual seconds in a real one.",
)
@click.option(
    "--leases",
    default="mixed",
    show_default=True,
    help="desk, mixed, short, or lengths in seconds: 60,300.",
)
@click.option(
    "--quota",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Requests in a window.",
)
@click.option(
    "--window",
    type=click.FloatRange(1),
    default=3600.0,
    show_default=True,
    help="Seconds over which they are counted, by the clock.",
)
@click.option("--sliding", is_flag=True, help="Each counts for a window's length instead.")
@click.option(
    "--life",
    type=click.Choice(list(LIVES)),
    help="Live as people, machines and failures do, at these rates, instead of by mere chance.",
)
@click.option("--rate", "rates", multiple=True, metavar="NAME=VALUE", help="Of --life; repeatable.")
@click.option("--calm", is_flag=True, help="Nothing happens by itself.")
@click.option("--delay", type=click.FloatRange(0), default=0.0, help="Seconds each answer takes.")
@click.option("--fault", "faults", multiple=True, metavar="NAME[=VALUE]", help="May be repeated.")
@click.option(
    "--list-faults", is_flag=True, is_eager=True, expose_value=False, callback=_list_faults,
    help="What can be wrong with it.",
)  # fmt: skip
@click.option(
    "--truth",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what really happens to this file, a line of JSON each.",
)
def simulate(
    *,
    listen: str,
    faults: tuple[str, ...],
    life: str | None,
    rates: tuple[str, ...],
    truth: Path | None,
    **more: object,
) -> None:
    """Run a simulated PBX: the same API, phones with realistic lives, faults on a switch."""
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
