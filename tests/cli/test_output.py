"""Answers as programs and spreadsheets want them."""

import csv
import json
from io import StringIO

import pytest
from fakes.web import incident, watched
from msgspec.structs import replace

from regwatch.cli.output import print_csv, print_json
from regwatch.core.model import AccountName
from regwatch.web.api.answers import extension_body, incident_body
from regwatch.web.api.bodies import ExtensionBody, HappeningBody, IncidentBody, QuotaBody

OPEN = incident_body(incident(summary="101 lost its registration"))
HAPPENING = HappeningBody(
    at="2026-11-18T11:06:40Z", kind="change", event="device_changed", text="now a Linphone",
    account="acme", extension_id=101, extension="000*101", incident_id=None, alert="", receiver="",
)  # fmt: skip


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


def test_what_is_no_text_is_json_in_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    told = replace(OPEN, labels={"alertname": "X", "site": "=1+1"}, members=2)
    print_csv([told], IncidentBody)
    (row,) = csv.DictReader(StringIO(capsys.readouterr().out))
    assert json.loads(row["labels"]) == told.labels
    assert (row["members"], row["resolved_at"]) == ("2", "")


def test_truth_is_written_as_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_csv([extension_body(AccountName("acme"), watched(101), expected=True)], ExtensionBody)
    (row,) = csv.DictReader(StringIO(capsys.readouterr().out))
    assert row["expected"] == "true"
    assert json.loads(row["registrations"])[0]["id"] == "uloc-101"
    assert row["state"] == "registered"
