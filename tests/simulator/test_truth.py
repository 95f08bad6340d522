"""What really happened, for those who check whether it was found."""

import json

import pytest
from fakes.values import START

from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.truth import Event, Truth


def test_the_truth_of_an_hour_can_be_written() -> None:
    held = Registrar(SimulatorSettings(extensions=5000), now=START)
    held.advance(START + 3600)
    json.dumps([event.line() for event in held.truth.since(0)])
    assert len(held.truth.since(0)) > 50


def test_the_truth_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regwatch.simulator.truth.Truth.KEPT", 100)
    held = Registrar(SimulatorSettings(extensions=10, calm=True), now=START)
    told: list[int] = []
    held.truth._tell = lambda event: told.append(event.seq)
    for second in range(30):
        for extension_id in held.phones:
            held.act(extension_id, "rebind", START + second)
    kept = held.truth.since(0)
    assert told == list(range(1, 301))
    assert kept[-1].seq == 300
    assert 80 <= len(kept) <= 100


def test_events_are_counted_from_one_and_told_as_they_happen() -> None:
    told: list[Event] = []
    truth = Truth(told.append)
    for at in (5.0, 7.0, 9.0):
        truth.add(at=at, visible_at=None, kind="die", extension_id=1)
    assert [event.seq for event in told] == [1, 2, 3]
    assert truth.since(0) == told
    assert [event.at for event in truth.since(2)] == [9.0]
    assert truth.since(3) == []


def test_an_event_is_a_line_of_json() -> None:
    event = Truth().add(at=5.0, visible_at=6.0, kind="die", extension_id=1, name='says "hi"\n')
    assert "\n" not in event.line()
    assert Event(**json.loads(event.line())).line() == event.line()
