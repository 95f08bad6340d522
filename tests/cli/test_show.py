"""`regwatch show EXT`: all that is known of one extension."""

import json

import pytest
from fakes.asked import ask
from fakes.web import NOW, FakeDaemon, FakeOperations, account, incident, registration, watched

from regwatch.cli.errors import RemoteError
from regwatch.cli.show import show
from regwatch.core.history import Happening, Kind
from regwatch.core.model import ExtensionId, ExtensionState, Watched


async def said(
    capsys: pytest.CaptureFixture[str],
    who: Watched,
    *,
    unexpected: bool = False,
    operations: FakeOperations | None = None,
) -> list[str]:
    incidents = [incident(number=101, summary="wrong!")] if who.state is LOST else []
    acme = account(who, unexpected=frozenset({101} if unexpected else ()))
    await ask(show, FakeDaemon([acme], incidents), operations, extension="101", as_json=False)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


LOST = ExtensionState.LOST


async def test_who_it_is_and_its_devices(capsys: pytest.CaptureFixture[str]) -> None:
    devices = (registration(1), registration(2, ends_in=None, device="Linphone/5.2"))
    who = watched(101, label="Reception", site="riga", registrations=devices, since=NOW - 60)
    first, about, *lines = await said(capsys, who)
    assert first.startswith("101 Reception: registered since 2026-11-18T")
    assert about.startswith("000*101 · id 101 · acme · site riga · answered ")
    assert [line.split()[0] for line in lines] == ["uloc-1", "uloc-2"]
    assert lines[1].split("\t")[1] == "–", "a permanent one"
    assert lines[0].endswith("0 s\t203.0.113.7:62338\tYealink SIP-T46G 28.72.14.5")


async def test_why_it_is_lost_and_what_is_open(capsys: pytest.CaptureFixture[str]) -> None:
    who = watched(101, LOST, reason="lease_ended")
    who.last_registered_at = NOW
    lines = await said(capsys, who)
    assert lines[0] == "101: lost (lease ended)"
    assert any(line.startswith("Last registered 2026-11-18T") for line in lines)
    assert lines[-1].endswith("wrong!")


async def test_one_that_is_not_expected_now_is_called_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = await said(capsys, watched(101, ExtensionState.UNREGISTERED), unexpected=True)
    assert "not expected to be registered now" in lines[1]


async def test_what_happened_to_it_comes_last(capsys: pytest.CaptureFixture[str]) -> None:
    happened = Happening(
        at=NOW,
        kind=Kind.REGISTRATION,
        event="registered",
        extension_id=ExtensionId(101),
        text="from 203.0.113.7",
    )
    lines = await said(capsys, watched(101), operations=FakeOperations([happened]))
    assert lines[-1].endswith("registered\tfrom 203.0.113.7")


async def test_one_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(RemoteError, match="101"):
        await ask(show, FakeDaemon([account(watched(7))]), extension="101", as_json=False)


async def test_as_json_it_is_the_api_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    await ask(show, FakeDaemon([account(watched(101))]), extension="acme/101", as_json=True)
    assert json.loads(capsys.readouterr().out)["extension"]["number"] == "101"
