"""How late the event loop is: whatever holds it delays polls, alerts and answers alike."""

import asyncio
from collections.abc import Callable

EVERY_SECONDS = 0.5


async def watch_lag(told: Callable[[float], None]) -> None:
    """Tell again and again by how many seconds a wait was longer than asked for, until cancelled;
    an idle machine's is below a millisecond.
    """
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + EVERY_SECONDS
        await asyncio.sleep(EVERY_SECONDS)
        told(max(0.0, loop.time() - due))
