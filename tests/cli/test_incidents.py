"""`regwatch incidents`: what is wrong."""

import csv
import json
import re
from io import StringIO

import pytest
from fakes.asked import ask
from fakes.terminal import in_a_terminal
from fakes.web import NOW, FakeDaemon, FakeOperations, account, incident, served, watched
from msgspec.structs import replace

from regwatch.cli.errors import RemoteError
from regwatch.cli.incidents import incidents
from regwatch.core.model import AlertName, IncidentState

OPEN = [incident(number=n, summary=f"{n} is lost") for n in (101, 102, 103)]
OVER = incident(
    number=104, state=IncidentState.RESOLVED, resolved_at=NOW - 60, summary="104 was lost"
)


async def asked(daemon: FakeDaemon, **options: object) -> None:
    usual = {"resolved": False, "everything": False, "limit": 200}
    forms = {"as_json": False, "as_csv": False}
    await ask(incidents, daemon, **{**usual, **forms, **options})


async def said(
    capsys: pytest.CaptureFixture[str], daemon: FakeDaemon, **options: object
) -> list[str]:
    await asked(daemon, **options)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


async def test_open_ones_or_those_that_ended(capsys: pytest.CaptureFixture[str]) -> None:
    daemon = FakeDaemon(open_incidents=OPEN, resolved=[OVER])
    assert [line[-11:] for line in await said(capsys, daemon)] == [
        f"{n} is lost" for n in (101, 102, 103)
    ]
    (line,) = await said(capsys, daemon, resolved=True)
    assert line.endswith("104 was lost")


async def test_what_is_left_out_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    await asked(FakeDaemon(open_incidents=OPEN), limit=1)
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    assert printed.err == "… and 2 more\n"


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("words", "said"),
    [((), "Nothing is wrong.\n"), (("--resolved",), "Nothing ended lately.\n")],
)
async def test_that_nothing_is_wrong_is_said_to_a_person(words: tuple[str, ...], said: str) -> None:
    async with served(FakeDaemon(), operations=FakeOperations()) as session:
        url = str(session._base_url)
        assert await in_a_terminal(60, "incidents", *words, REGWATCH_URL=url) == (0, said)


async def test_in_a_pipe_no_record_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    await asked(FakeDaemon())
    assert capsys.readouterr() == ("", "")


async def test_for_programs_and_spreadsheets(capsys: pytest.CaptureFixture[str]) -> None:
    daemon = FakeDaemon(open_incidents=OPEN)
    await asked(daemon, as_json=True)
    assert json.loads(capsys.readouterr().out)["found"] == 3
    await asked(daemon, as_csv=True)
    rows = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    assert [row["summary"] for row in rows] == [f"{n} is lost" for n in (101, 102, 103)]


SITE = incident(AlertName.SITE_LOST, number=None, summary="riga: 2 of 2 silent", site="riga")
MEMBERS = [
    replace(incident(number=n, summary=f"{n} is lost", site="riga"), inhibited_by=SITE.id)
    for n in (1, 2)
]


async def test_phones_that_are_out_with_their_site_are_counted_in_its_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    daemon = FakeDaemon(open_incidents=[*MEMBERS, SITE])
    (line,) = await said(capsys, daemon)
    assert line.endswith("riga: 2 of 2 silent · it says it all for 2 more")
    assert len(await said(capsys, daemon, everything=True)) == 3


@pytest.mark.parametrize(
    ("sought", "found"),
    [({"site": "riga"}, 1), ({"alert": "site_lost"}, 1), ({"severity": "critical,info"}, 4),
     ({"severity": "info"}, 0), ({"account": "acme"}, 4)],
)  # fmt: skip
async def test_only_what_is_sought_is_shown(
    sought: dict[str, str], found: int, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon = FakeDaemon([account(watched(1, site="riga"))], [*OPEN, SITE, *MEMBERS])
    assert len(await said(capsys, daemon, **sought)) == found


@pytest.mark.parametrize(
    ("sought", "why"),
    [({"site": "rga"}, "no site is named `rga`: did you mean `riga`?"),
     ({"account": "x"}, "no account is named `x`: one of `acme`")],
)  # fmt: skip
async def test_a_site_or_account_that_does_not_exist_is_no_all_clear(
    sought: dict[str, str], why: str
) -> None:
    daemon = FakeDaemon([account(watched(1, site="riga"))])
    with pytest.raises(RemoteError, match=re.escape(why)):
        await asked(daemon, **sought)
