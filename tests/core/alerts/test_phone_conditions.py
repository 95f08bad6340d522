"""In which words a person is told what a phone does over several answers."""

from collections.abc import Callable

import pytest
from fakes.values import ACME, at, extension, registration

from regwatch.core.alerts.conditions import Condition
from regwatch.core.alerts.phone_conditions import (
    address_changed,
    device_changed,
    flapping,
    foreign_network,
)
from regwatch.core.model import AlertName, Watched
from regwatch.core.phones.flapping import Flaps
from regwatch.core.phones.moves import Move
from regwatch.core.subjects import event_subject

BEFORE = registration("uloc-1")
AFTER = registration("uloc-2", device="Linphone/5.2", real="sip:198.51.100.9:5060")
MOVE = Move(BEFORE, AFTER)
NOW = at(660)
WHO = Watched(extension(1, "Reception"), site="riga", registrations=(AFTER,))
NOWHERE = Watched(extension(1))


@pytest.mark.parametrize(
    ("make", "alert", "summary"),
    [
        (
            lambda: flapping(ACME, WHO, Flaps(at(0), 6, at(600)), NOW),
            AlertName.FLAPPING,
            (
                "101 (Reception) keeps losing its registration and coming back at riga: "
                "6 changes in 10 min"
            ),
        ),
        (
            lambda: address_changed(ACME, WHO, MOVE, NOW),
            AlertName.ADDRESS_CHANGED,
            (
                "101 (Reception) registers from another address at riga: "
                "198.51.100.9, before it was 203.0.113.7"
            ),
        ),
        (
            lambda: device_changed(ACME, WHO, MOVE, NOW),
            AlertName.DEVICE_CHANGED,
            (
                "101 (Reception) registers with another device at riga: "
                "Linphone/5.2, before it was Yealink SIP-T46G 28.72.14.5"
            ),
        ),
        (
            lambda: foreign_network(ACME, WHO, AFTER, NOW),
            AlertName.FOREIGN_NETWORK,
            "101 (Reception) registers from outside the networks of riga: 198.51.100.9",
        ),
    ],
    ids=lambda value: value if isinstance(value, AlertName) else "",
)
def test_who_where_and_what(make: Callable[[], Condition], alert: AlertName, summary: str) -> None:
    condition = make()
    assert (condition.alert, condition.summary) == (alert, summary)
    assert condition.subject == event_subject(alert, WHO.extension.id)
    facts = condition.facts
    assert (facts.reason, facts.detected, facts.site) == (alert.value, NOW, "riga")
    assert facts.registration_id == AFTER.id, "as it is now"


def test_without_a_label_and_a_site_neither_is_told_of() -> None:
    assert address_changed(ACME, NOWHERE, MOVE, NOW).summary.startswith(
        "101 registers from another address: "
    )


def test_a_flapper_has_done_so_since_its_first_change_whether_it_is_there_or_not() -> None:
    condition = flapping(ACME, NOWHERE, Flaps(at(0), 6, at(90)), NOW)
    assert condition.since == at(0)
    assert condition.facts.device == ""
    assert not condition.is_retold, "a count that grows is no news"


@pytest.mark.parametrize("make", [address_changed, device_changed])
def test_what_happened_begins_when_it_is_seen_and_the_next_time_is_news(
    make: Callable[..., Condition],
) -> None:
    condition = make(ACME, WHO, MOVE, NOW)
    assert (condition.since, condition.is_retold) == (NOW, True)
    assert condition.facts.previous_state == "registered"
