"""A loop of a command: until it is done, or a signal asks it to end."""

import asyncio
import os
import signal
from io import BytesIO

import click
import pytest
from click.testing import CliRunner

from regwatch.cli.loops import confirm, run_loop, until


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


@pytest.mark.parametrize(("stops", "is_done"), [(False, True), (True, False)])
async def test_work_ends_by_itself_or_when_it_is_to_stop(stops: bool, is_done: bool) -> None:
    stop = asyncio.Event()

    async def work() -> None:
        if stops:
            stop.set()
            await asyncio.Event().wait()

    assert await until(stop, work()) is is_done


async def test_what_work_fails_with_is_raised_as_it_is() -> None:
    async def work() -> None:
        raise LookupError("x")

    with pytest.raises(LookupError):
        await until(asyncio.Event(), work())


class Interrupted(BytesIO):
    """Standard input at which somebody presses Ctrl-C."""

    def read1(self, _size: int | None = -1, /) -> bytes:
        signal.raise_signal(signal.SIGINT)
        return b"y\n"


def test_while_a_question_waits_ctrl_c_is_its_answer() -> None:
    """The loop, which hears it else, stands still meanwhile."""
    heard: list[int] = []
    former = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        asking = click.Command("x", callback=lambda: confirm("Delete?"))
        result = CliRunner().invoke(asking, input=Interrupted())
        assert (result.exit_code, heard) == (1, [])
        signal.raise_signal(signal.SIGINT)
        assert heard == [signal.SIGINT], "afterwards as before"
    finally:
        signal.signal(signal.SIGINT, former)
