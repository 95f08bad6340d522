"""What truly happened, as a value: who is seen gone, when first, when enough missed a refresh."""

import json

from regwatch.simulator.life.happenings import Act, Happening, Sight, Step, Want
from regwatch.simulator.rates import Kind


def outage(*sights: Sight) -> Happening:
    return Happening(
        number="power_cut/1/0",
        at=100.0,
        kind=Kind.POWER_CUT,
        want=Want.PLACE,
        whom=tuple(sight.extension_id for sight in sights),
        place="line 3",
        until=500.0,
        steps=(Step(100.0, Act.OFF, 1),),
        sights=sights,
    )


GONE = Sight(1, 0, 100.0, 130.0, 200.0, 520.0)
SOON_BACK = Sight(2, 0, 100.0, 140.0, 900.0, 510.0)
UNMISSED = Sight(3, 0, 100.0, 700.0, 900.0, 505.0)
AWAY = Sight(4, 0, 100.0, None, 100.0)


def test_who_is_back_before_the_lease_ends_is_never_seen_gone() -> None:
    held = outage(GONE, SOON_BACK, UNMISSED)
    assert (held.seen_at, held.lost) == (200.0, frozenset({1}))
    assert outage(SOON_BACK).seen_at is None


def test_only_a_refresh_that_was_due_before_it_came_back_is_missed() -> None:
    held = outage(GONE, SOON_BACK, UNMISSED, AWAY)
    assert [held.missed_at(count) for count in (1, 2, 3)] == [130.0, 140.0, None]


def test_it_is_a_line_of_json_in_which_never_is_null() -> None:
    shown = json.loads(outage(GONE, AWAY).line())
    assert "steps" not in shown
    assert (shown["kind"], shown["want"], shown["seen_at"]) == ("power_cut", "place", 100.0)
    assert [sight["back_at"] for sight in shown["sights"]] == [520.0, None]
