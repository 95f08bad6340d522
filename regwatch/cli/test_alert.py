"""`regwatch test-alert -c FILE`: does an alert by this file reach a person?"""

import asyncio
from pathlib import Path

import aiohttp

from regwatch.app.settings.receivers import receiver_settings
from regwatch.cli.console import fail, print_lines
from regwatch.cli.loops import run_loop
from regwatch.cli.settings import load_or_exit
from regwatch.cli.try_receivers import trial_line
from regwatch.clock import wall_clock
from regwatch.config import Config
from regwatch.notify.receiver import Receiver
from regwatch.notify.receivers.build import build_receiver
from regwatch.notify.trial import tried


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
    trial = await tried(receiver, now=wall_clock())
    retried = trial.is_retryable
    print_lines([trial_line(trial.receiver, trial.kind, trial.problem, retried=retried)])
    return not trial.problem
