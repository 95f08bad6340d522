"""`regwatch ack`: who is at it, and who was before."""

import pytest
from fakes.asked import ask
from fakes.notifications import lost
from fakes.web import NOW, FakeDaemon, FakeOperations, account, incident, watched
from msgspec.structs import replace

from regwatch.cli.ack import ack
from regwatch.cli.errors import RemoteError
from regwatch.cli.remote import whoami
from regwatch.core.model import Incident, IncidentId, IncidentState, Timestamp

OPEN = lost(102)


async def taken_on(
    name: str, *incidents: Incident, author: str | None = "jane", comment: str = ""
) -> FakeOperations:
    daemon = FakeDaemon([account(watched(102), watched(103), watched(1234567))], list(incidents))
    operations = FakeOperations(kept=list(incidents))
    await ask(ack, daemon, operations, incident=name, comment=comment, author=author)
    return operations


@pytest.mark.parametrize(("author", "by"), [("jane", "jane"), (None, whoami())])
async def test_who_takes_one_on_is_noted_with_what_they_do(author: str | None, by: str) -> None:
    operations = await taken_on(OPEN.id, OPEN, author=author, comment="on my way")
    assert operations.acknowledged == [(OPEN.id, by, "on my way")]


@pytest.mark.parametrize("name", [OPEN.id, OPEN.id[:14], "102", "000*102", "acme/102"])
async def test_it_is_meant_by_its_id_how_that_begins_or_its_extension(name: str) -> None:
    other = replace(lost(103), id=IncidentId("f" * 16))
    assert [each[0] for each in (await taken_on(name, OPEN, other)).acknowledged] == [OPEN.id]


async def test_all_that_is_open_of_an_extension_is_taken_on() -> None:
    second = replace(OPEN, id=IncidentId("b" * 16))
    operations = await taken_on("102", OPEN, second)
    assert [each[0] for each in operations.acknowledged] == [OPEN.id, second.id]


async def test_what_is_taken_on_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    taken = replace(OPEN, acknowledged_by="")
    await taken_on("102", taken)
    assert capsys.readouterr().out.endswith(f": {OPEN.summary}\n")


async def test_who_had_it_before_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    before = replace(OPEN, acknowledged_by="anna", acknowledged_at=Timestamp(NOW - 60))
    await taken_on("102", before)
    assert "(before by anna, at 2026-11-18T" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("103", "nothing is wrong with 103: there is nothing to take on"),
        ("nobody", "nobody is no watched extension, and no incident's id begins like that"),
        ("1234567", "1234567 is an extension and begins .* id: say acme/1234567 or 1234567f"),
        ("0ver00", "incident 0ver00 is over"),
    ],
)  # fmt: skip
async def test_what_cannot_be_taken_on_is_said(name: str, why: str) -> None:
    alike = replace(OPEN, id=IncidentId("1234567f"))
    over = incident(number=7, state=IncidentState.RESOLVED, resolved_at=NOW)
    with pytest.raises(RemoteError, match=why):
        await taken_on(name, alike, replace(over, id=IncidentId("0ver00")))
