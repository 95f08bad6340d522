"""Commands that ask the running daemon, in the tests' own process."""

from typing import Any

import click
from fakes.web import FakeDaemon, FakeOperations, served

from regwatch.cli.remote import Remote
from regwatch.web.server import WebSettings

TOKEN = "5ecret"


async def ask(
    command: click.Command,
    daemon: FakeDaemon | None = None,
    operations: FakeOperations | None = None,
    **arguments: Any,
) -> None:
    """Run it as the command line does, once options are read; it prints to standard output."""
    assert command.callback is not None
    asks = command.callback.__wrapped__  # type: ignore[attr-defined]
    settings = WebSettings(api_token=TOKEN)
    async with served(
        daemon or FakeDaemon(), operations=operations or FakeOperations(), settings=settings
    ) as session:
        url = str(session._base_url).rstrip("/")
        await asks(Remote(url, lambda: TOKEN), **arguments)
