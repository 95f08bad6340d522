"""`regwatch test-alert`: does an alert reach a person?"""

import asyncio
from pathlib import Path

import aiohttp
import click
from rich.text import Text

from regwatch.app.settings.receivers import receiver_settings
from regwatch.cli.console import fail, out
from regwatch.cli.loops import run_loop
from regwatch.cli.settings import config_option, load_or_exit
from regwatch.clock import wall_clock
from regwatch.config import Config
from regwatch.notify.errors import DeliveryError
from regwatch.notify.receiver import Receiver
from regwatch.notify.receivers.build import build_receiver
from regwatch.notify.trial import trial_notification


@click.command("test-alert", short_help="Send a test to the receivers.")
@config_option
@click.argument("receiver", required=False)
def test_alert(config_file: Path, receiver: str | None) -> None:
    """Send a test, clearly marked as one, to RECEIVER or to all; then take it back.

    Says what each receiver answered. Exit status: 0 if all took it, 1 if not.
    """
    config = load_or_exit(config_file)
    names = [each.name for each in config.receivers]
    if receiver is not None and receiver not in names:
        fail(f"no receiver is named `{receiver}`; there are: {', '.join(names) or 'none'}")
    if not names:
        fail("the configuration has no receivers")
    chosen = [receiver] if receiver else names
    raise SystemExit(run_loop(lambda _stop: _test(config, chosen)))


async def _test(config: Config, names: list[str]) -> int:
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                _try(
                    build_receiver(r.name, receiver_settings(config, r), session, clock=wall_clock)
                )
            )
            for r in config.receivers
            if r.name in names
        ]
    return 0 if all(task.result() for task in tasks) else 1


async def _try(receiver: Receiver) -> bool:
    now = wall_clock()
    name = (f"{receiver.name} ({receiver.kind}): ", "bold")
    try:
        await receiver.deliver(trial_notification(receiver.name, now))
        await receiver.deliver(trial_notification(receiver.name, now, resolves=True))
    except DeliveryError as error:
        again = "regwatch would try again" if error.retryable else "regwatch would give it up"
        out().print(Text.assemble(name, (f"not taken: {error.message} ({again})", "red")))
        return False
    out().print(Text.assemble(name, ("taken, and taken back", "green")))
    return True
