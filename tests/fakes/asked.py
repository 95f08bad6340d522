"""Commands that ask the running daemon, in the tests' own process."""

from collections.abc import Callable, Coroutine
from typing import Any

from fakes.web import FakeDaemon, FakeOperations, served

from regwatch.cli.remote import Remote
from regwatch.web.server import WebSettings

TOKEN = "5ecret"


async def ask(
    work: Callable[..., Coroutine[Any, Any, None]],
    daemon: FakeDaemon | None = None,
    operations: FakeOperations | None = None,
    **arguments: Any,
) -> None:
    """Run it as the command line does, once options are read; it prints to standard output."""
    settings = WebSettings(api_token=TOKEN)
    async with served(
        daemon or FakeDaemon(), operations=operations or FakeOperations(), settings=settings
    ) as session:
        url = str(session._base_url).rstrip("/")
        await work(Remote(url, lambda: TOKEN), **arguments)
