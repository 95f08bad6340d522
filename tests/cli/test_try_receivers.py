"""`regwatch test-alert` without a file: the daemon's own receivers."""

import pytest
from fakes.asked import ask
from fakes.web import FakeDaemon, FakeOperations

from regwatch.cli.errors import RemoteError
from regwatch.cli.try_receivers import trial_line, try_receivers

DAEMON = FakeDaemon(backlog={"chat": (0, None)})
NOT_TAKEN = "chat (slack): not taken: it is gone (regwatch would try again)"


@pytest.mark.parametrize("receiver", [None, "chat"], ids=["all", "one"])
async def test_what_each_answered_is_said_and_one_that_fails_fails_it(
    receiver: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        await ask(try_receivers, DAEMON, FakeOperations(), receiver=receiver)
    assert ended.value.code == 1
    assert capsys.readouterr().out == f"{NOT_TAKEN}\n"


async def test_one_that_is_none_is_said_with_those_that_there_are() -> None:
    with pytest.raises(RemoteError, match="no receiver is named x; there are: chat"):
        await ask(try_receivers, DAEMON, FakeOperations(), receiver="x")


async def test_without_receivers_that_is_said() -> None:
    with pytest.raises(RemoteError, match="the daemon has no receivers"):
        await ask(try_receivers, FakeDaemon(), FakeOperations(), receiver=None)


@pytest.mark.parametrize(
    ("problem", "retried", "words"),
    [
        ("", False, "taken, and taken back"),
        ("no", True, "not taken: no (regwatch would try again)"),
        ("no", False, "not taken: no (regwatch would give it up)"),
    ],
)
def test_an_answer_is_a_line(problem: str, retried: bool, words: str) -> None:
    assert trial_line("chat", "slack", problem, retried=retried).plain == f"chat (slack): {words}"
