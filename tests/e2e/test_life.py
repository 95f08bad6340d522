"""A day in a life in which people, machines and failures are as often as they are: nothing false is
told, and nobody is missed.
"""

from dataclasses import replace

import pytest
from bench.life.driver import BEGINS, Life, Told
from bench.life.judge import judged
from fakes.notifications import NEW, lost, notification
from fakes.tracing import untraced
from msgspec.structs import replace as changed

from regwatch.core.model import ExtensionId, Incident, Timestamp
from regwatch.simulator.life import Happening, Want
from regwatch.simulator.life.happenings import Sight
from regwatch.simulator.rates import HONEST, Kind

PHONES, DAYS = 120, 1.0
OFTEN = replace(HONEST, silent_death=12.0)
"""So that some die even of few phones."""


@pytest.mark.long
def test_a_day_in_an_honest_life_tells_nothing_false_and_misses_nobody() -> None:
    with untraced():
        told = Life(OFTEN, phones=PHONES, seed=3).live(DAYS)
    judgement = judged(told, days=DAYS)
    assert [i.summary for i in judgement.false_losses] == []
    assert judgement.missed == []
    assert judgement.twice == []
    assert any(each.kind is Kind.SILENT_DEATH for each in told.truth)
    assert set(told.counts()) <= {
        "extension_lost", "signed_off", "refresh_overdue", "address_changed", "device_changed",
        "registration_lost", "site_lost", "never_registered", "flapping",
    }  # fmt: skip


def lived(off: float, back: float) -> Told:
    """One that was gone then, and is told of as lost at 600 s."""
    message = notification((NEW, replace_started(600)))
    sight = Sight(101, 0, BEGINS + off, BEGINS + off, BEGINS + off, BEGINS + back)
    happening = Happening(
        number="x", at=BEGINS + off, kind=Kind.SILENT_DEATH, want=Want.LOSS, sights=(sight,)
    )
    incidents = {item.id: item.incident for item in message.items}
    return Told([message], incidents, (happening,))


def replace_started(seconds: float) -> Incident:
    incident = lost(101)
    facts = changed(incident.facts, extension_id=ExtensionId(101))
    return changed(incident, started_at=Timestamp(BEGINS + seconds), facts=facts)


def test_the_judge_objects_to_what_is_false() -> None:
    assert not judged(lived(500, 5000), days=1).false_losses
    assert judged(lived(2000, 5000), days=1).false_losses, "it was gone only later"
    assert judged(lived(0, 400), days=1).false_losses, "it was back before"


def test_the_judge_objects_to_what_is_missed_or_told_twice() -> None:
    told = lived(500, 5000)
    assert not judged(told, days=1).missed
    untold = Told([], {}, told.truth)
    assert [sight.extension_id for _, sight in judged(untold, days=1).missed] == [101]
    again = Told([*told.messages, *told.messages], told.incidents, told.truth)
    assert len(judged(again, days=1).twice) == 1
