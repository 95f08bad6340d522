"""A day's troubles in virtual time: the simulated registrar, the real plan, real grouping."""

import pytest
from bench.polling.case import Case
from fakes.told import Act, Told
from fakes.tracing import untraced

from regwatch.core.model import AlertName, ItemStatus, NotifyReason

FLAPPER, MOVER, REBOOTER, REBOUND = 7, 47, 86, 121
"""Phones of different sites."""


@pytest.mark.parametrize("leases", ["desk", pytest.param("mixed", marks=pytest.mark.long)])
def test_a_site_that_goes_dark_is_one_message_and_one_when_it_is_back(leases: str) -> None:
    case = Case(200, 50, 1000, leases, losses=0, hours=2, warm_up=2 * 3600)
    at = Told(
        case,
        [
            (0, lambda registrar, now: registrar.site(1, dark=True, now=now)),
            (5400, lambda registrar, now: registrar.site(1, dark=False, now=now)),
        ],
    )
    with untraced():
        at.play()
    new, over = at.told(ItemStatus.NEW), at.told(ItemStatus.RESOLVED)
    assert new[AlertName.SITE_LOST] == over[AlertName.SITE_LOST] == 1
    alone = new[AlertName.EXTENSION_LOST] + new[AlertName.REFRESH_OVERDUE]
    assert alone <= 4, "only who waited for half a minute before it could be seen to be more"
    told = [m for m in at.messages if m.reason is not NotifyReason.REPEAT_DUE]
    grown = [m for m in told if any(item.grown_from for item in m.items)]
    assert len(grown) <= 3, "twice as many, and twice as many again"
    assert len(told) - len(grown) <= 2 + 2 * alone
    (outage,) = [i for i in at.incidents.values() if i.alert is AlertName.SITE_LOST]
    assert " of 20 phones behind 203.0.113.2 silent since " in outage.summary
    assert "the public address 203.0.113.2" in outage.explanation


def doing(number: int, action: str) -> Act:
    """What one phone does."""
    return lambda registrar, now: registrar.act(list(registrar.phones)[number], action, now)


def test_a_flapper_is_one_message_when_it_starts_and_one_when_it_stops() -> None:
    comes_and_goes = [
        (180.0 * number, doing(FLAPPER, "revive" if number % 2 else "unregister"))
        for number in range(40)
    ]
    at = Told(Case(200, 50, 1000, "desk", losses=0, hours=3), comes_and_goes)
    with untraced():
        at.play()
    new, over = at.told(ItemStatus.NEW), at.told(ItemStatus.RESOLVED)
    assert new == over == {AlertName.FLAPPING: 1, AlertName.SIGNED_OFF: 3}, "none once it is"
    lost = [i for i in at.incidents.values() if i.alert is AlertName.SIGNED_OFF]
    assert len(lost) == 20, "each was seen, all the same"
    (flapping,) = [i for i in at.incidents.values() if i.alert is AlertName.FLAPPING]
    assert {i.inhibited_by for i in lost} == {None, flapping.id}


def test_a_phone_that_moves_is_told_of_and_reboots_and_new_ports_are_not() -> None:
    script = [
        (60.0, doing(MOVER, "move")),
        *((600.0 * number, doing(REBOOTER, "reboot")) for number in range(1, 8)),
        (4800.0, doing(REBOUND, "rebind")),
        (6600.0, doing(REBOUND, "rebind")),
    ]
    at = Told(Case(200, 50, 1000, "desk", losses=0, hours=4), script)
    with untraced():
        at.play()
    new, over = at.told(ItemStatus.NEW), at.told(ItemStatus.RESOLVED)
    assert new[AlertName.ADDRESS_CHANGED] == over[AlertName.ADDRESS_CHANGED] == 1
    (moved,) = [i for i in at.incidents.values() if i.alert is AlertName.ADDRESS_CHANGED]
    assert moved.facts.extension_id == list(at.world.registrar.phones)[MOVER]
    assert set(new) <= {AlertName.ADDRESS_CHANGED, AlertName.REGISTRATION_LOST}
    assert {i.facts.extension_id for i in at.incidents.values()} == {moved.facts.extension_id}
