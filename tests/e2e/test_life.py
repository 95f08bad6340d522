"""A day in a life in which people, machines and failures are as often as they are: nothing false is
told, and nobody is missed. And the judge who says so is shown what is false, missed, told twice.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from bench.life.driver import NOON, Life, Saying, Told
from bench.life.finding import Wanted, delays, finding
from bench.life.judge import Word, judged
from bench.life.table import found_rows, line, told_rows
from bench.life.truth import Census
from fakes.notifications import lost
from fakes.tracing import untraced
from msgspec.structs import replace as changed

from regwatch.core.model import (
    AlertName,
    ExtensionId,
    Facts,
    Incident,
    IncidentId,
    Timestamp,
)
from regwatch.simulator.life import Happening, Want
from regwatch.simulator.life.happenings import SECOND, Sight
from regwatch.simulator.rates import HONEST, Kind

PHONES, DAYS = 120, 0.75
OFTEN = replace(HONEST, silent_death=24.0, device_death=12.0)
"""So that some die even of few phones."""


@pytest.mark.long
def test_a_day_in_an_honest_life_tells_nothing_false_and_misses_nobody() -> None:
    with untraced():
        told = Life(OFTEN, phones=PHONES, seed=3).live(DAYS)
    assert list(map(line, judged(told).of(Word.FALSE))) == []
    found = finding(told)
    assert [each for each in found if each.told_at is None] == []
    assert {"lost", "signed off"} <= {each.what for each in found}


# --- the judge ------------------------------------------------------------------------------------

EXTENSION, DEVICE = AlertName.EXTENSION_LOST, AlertName.REGISTRATION_LOST
SIGNED_OFF, OVERDUE = AlertName.SIGNED_OFF, AlertName.REFRESH_OVERDUE
WHO = 101


def away(
    off: float, back: float, *, goodbye: bool = False, device: int = 0, gone: float | None = None
) -> Happening:
    """One device that was off then, and seen to be gone at once unless it is said when."""
    gone_at = NOON + (off if gone is None else gone)
    sight = Sight(WHO, device, NOON + off, None if goodbye else NOON + off, gone_at, NOON + back)
    return happening(
        Kind.OFFICE_HOURS if goodbye else Kind.SILENT_DEATH, off, back,
        Want.SIGN_OFF if goodbye else Want.LOSS, sights=(sight,),
    )  # fmt: skip


def happening(
    kind: Kind, at: float, until: float, want: Want = Want.NOTHING, **more: object
) -> Happening:
    return Happening(
        number=f"{kind}/{at}",
        at=NOON + at,
        kind=kind,
        want=want,
        whom=(WHO,),
        until=NOON + until,
        **more,  # type: ignore[arg-type]
    )


def said(
    alert: AlertName,
    at: float,
    *,
    started: float | None = None,
    who: int | None = WHO,
    number: str = "",
    census: Census | None = None,
    place: str = "",
) -> Saying:
    """An incident told then, which began shortly before."""
    extension_id = None if who is None else ExtensionId(who)
    began = at - 20 if started is None else started
    facts = Facts(account=lost().account, extension_id=extension_id, place=place)
    incident = changed(
        lost(),
        id=IncidentId(number or f"{alert}/{at}"),
        alert=alert,
        started_at=Timestamp(NOON + began),
        facts=facts,
    )
    return Saying(NOON + at, incident, census)


def lived(
    *sayings: Saying,
    truth: Sequence[Happening] = (),
    doubled: frozenset[int] = frozenset(),
    others: Sequence[Incident] = (),
) -> Told:
    incidents = {each.incident.id: each.incident for each in sayings}
    incidents |= {each.id: each for each in others}
    return Told(
        NOON,
        NOON + 86_400.0,
        sayings=list(sayings),
        incidents=incidents,
        truth=truth,
        doubled=doubled,
    )


def words(told: Told) -> list[Word]:
    return [verdict.word for verdict in judged(told).verdicts]


SILENT, GOODBYE = away(500, 5000), away(500, 5000, goodbye=True)
LATER = away(500, 5000, gone=1000)


@pytest.mark.parametrize(
    ("saying", "truth", "word"),
    [
        pytest.param(said(EXTENSION, 600), SILENT, Word.TRUE, id="it is gone"),
        pytest.param(said(EXTENSION, 400), SILENT, Word.FALSE, id="it goes later"),
        pytest.param(said(EXTENSION, 600), LATER, Word.FALSE, id="it is listed still"),
        pytest.param(said(EXTENSION, 5100), SILENT, Word.TRUE, id="it is just back"),
        pytest.param(said(EXTENSION, 6000), SILENT, Word.FALSE, id="it was back before"),
        pytest.param(said(EXTENSION, 600, who=102), SILENT, Word.FALSE, id="it is another"),
        pytest.param(said(EXTENSION, 600), GOODBYE, Word.GOODBYE, id="it said good-bye"),
        pytest.param(said(SIGNED_OFF, 600), GOODBYE, Word.TRUE, id="good-bye as good-bye"),
        pytest.param(said(SIGNED_OFF, 600), SILENT, Word.MILDER, id="nobody said good-bye"),
        pytest.param(said(OVERDUE, 600), SILENT, Word.TRUE, id="rightly warned of"),
        pytest.param(said(OVERDUE, 600), GOODBYE, Word.FALSE, id="a good-bye is not late"),
        pytest.param(
            said(AlertName.DEVICE_CHANGED, 100), happening(Kind.TAKE_OVER, 60, 5000), Word.TRUE,
            id="another one took over",
        ),
        pytest.param(
            said(AlertName.DEVICE_CHANGED, 5100), happening(Kind.TAKE_OVER, 60, 5000), Word.FALSE,
            id="its own is known",
        ),
        pytest.param(
            said(AlertName.DEVICE_CHANGED, 100), happening(Kind.FIRMWARE, 60, 200), Word.FALSE,
            id="firmware makes no device",
        ),
        pytest.param(
            said(AlertName.ADDRESS_CHANGED, 100), happening(Kind.ROAMING, 60, 5000), Word.TRUE,
            id="it roams",
        ),
        pytest.param(
            said(AlertName.ADDRESS_CHANGED, 5100), happening(Kind.ROAMING, 60, 5000), Word.FALSE,
            id="it is home again",
        ),
        pytest.param(
            said(AlertName.API_UNAVAILABLE, 200, who=None), happening(Kind.API_DOWN, 60, 300),
            Word.TRUE, id="the API is down",
        ),
        pytest.param(
            said(AlertName.ACCOUNT_LOST, 200, who=None), happening(Kind.API_DOWN, 60, 300),
            Word.FALSE, id="nobody is gone because of that",
        ),
        pytest.param(
            said(AlertName.QUOTA_EXHAUSTED, 200, who=None), SILENT, Word.FALSE, id="it never is",
        ),
        pytest.param(
            said(AlertName.FLAPPING, 600), SILENT, Word.FALSE, id="it went once",
        ),
        pytest.param(
            said(AlertName.NEVER_REGISTERED, 600), SILENT, Word.FALSE, id="it did register",
        ),
        pytest.param(
            said(AlertName.SITE_LOST, 600, who=None, census=Census(10, 6)), SILENT, Word.TRUE,
            id="most of the place is dark",
        ),
        pytest.param(
            said(AlertName.SITE_LOST, 600, who=None, census=Census(10, 4)), SILENT, Word.FALSE,
            id="most of the place is well",
        ),
    ],
)  # fmt: skip
def test_the_judge_knows_what_is_true(saying: Saying, truth: Happening, word: Word) -> None:
    assert words(lived(saying, truth=(truth,))) == [word]


def test_the_judge_objects_to_what_is_told_again() -> None:
    twice = (said(EXTENSION, 600), said(EXTENSION, 900))
    assert words(lived(*twice, truth=(SILENT,))) == [Word.TRUE, Word.AGAIN]
    other_name = (said(SIGNED_OFF, 600), said(EXTENSION, 900))
    assert words(lived(*other_name, truth=(GOODBYE,))) == [Word.TRUE, Word.AGAIN]
    warned = (said(OVERDUE, 600), said(EXTENSION, 900))
    assert words(lived(*warned, truth=(SILENT,))) == [Word.TRUE, Word.TRUE], "warned, then lost"
    each_time = (SILENT, away(8000, 9000))
    again = (said(EXTENSION, 600), said(EXTENSION, 8100))
    assert words(lived(*again, truth=each_time)) == [Word.TRUE, Word.TRUE]


def test_one_of_two_devices_is_not_the_extension() -> None:
    both = frozenset({WHO})
    first, second = SILENT, away(500, 5000, device=SECOND)
    assert words(lived(said(EXTENSION, 600), truth=(first,), doubled=both)) == [Word.FALSE]
    told = (said(DEVICE, 600), said(EXTENSION, 700), said(EXTENSION, 900))
    found = words(lived(*told, truth=(first, second), doubled=both))
    assert found == [Word.TRUE, Word.TRUE, Word.AGAIN]


def test_a_new_address_of_a_line_is_told_once() -> None:
    line_moved = happening(Kind.NEW_ADDRESS, 60, 180, Want.ADDRESS)
    told = [said(AlertName.ADDRESS_CHANGED, at, who=who) for at, who in ((100, WHO), (200, None))]
    assert words(lived(*told, truth=(line_moved,))) == [Word.TRUE, Word.AGAIN]


def test_what_was_told_before_it_begins_does_not_count() -> None:
    assert words(lived(said(EXTENSION, -100))) == []


# --- what is found --------------------------------------------------------------------------------


def missed(told: Told) -> list[Wanted]:
    return [each for each in finding(told) if each.told_at is None]


def test_who_is_gone_for_long_and_not_told_is_missed() -> None:
    (found,) = finding(lived(said(EXTENSION, 600), truth=(SILENT,)))
    assert (found.what, found.seconds) == ("lost", 100.0)
    assert [each.who for each in missed(lived(truth=(SILENT,)))] == [WHO]
    assert finding(lived(truth=(away(500, 560),))) == [], "too short to be seen"
    assert missed(lived(said(EXTENSION, 600, who=102), truth=(SILENT,)))
    assert missed(lived(said(EXTENSION, 8000), truth=(SILENT,))), "another time"


def test_who_is_spoken_for_by_its_place_is_told() -> None:
    place = said(AlertName.SITE_LOST, 600, who=None, number="place", census=Census(10, 6))
    mine = said(EXTENSION, 600).incident
    told = lived(place, truth=(SILENT,), others=(mine,))
    assert missed(told), "an incident of which nobody is told"
    told.covers[mine.id].add(place.incident.id)
    assert not missed(told)


def test_while_nobody_can_see_nobody_is_missed() -> None:
    frozen = happening(Kind.FROZEN, 400, 4950, Want.NOTHING)
    assert missed(lived(truth=(SILENT,)))
    assert not missed(lived(truth=(SILENT, frozen)))
    long = happening(Kind.FROZEN, 400, 4000, Want.NOTHING)
    (found,) = finding(lived(said(EXTENSION, 4100), truth=(SILENT, long)))
    assert found.seconds == pytest.approx(100.0, abs=1)


def test_what_concerns_all_is_missed_as_well() -> None:
    restart = happening(Kind.RESTART, 60, 60, Want.RESTART)
    assert [each.what for each in missed(lived(truth=(restart,)))] == ["registrar restarted"]
    told = said(AlertName.REGISTRAR_RESTARTED, 100, who=None)
    assert not missed(lived(told, truth=(restart,)))
    down = happening(Kind.API_DOWN, 60, 120, Want.API)
    assert finding(lived(truth=(down,))) == [], "shorter than it has to be told"


def test_a_table_has_a_row_for_each_kind() -> None:
    told = lived(said(EXTENSION, 600), said(EXTENSION, 9000), truth=(SILENT,))
    (row,) = found_rows(finding(told))
    assert row == ("silent death", "lost", 1, 1, 0, "100 s", "100 s")
    assert list(told_rows([judged(told)])) == [("`extension_lost`", 2, 1, 0, 0, 0, 1)]
    assert delays([]) is None
