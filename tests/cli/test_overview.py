"""How things stand, in a terminal of 60 columns: golden text."""

from dataclasses import replace

import pytest
from fakes.looks import PIPE, at, plain, widest
from msgspec.structs import replace as changed

from regwatch.cli.overview import open_lines, overview_lines, set_aside_lines
from regwatch.web.api.bodies import (
    AccountBody,
    IncidentsBody,
    QuotaBody,
    ReceiverBody,
    SetbackBody,
    SiteBody,
    StatusBody,
)

ACME = AccountBody(
    name="acme", api_up=True, api_problem="", first_sweep_done=True, sweep_seconds=60.0,
    oldest_answer_at="2026-11-18T11:06:10Z", quota=QuotaBody(1000, 944, "2026-11-18T12:00:00Z"),
    extensions={"registered": 38, "overdue": 1, "lost": 1, "unknown": 0},
    ids_asked={"sweep": 900, "lease_end": 100, "refresh": 1, "confirmation": 0},
    sites=[SiteBody("riga", {"registered": 18, "lost": 1}), SiteBody("tallinn", {"registered": 9})],
)  # fmt: skip
STATUS = StatusBody(
    version="0.1.0", at="2026-11-18T11:06:40Z", problem="the store cannot write: disk full",
    accounts=[ACME], incidents={}, receivers=[ReceiverBody("chat", 3, "2026-11-18T11:00:00Z")],
)  # fmt: skip
AT_60 = """\
regwatch itself: the store cannot write: disk full
acme: 38 registered, 1 overdue, 1 lost
  oldest answer 30 s ago; 944 of 1000 requests left; asked
  for: 90% sweep, 10% lease end
  site riga: 18 registered, 1 lost
  site tallinn: 9 registered
chat: 3 messages wait, since 13:00:00 EET
"""
IN_A_PIPE = """\
regwatch itself: the store cannot write: disk full
acme: 38 registered, 1 overdue, 1 lost; oldest answer 30 s ago; 944 of 1000 requests left; asked for: 90% sweep, 10% lease end
  site riga: 18 registered, 1 lost
  site tallinn: 9 registered
chat: 3 messages wait, since 2026-11-18T13:00:00+02:00
"""  # noqa: E501


@pytest.mark.parametrize(("width", "text"), [(60, AT_60), (PIPE, IN_A_PIPE)])
def test_an_overview_fits_the_terminal(width: int | None, text: str) -> None:
    lines = list(overview_lines(STATUS, at(width)))
    assert plain(lines) == text
    assert width is None or widest(lines) <= width


def test_what_is_wrong_with_an_account_comes_before_its_figures() -> None:
    trouble = changed(ACME, api_problem="the PBX does not answer: 503", first_sweep_done=False)
    lines = plain(overview_lines(changed(STATUS, accounts=[trouble]), at(60))).splitlines()
    assert lines[2:4] == [
        "  the PBX does not answer: 503", "  starting: not all of them were asked for yet",
    ]  # fmt: skip


def test_that_nothing_is_open_is_said() -> None:
    assert plain(open_lines(IncidentsBody([], 0), at(60))) == "No open incidents.\n"


def test_what_was_set_aside_is_named_and_the_rest_counted() -> None:
    once = SetbackBody("http", "GET /", "KeyError at x.py:1", STATUS.at, STATUS.at, 1)
    often = SetbackBody("answer", "acme/3", "KeyError at y.py:2", STATUS.at, STATUS.at, 7)
    status = changed(STATUS, set_aside=[once, often], set_aside_count=5)
    assert (
        plain(set_aside_lines(status, replace(at(60), width=100)))
        == """\
Set aside because of bugs in regwatch: 5
  GET / (http) since 13:06:40 EET: KeyError at x.py:1
  acme/3 (answer) since 13:06:40 EET, 7 times, last at 13:06:40 EET: KeyError at y.py:2
  and 3 more
"""
    )
    assert list(set_aside_lines(STATUS, at(60))) == []
