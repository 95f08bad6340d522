"""A loop of a command: until it is done, or a signal asks it to end."""

import asyncio
import os
import signal

import pytest

from regwatch.cli.loops import run_loop


def test_what_it_returns_is_the_status() -> None:
    async def main(stop: asyncio.Event) -> int:
        assert not stop.is_set()
        return 3

    assert run_loop(main) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_it_to_end_and_lets_it_finish(number: signal.Signals) -> None:
    async def main(stop: asyncio.Event) -> int:
        os.kill(os.getpid(), number)
        await stop.wait()
        return 7

    assert run_loop(main) == 7


def test_what_goes_wrong_is_not_hidden() -> None:
    async def main(_stop: asyncio.Event) -> int:
        raise LookupError("x")

    with pytest.raises(LookupError):
        run_loop(main)
