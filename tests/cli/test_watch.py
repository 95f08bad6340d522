"""`regwatch watch`: what the screen shows, and what goes into a pipe."""

import asyncio

import pytest
from fakes.asked import ask
from fakes.looks import PIPE, at, plain, widest
from fakes.web import FakeDaemon, account, incident, watched
from msgspec.structs import replace

from regwatch.cli.errors import RemoteError
from regwatch.cli.remote import Remote
from regwatch.cli.watch import Asked, Seen, changes, frame, watch
from regwatch.web.api.answers import account_body, incident_body
from regwatch.web.api.bodies import IncidentBody, IncidentsBody, StatusBody

NOW = "2026-11-18T11:06:40+00:00"
ONE = replace(
    incident_body(incident(summary="102 (Kask 102) lost its registration")), id="d1ce1a5b7da0341b"
)
MUTED = replace(ONE, silenced_by="silence s1")
TWO = replace(ONE, id="0a8c64f1de30b6a2", severity="info", summary="104 signed off")
STATUS = StatusBody(
    version="0.1.0", at=NOW, problem=None, incidents={}, receivers=[],
    accounts=[account_body(account(watched(101), watched(102)))],
)  # fmt: skip


def seen(*incidents: IncidentBody, trouble: str = "") -> Seen:
    return Seen(STATUS, IncidentsBody(list(incidents), len(incidents)), NOW, trouble)


FRAME = """\
regwatch at 13:06:40 EET · every 2 s · Ctrl-C ends it
acme: 2 registered

1 open incident:
id        severity  state   since (EET)  for
d1ce1a5b  critical  firing  13:01:40     5 min
  102 (Kask 102) lost its registration
"""


def test_the_screen_shows_how_things_stand_and_what_is_wrong() -> None:
    lines = frame(seen(ONE), at(60), seconds=2.0, height=24)
    assert plain(lines) == FRAME
    assert widest(lines) <= 60


def test_what_is_old_never_claims_to_be_current() -> None:
    lines = frame(seen(ONE, trouble="no regwatch runs there"), at(60), seconds=2.0, height=24)
    assert plain(lines).startswith("NOT CURRENT, 0 s old: no regwatch runs there\nacme: ")


def test_what_is_higher_than_the_screen_is_counted() -> None:
    many = [replace(ONE, id=f"{n:016x}") for n in range(20)]
    lines = frame(seen(*many), at(200), seconds=2.0, height=10)
    assert len(lines) == 10
    assert lines[-1].plain == "… 16 lines more"


def words(before: Seen | None, now: Seen) -> list[tuple[str, ...]]:
    lines = (line.plain.split("\t") for line in changes(before, now, at(PIPE)))
    return [(what, id_[:4]) for _, what, _, id_, _ in lines]


ACKED = replace(ONE, acknowledged_by="jane")


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (None, seen(ONE), [("firing", "d1ce")]),
        (seen(ONE), seen(ONE), []),
        (seen(ONE), seen(TWO), [("firing", "0a8c"), ("over", "d1ce")]),
        (seen(replace(ONE, state="pending")), seen(ONE), [("firing", "d1ce")]),
        (seen(ONE), seen(ACKED), [("acknowledged by jane", "d1ce")]),
        (seen(ACKED), seen(ONE), []),
        (seen(ONE), seen(MUTED), [("muted by silence s1", "d1ce")]),
        (seen(ONE), seen(replace(ONE, summary="x")), [("reworded", "d1ce")]),
        (seen(ONE), seen(ONE, trouble="gone"), [("unseen", "")]),
        (seen(ONE, trouble="gone"), seen(ONE, trouble="gone"), []),
        (seen(ONE, trouble="gone"), seen(), [("seen again", ""), ("over", "d1ce")]),
    ],
)  # fmt: skip
def test_in_a_pipe_each_change_is_a_line(
    before: Seen | None, now: Seen, told: list[tuple[str, ...]]
) -> None:
    assert words(before, now) == told


def test_such_a_line_has_its_time_and_its_words() -> None:
    (line,) = changes(None, seen(ONE), at(PIPE))
    assert line.plain == (
        "2026-11-18T13:06:40+02:00\tfiring\tcritical\td1ce1a5b7da0341b\t102 (Kask 102) lost its"
        " registration"
    )


async def test_what_changes_between_two_answers_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The second comes a second after the first: nothing may be asked more often."""
    first = incident(number=102, summary="102 is lost")
    daemon = FakeDaemon([account(watched(102))], [first])

    async def for_two_answers(remote: Remote) -> None:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch(remote, interval=0.0))
            while not capsys.readouterr().out.count("firing"):
                await asyncio.sleep(0.01)
            daemon.open_incidents = []
            told = ""
            while "over" not in told:
                await asyncio.sleep(0.01)
                told += capsys.readouterr().out
            watching.cancel()

    await ask(for_two_answers, daemon)


async def test_while_nobody_answers_the_last_answer_is_kept() -> None:
    nobody = Asked(Remote("http://127.0.0.1:1"), {})
    kept = await nobody.now(seen(ONE))
    assert kept.found.incidents == [ONE]
    assert kept.trouble.startswith("no regwatch runs at http://127.0.0.1:1 (connection refused)")
    with pytest.raises(RemoteError):
        await nobody.now(None)
