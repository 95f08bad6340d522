"""`regwatch extensions`: those that are sought, in tables, CSV and JSON."""

import csv
import json
from io import StringIO

import pytest
from fakes.asked import ask
from fakes.looks import at, plain, widest
from fakes.web import FakeDaemon, account, registration, watched

from regwatch.cli.errors import RemoteError
from regwatch.cli.extensions import extension_lines, extensions
from regwatch.core.model import AccountName, ExtensionState
from regwatch.web.api.answers import extension_body
from regwatch.web.api.bodies import ExtensionBody

LOST = ExtensionState.LOST
DESK = registration(1, device="Yealink SIP-T46G 28.72.14.5")
DAEMON = FakeDaemon(
    [
        account(
            watched(101, label="Petrov", site="riga"),
            watched(102, LOST, label="Zane Ozola", site="riga", reason="expired"),
            watched(103, label="Kask", registrations=(registration(3, device="snom320"),)),
            unexpected=frozenset({103}),
        ),
        account(watched(7, LOST, label="Smith"), name="other"),
    ]
)


async def asked(**options: object) -> None:
    forms = {"as_json": False, "as_csv": False, "limit": None}
    await ask(extensions, DAEMON, **{**forms, **options})


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({}, ["acme/102", "other/7", "acme/101", "acme/103"]),
        ({"q": "ozola"}, ["102"]),
        ({"states": "lost,unknown"}, ["acme/102", "other/7"]),
        ({"site": "riga"}, ["102", "101"]),
        ({"account": "other"}, ["7"]),
        ({"device": "SNOM"}, ["103"]),
        ({"group": "Sales"}, []),
        ({"states": "lost", "site": "riga", "q": "petrov"}, []),
    ],
)
async def test_those_are_shown_that_are_sought_the_troubled_first(
    sought: dict[str, str], found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    await asked(**sought)
    printed = capsys.readouterr()
    assert [line.split("\t")[0] for line in printed.out.splitlines()] == found
    assert printed.err == ""


async def test_a_site_that_does_not_exist_is_no_empty_list() -> None:
    with pytest.raises(RemoteError, match="no site is named `rga`: did you mean `riga`"):
        await asked(site="rga")


async def test_what_is_left_out_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    await asked(limit=1)
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    assert printed.err == "… and 3 more: --limit 4 shows all\n"


async def test_programs_get_all_of_many_pages(capsys: pytest.CaptureFixture[str]) -> None:
    many = FakeDaemon([account(*(watched(n) for n in range(1, 251)))])
    await ask(extensions, many, as_json=True, as_csv=False, limit=None)
    body = json.loads(capsys.readouterr().out)
    assert len({each["id"] for each in body["extensions"]}) == body["found"] == 250
    await ask(extensions, many, as_json=False, as_csv=True, limit=120)
    assert len(list(csv.DictReader(StringIO(capsys.readouterr().out)))) == 120


AT_60 = """\
extension  label       state       since (EET)
102        Zane Ozola  lost        12:56:40
  riga · expired
101        Petrov      registered  –
  riga · Yealink SIP-T46G 28.72.14.5
103        Kask        registered  –
  snom320 · not expected now
"""


def body(
    number: int, state: ExtensionState = ExtensionState.REGISTERED, **more: object
) -> ExtensionBody:
    expected = bool(more.pop("expected", True))
    who = watched(number, state, **more)  # type: ignore[arg-type]
    return extension_body(AccountName("acme"), who, expected=expected)


def test_they_fit_the_terminal() -> None:
    rows = [
        body(102, LOST, label="Zane Ozola", site="riga", reason="expired", since=1_794_999_400.0),
        body(101, label="Petrov", site="riga", registrations=(DESK, DESK)),
        body(103, label="Kask", registrations=(registration(3, device="snom320"),), expected=False),
    ]
    lines = extension_lines(rows, at(60))
    assert plain(lines) == AT_60
    assert widest(lines) <= 60
