"""`regwatch unregister`: through the daemon, with what there was before and is after."""

import signal

import click
import pytest
from click.testing import CliRunner
from fakes.asked import ask
from fakes.web import FakeDaemon, FakeOperations, account, watched

from regwatch.cli.errors import RemoteError
from regwatch.cli.loops import confirm
from regwatch.cli.remote import whoami
from regwatch.cli.unregister import unregister
from regwatch.core.model import ExtensionState

DAEMON = FakeDaemon(
    [account(watched(101, label="Ozola"), watched(102, ExtensionState.LOST))],
)


async def done(
    extension: str, registration: str | None = None, author: str | None = None
) -> FakeOperations:
    operations = FakeOperations()
    given = {"extension": extension, "registration_id": registration, "author": author}
    await ask(unregister, DAEMON, operations, yes=True, **given)
    return operations


@pytest.mark.parametrize(
    ("registration", "author", "asked"),
    [
        (None, None, ("acme", 101, None, whoami())),
        ("uloc-101", "jane", ("acme", 101, "uloc-101", "jane")),
    ],
    ids=["all of them", "one, by somebody"],
)
async def test_the_daemon_deletes_and_before_and_after_are_shown(
    registration: str | None,
    author: str | None,
    asked: tuple[object, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (await done("101", registration, author)).unregistered == [asked]
    first, entry, last = capsys.readouterr().out.splitlines()
    assert (first, last) == (
        "101 (Ozola) before: 1 registered",
        "101 (Ozola) after: not registered",
    )
    assert entry.startswith("uloc-101\t")


@pytest.mark.parametrize(
    ("extension", "registration", "why"),
    [
        ("102", None, "nothing is registered: nothing to delete"),
        ("101", "x", "it has no registration `x`; it has uloc-101"),
        ("7", None, "no watched extension is 7"),
    ],
)
async def test_what_cannot_be_deleted_is_said(
    extension: str, registration: str | None, why: str
) -> None:
    with pytest.raises(RemoteError, match=why):
        await done(extension, registration)


@pytest.mark.parametrize(("answer", "is_done"), [("y\n", True), ("n\n", False), ("", False)])
def test_it_asks_first(answer: str, is_done: bool) -> None:

    result = CliRunner().invoke(
        click.Command("x", callback=lambda: confirm("Delete?")), input=answer
    )
    assert result.exit_code == (0 if is_done else 1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
