"""Quirks of the test tools."""

import asyncio


def pytest_configure() -> None:
    """No default loop: where a plain test runs before an asynchronous one, pytest-asyncio would
    else make one on Python 3.11 and never close it, which is a warning and thus an error."""
    asyncio.set_event_loop(None)
