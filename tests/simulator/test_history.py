"""When extensions came on and went off, as a person at the PBX saw it."""

import pytest
from fakes.values import START

from regwatch.simulator.history import Edge, edges, read_time
from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings


def told(*acts: tuple[float, str], until: float = 2000.0) -> list[tuple[float, bool]]:
    """The edges of one phone, in seconds from the start, and whether it came on."""
    settings = SimulatorSettings(extensions=1, calm=True, leases="600")
    registrar = Registrar(settings, now=START)
    (extension_id,) = registrar.phones
    for at, action in acts:
        registrar.advance(START + at)
        registrar.act(extension_id, action, START + at)
    registrar.advance(START + until)
    found = edges(registrar, started_at=START, now=START + until)
    return [(round(edge.at - START, 3), edge.is_on) for edge in found]


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([], []),
        ([(10, "unregister")], [(10, False)]),
        ([(10, "unregister"), (20, "revive")], [(10, False), (20, True)]),
        ([(10, "reboot")], []),
        ([(10, "add_device"), (20, "reboot"), (30, "move")], []),
    ],
    ids=["nothing", "off", "off and on", "a reboot is none", "nor is one of several devices"],
)
def test_each_time_it_came_on_or_went_off(
    acts: list[tuple[float, str]], expected: list[tuple[float, bool]]
) -> None:
    assert told(*acts) == expected


def test_a_silent_death_goes_off_when_its_lease_ends_and_not_before() -> None:
    ((at, is_on),) = told((10, "die"))
    assert not is_on
    assert 10 < at <= 610
    assert told((10, "die"), until=at - 1) == []


def test_an_entry_is_written_as_the_api_writes_it_and_its_time_is_read_again() -> None:
    entry = Edge(START + 0.7, "000*101", is_on=True).entry()
    assert (entry["status"], entry["short_ext_name"]) == ("on", "101")
    assert read_time(entry["date_gmt"]) == START
    with pytest.raises(ValueError, match="does not match"):
        read_time("yesterday")
