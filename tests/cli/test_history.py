"""`regwatch history`: what happened, of all or of one."""

import csv
import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from fakes.asked import ask
from fakes.notifications import lost
from fakes.web import NOW, FakeDaemon, FakeOperations, account, watched

from regwatch.cli.history import history
from regwatch.core.history import Happening, Kind
from regwatch.core.model import ExtensionId

WHEN = datetime(2026, 12, 1, 22, 0, tzinfo=UTC)
HAPPENED = Happening(
    at=NOW, kind=Kind.REGISTRATION, event="registered", extension_id=ExtensionId(101),
    extension="000*101", text="from 203.0.113.7",
)  # fmt: skip


async def asked(operations: FakeOperations, **options: object) -> None:
    usual = {"extension": None, "since": None, "until": None, "incident": None, "limit": 200}
    forms = {"as_json": False, "as_csv": False}
    daemon = FakeDaemon([account(watched(101))])
    await ask(history, daemon, operations, **{**usual, **forms, **options})


async def test_what_is_asked_for_is_what_is_sought() -> None:
    operations = FakeOperations(kept=[lost(101)])
    begun = lost(101).id[:14]
    await asked(operations, extension="101", since=WHEN, until=WHEN, incident=begun, limit=7)
    (sought,) = operations.sought
    assert (sought.extension_id, sought.incident_id, sought.limit) == (101, lost(101).id, 7)
    assert (sought.since, sought.until) == (WHEN.timestamp(), WHEN.timestamp())


async def test_what_is_left_out_is_not_sought() -> None:
    operations = FakeOperations()
    await asked(operations)
    (sought,) = operations.sought
    assert (sought.extension_id, sought.incident_id, sought.since) == (None, None, None)


@pytest.mark.parametrize(("extension", "whose"), [(None, True), ("101", False)])
async def test_of_all_it_is_said_whose_it_is(
    extension: str | None, whose: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    await asked(FakeOperations([HAPPENED]), extension=extension)
    assert ("000*101" in capsys.readouterr().out) is whose


async def test_of_a_quiet_day_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    await asked(FakeOperations())
    assert capsys.readouterr() == ("", "")


async def test_for_programs_and_spreadsheets(capsys: pytest.CaptureFixture[str]) -> None:
    await asked(FakeOperations([HAPPENED]), as_json=True)
    (line,) = json.loads(capsys.readouterr().out)["history"]
    await asked(FakeOperations([HAPPENED]), as_csv=True)
    (row,) = csv.DictReader(StringIO(capsys.readouterr().out))
    assert row["text"] == line["text"] == "from 203.0.113.7"
