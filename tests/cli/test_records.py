"""Incidents and what happened, as people read them: golden text for a terminal of 60 columns."""

import pytest
from fakes.looks import PIPE, at, plain, widest
from fakes.web import incident
from msgspec.structs import replace

from regwatch.cli.records import counted, history_lines, incident_lines, short_length, story_lines
from regwatch.web.api.answers import incident_body
from regwatch.web.api.bodies import HappeningBody

OPEN = replace(
    incident_body(
        incident(summary="102 (Kask 102) lost its registration at riga: its lease ran out")
    ),
    id="d1ce1a5b7da0341b",
)
SITE = replace(
    OPEN, id="0a8c64f1de30b6a2", severity="critical", members=18, acknowledged_by="anna",
    summary="riga: 18 of 20 phones silent since 12:58, 0 heard since",
)  # fmt: skip
MEMBER = replace(OPEN, id="77f00000aaaaaaaa", inhibited_by=SITE.id, summary="103 is lost")
OVER = replace(
    OPEN, id="5511aaaa00000000", severity="info", state="resolved", summary="104 signed off",
    started_at="2026-11-17T10:00:00Z", resolved_at="2026-11-17T10:02:05Z", resolution="removed",
)  # fmt: skip
HAPPENING = HappeningBody(
    at="2026-11-18T11:06:40Z", kind="change", event="device_changed", text="now a Linphone",
    account="acme", extension_id=101, extension="000*101", incident_id=None, alert="", receiver="",
)  # fmt: skip

AT_60 = """\
id        severity  state     since (EET)   for
d1ce1a5b  critical  firing    13:01:40      5 min
  102 (Kask 102) lost its registration at riga: its lease
  ran out
0a8c64f1  critical  firing    13:01:40      5 min
  riga: 18 of 20 phones silent since 12:58, 0 heard since ·
  it says it all for 18 more · acknowledged by anna
77f00000  critical  firing    13:01:40      5 min
  103 is lost · incident 0a8c64f1 says it all
5511aaaa  info      resolved  17 Nov 12:00  2 min 5 s
  104 signed off · removed
"""
AT_200 = """\
id        severity  state     since (EET)   for        what
d1ce1a5b  critical  firing    13:01:40      5 min      102 (Kask 102) lost its registration at riga: its lease ran out
0a8c64f1  critical  firing    13:01:40      5 min      riga: 18 of 20 phones silent since 12:58, 0 heard since · it says it all for 18 more · acknowledged by anna
77f00000  critical  firing    13:01:40      5 min      103 is lost · incident 0a8c64f1 says it all
5511aaaa  info      resolved  17 Nov 12:00  2 min 5 s  104 signed off · removed
"""  # noqa: E501
ALL = [MEMBER, OPEN, SITE, OVER]


@pytest.mark.parametrize(("width", "text"), [(60, AT_60), (200, AT_200)])
def test_incidents_fit_the_terminal_and_members_stand_below_what_says_it_all(
    width: int, text: str
) -> None:
    lines = incident_lines(ALL, at(width))
    assert plain(lines) == text
    assert widest(lines) <= width


def test_in_a_pipe_they_are_whole_lines_with_whole_ids() -> None:
    lines = plain(incident_lines([SITE, MEMBER], at(PIPE))).splitlines()
    assert [line.split("\t")[:5] for line in lines] == [
        [SITE.id, "critical", "firing", "2026-11-18T13:01:40+02:00", "5 min"],
        [MEMBER.id, "critical", "firing", "2026-11-18T13:01:40+02:00", "5 min"],
    ]


@pytest.mark.parametrize(
    ("ids", "length"),
    [([], 8), (["abcdefgh12", "xyz"], 8), (["abcdefgh12", "abcdefgh34"], 9), (["abc", "abc"], 3)],
)
def test_ids_are_as_long_as_they_are_told_apart(ids: list[str], length: int) -> None:
    assert short_length(ids) == length


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({}, ""),
        ({"silenced_by": "silence s1"}, " · muted by silence s1"),
        ({"inhibited_by": "abc"}, " · incident abc says it all"),
        ({"acknowledged_by": "jane"}, " · acknowledged by jane"),
        ({"resolution": "removed"}, " · removed"),
        ({"members": 3}, " · it says it all for 3 more"),
    ],
)
def test_what_keeps_one_quiet_is_noted(changes: dict[str, object], note: str) -> None:
    (line,) = incident_lines([replace(OPEN, **changes)], at(PIPE))
    assert line.plain.endswith(f"{OPEN.summary}{note}")


HISTORY_AT_60 = """\
at (EET)  extension  event
13:06:40  000*101    device changed
  now a Linphone
13:06:40             told chat
  new: extension lost (first seen)
"""


def test_what_happened_fits_the_terminal() -> None:
    told = replace(
        HAPPENING, kind="notification", event="new", alert="extension_lost", receiver="chat",
        text="first seen", extension="", extension_id=None,
    )  # fmt: skip
    assert plain(history_lines([HAPPENING, told], at(60), whose=True)) == HISTORY_AT_60


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
def test_what_happened_is_a_line(changes: dict[str, str], event: str, what: str) -> None:
    (line,) = history_lines([replace(HAPPENING, **changes)], at(PIPE), whose=False)
    assert line.plain.split("\t")[1:] == [event, what]


@pytest.mark.parametrize(
    ("extension", "number", "who"), [("000*101", 101, "000*101"), ("", 101, "101"), ("", None, "")]
)
def test_of_all_it_is_said_whose_it_is(extension: str, number: int | None, who: str) -> None:
    happening = replace(HAPPENING, extension=extension, extension_id=number)
    (line,) = history_lines([happening], at(PIPE), whose=True)
    assert line.plain.split("\t")[1] == who


def test_evidence_stands_behind_what_was_decided_and_once() -> None:
    fired = replace(
        HAPPENING,
        kind="incident",
        event="fired",
        alert="flapping",
        text="101: why; so",
        because="so",
    )
    (line,) = story_lines([fired], at(PIPE))
    assert line.plain.endswith("\tfired\tflapping: 101: why · so")
    (line,) = story_lines([fired], at(PIPE), known=("101: why", "so"))
    assert line.plain.endswith("\tfired\tflapping")


@pytest.mark.parametrize(
    ("extensions", "words"),
    [
        ({"registered": 2, "lost": 0, "signed_off": 1}, "2 registered, 1 signed off"),
        ({}, "no extensions"),
    ],
)
def test_extensions_are_counted_by_state(extensions: dict[str, int], words: str) -> None:
    assert counted(extensions).plain == words
