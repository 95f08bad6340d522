"""`regwatch test-alert`: does an alert reach a person?"""

import asyncio
from pathlib import Path

import aiohttp
from rich.text import Text

from regwatch.app.settings.receivers import receiver_settings
from regwatch.cli.console import fail, out
from regwatch.cli.loops import run_loop
from regwatch.cli.settings import load_or_exit
from regwatch.clock import wall_clock
from regwatch.config import Config
from regwatch.notify.errors import DeliveryError
from regwatch.notify.receiver import Receiver
from regwatch.notify.receivers.build import build_receiver
from regwatch.notify.trial import trial_notification


def test_alert(config_file: Path, receiver: str | None) -> None:
    """Say what each answered, and exit by it."""
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
