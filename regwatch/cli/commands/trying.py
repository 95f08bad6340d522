"""To try things out, with no PBX."""

from pathlib import Path
from typing import Any

import click

from regwatch.cli.grammar import Command

EXITS = {0: "ended", 1: "failed: it says why", 2: "a bad option"}
LIVES = ("real", "calm", "honest")
"""As the simulator knows them."""


@click.command(cls=Command, short_help="Show regwatch at work; needs nothing.", exits=EXITS)
@click.option(
    "--duration",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="End after so many seconds; without it, at Ctrl-C.",
)
@click.option(
    "--listen",
    default="127.0.0.1:9877",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the status page is.",
)
def demo(**given: Any) -> None:
    """Show regwatch at work: a simulated PBX, the daemon, its status page, its alerts.

    Needs nothing and leaves nothing behind; all of it stays on this machine.
    """
    from regwatch.cli.demo import demo as work

    work(**given)


def _list_faults(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from regwatch.cli.simulate import list_faults

        list_faults()
        context.exit()


@click.command(cls=Command, short_help="Run a simulated PBX.", exits=EXITS)
@click.option(
    "--extensions",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    metavar="N",
    help="How many phones it has.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="The same seed, the same PBX.",
)
@click.option(
    "--listen",
    default="127.0.0.1:8089",
    show_default=True,
    metavar="HOST:PORT",
    help="Where it answers.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.01, 10_000),
    default=1.0,
    show_default=True,
    metavar="N",
    help="Virtual seconds in a real one.",
)
@click.option(
    "--leases",
    default="mixed",
    show_default=True,
    metavar="TEXT",
    help="desk, mixed, short, or lengths in seconds: 60,300.",
)
@click.option(
    "--quota",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Requests in a window.",
)
@click.option(
    "--window",
    type=click.FloatRange(1),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="Over how long they are counted, by the clock.",
)
@click.option("--sliding", is_flag=True, help="Each request counts for a window's length instead.")
@click.option(
    "--life",
    type=click.Choice(LIVES),
    metavar="NAME",
    help="People, machines and failures live at the rates of real life (real), without failures"
    " and lies (calm), without lies (honest), instead of by mere chance.",
)
@click.option(
    "--rate",
    "rates",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a rate of --life: reboot=5. Those that there are stand in"
    " regwatch/simulator/rates.py. May be repeated.",
)
@click.option("--calm", is_flag=True, help="Nothing happens by itself.")
@click.option(
    "--delay",
    type=click.FloatRange(0),
    default=0.0,
    metavar="SECONDS",
    help="How long each answer takes.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="One of --list-faults, and how: http_500=0.2. May be repeated.",
)
@click.option(
    "--list-faults", is_flag=True, is_eager=True, expose_value=False, callback=_list_faults,
    help="Show what can be wrong with it.",
)  # fmt: skip
@click.option(
    "--truth",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what really happens to this file, a line of JSON each.",
)
def simulate(**given: Any) -> None:
    """The simulated PBX alone: the same API, phones with realistic lives, faults on a switch."""
    from regwatch.cli.simulate import simulate as work

    work(**given)
