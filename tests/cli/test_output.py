"""Answers as people, programs and spreadsheets want them."""

import csv
import json
from io import StringIO

import pytest
from fakes.web import incident
from msgspec.structs import replace

from regwatch.cli.output import print_csv, print_history, print_incidents, print_json, print_table
from regwatch.web.api.answers import incident_body
from regwatch.web.api.bodies import HappeningBody, QuotaBody

OPEN = incident_body(incident(summary="101 lost its registration"))
HAPPENING = HappeningBody(
    at="2026-11-18T11:06:40Z", kind="change", event="device_changed", text="now a Linphone",
    account="acme", extension_id=101, extension="000*101", incident_id=None, alert="", receiver="",
)  # fmt: skip


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_json_is_what_the_api_says(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(QuotaBody(1000, 7, "2026-11-18T11:06:40Z"))
    read = json.loads(capsys.readouterr().out)
    assert read == {"limit": 1000, "remaining": 7, "resets_at": "2026-11-18T11:06:40Z"}


def test_csv_has_a_line_for_each_under_the_names_of_the_api(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = replace(HAPPENING, text='says "hi",\nand goes', extension_id=None)
    print_csv([told, HAPPENING], HappeningBody)
    rows = list(csv.DictReader(StringIO(capsys.readouterr().out, newline="")))
    assert list(rows[0]) == list(HappeningBody.__struct_fields__)
    assert rows[0]["text"] == told.text
    assert (rows[0]["extension_id"], rows[1]["extension_id"]) == ("", "101")


@pytest.mark.parametrize("text", ["=1+1", "+371", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "－1"])
def test_no_cell_is_run_by_a_spreadsheet(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_csv([replace(HAPPENING, text=text), replace(HAPPENING, text=f"x{text}")], HappeningBody)
    rows = list(csv.DictReader(StringIO(capsys.readouterr().out, newline="")))
    assert [row["text"] for row in rows] == [f"'{text}", f"x{text}"]
    assert rows[0]["extension_id"] == "101"


def test_without_rows_there_are_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    print_csv([], QuotaBody)
    assert capsys.readouterr().out.split() == ["limit,remaining,resets_at"]


def test_a_table_takes_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id", "what"), [("1", "[red]x[/]"), ("22", "y")])
    assert lines(capsys) == ["id  what", "1   [red]x[/]", "22  y"]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({}, ""),
        ({"silenced_by": "silence s1"}, " · muted by silence s1"),
        ({"inhibited_by": "abc"}, " · incident abc says it all"),
        ({"acknowledged_by": "jane"}, " · acknowledged by jane"),
        ({"resolution": "removed"}, " · removed"),
    ],
)
def test_an_incident_is_a_line_with_what_keeps_it_quiet(
    changes: dict[str, str], note: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_incidents([replace(OPEN, **changes)])
    _, line = lines(capsys)
    assert line.startswith(f"{OPEN.id}  critical  firing  ")
    assert line.endswith(f"  101 lost its registration{note}")


def test_of_what_is_over_it_is_said_how_long_it_lasted(capsys: pytest.CaptureFixture[str]) -> None:
    over = replace(OPEN, started_at="2026-01-01T00:00:00Z", resolved_at="2026-01-01T00:02:05Z")
    print_incidents([over])
    assert "  2 min 5 s  " in lines(capsys)[1]


@pytest.mark.parametrize(
    ("changes", "event", "what"),
    [
        ({}, "device changed", "now a Linphone"),
        ({"kind": "incident", "event": "fired", "alert": "extension_lost", "text": "first"},
         "fired", "extension lost: first"),
        ({"kind": "notification", "event": "new", "alert": "extension_lost", "receiver": "chat",
          "text": "n-1"}, "told chat", "new: extension lost (n-1)"),
        ({"kind": "silence", "event": "set", "text": "site=riga"}, "silence set", "site=riga"),
    ],
    ids=["a change", "an incident", "a notification", "a silence"],
)  # fmt: skip
def test_what_happened_is_a_line(
    changes: dict[str, str], event: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_history([replace(HAPPENING, **changes)], whose=False)
    _, line = lines(capsys)
    assert line.split("  ", 1)[1] == f"{event}  {what}"


@pytest.mark.parametrize(
    ("extension", "number", "who"), [("000*101", 101, "000*101"), ("", 101, "101"), ("", None, "")]
)
def test_of_all_it_is_said_whose_it_is(
    extension: str, number: int | None, who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_history([replace(HAPPENING, extension=extension, extension_id=number)], whose=True)
    title, line = lines(capsys)
    assert line[title.index("extension") :].split("  ")[0].strip() == who
