"""`regwatch incidents` and `regwatch ack`: what is wrong, and who is at it."""

import csv
import json
from io import StringIO

import pytest
from fakes.asked import ask
from fakes.web import NOW, FakeDaemon, FakeOperations, incident

from regwatch.cli.incidents import ack, incidents
from regwatch.cli.remote import RemoteError, whoami
from regwatch.core.model import IncidentState

OPEN = [incident(number=n, summary=f"{n} is lost") for n in (101, 102, 103)]
OVER = incident(
    number=104, state=IncidentState.RESOLVED, resolved_at=NOW - 60, summary="104 was lost"
)


async def asked(daemon: FakeDaemon, **options: object) -> None:
    usual = {"resolved": False, "limit": 200, "as_json": False, "as_csv": False}
    await ask(incidents, daemon, **{**usual, **options})


async def said(
    capsys: pytest.CaptureFixture[str], daemon: FakeDaemon, **options: object
) -> list[str]:
    await asked(daemon, **options)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


async def test_open_ones_or_those_that_ended(capsys: pytest.CaptureFixture[str]) -> None:
    daemon = FakeDaemon(open_incidents=OPEN, resolved=[OVER])
    assert [line[-11:] for line in await said(capsys, daemon)][1:] == [
        f"{n} is lost" for n in (101, 102, 103)
    ]
    (_, line) = await said(capsys, daemon, resolved=True)
    assert line.endswith("104 was lost")


async def test_what_is_left_out_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    lines = await said(capsys, FakeDaemon(open_incidents=OPEN), limit=1)
    assert len(lines) == 3
    assert lines[-1] == "… and 2 more"


@pytest.mark.parametrize(
    ("resolved", "words"), [(False, "Nothing is wrong."), (True, "Nothing ended lately.")]
)
async def test_that_nothing_is_wrong_is_said(
    resolved: bool, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await said(capsys, FakeDaemon(), resolved=resolved) == [words]


async def test_for_programs_and_spreadsheets(capsys: pytest.CaptureFixture[str]) -> None:
    daemon = FakeDaemon(open_incidents=OPEN)
    await asked(daemon, as_json=True)
    assert json.loads(capsys.readouterr().out)["found"] == 3
    await asked(daemon, as_csv=True)
    rows = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    assert [row["summary"] for row in rows] == [f"{n} is lost" for n in (101, 102, 103)]


@pytest.mark.parametrize(("author", "by"), [("jane", "jane"), (None, whoami())])
async def test_who_takes_one_on_is_noted_with_what_they_do(author: str | None, by: str) -> None:
    operations = FakeOperations(kept=[OPEN[0]])
    await ask(ack, operations=operations, incident=OPEN[0].id, comment="on my way", author=author)
    assert operations.acknowledged == [(OPEN[0].id, by, "on my way")]


async def test_what_is_taken_on_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    operations = FakeOperations(kept=[OPEN[0]])
    await ask(ack, operations=operations, incident=OPEN[0].id, comment="", author="jane")
    assert capsys.readouterr().out.endswith(": 101 is lost\n")


async def test_what_is_not_open_cannot_be_taken_on() -> None:
    with pytest.raises(RemoteError):
        await ask(ack, incident="nothing", comment="", author="jane")
