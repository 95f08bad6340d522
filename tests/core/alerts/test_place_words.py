"""What the silent phones of a place have in common, and what they are called."""

import pytest
from fakes.values import ACME, at, extension

from regwatch.core.alerts.place_words import PlaceWords, in_common
from regwatch.core.model import ExtensionId, ExtensionState, Watched
from regwatch.core.phones.outages import Evidence
from regwatch.core.phones.places import Phone
from regwatch.core.phones.roster import Roster
from regwatch.core.sites import Site, Sites

FOUND = Evidence(began_at=at(0), latest_at=at(0), members=3, heard=0, not_due=3)


def phone(device: str = "Snom", address: str = "203.0.113.7") -> Phone:
    return Phone("riga", at(0), at(1), at(2), at(3), True, False, device, address)


@pytest.mark.parametrize(
    ("phones", "words"),
    [
        ([phone(), phone()], "the public address 203.0.113.7 and the device model Snom"),
        ([phone(), phone("Yealink")], "the public address 203.0.113.7"),
        ([phone(), phone(address="203.0.113.8")], "the device model Snom"),
        ([phone(), phone("Yealink", "203.0.113.8")], "the site alone"),
        ([phone("", "")], "the site alone"),
        ([phone()], "the public address 203.0.113.7"),
    ],
)
def test_the_narrowest_thing_that_all_share_may_be_the_cause(
    phones: list[Phone], words: str
) -> None:
    assert in_common(phones) == words


def roster(lost: int, registered: int) -> Roster:
    made = Roster()
    for number in range(1, lost + registered + 1):
        state = ExtensionState.LOST if number <= lost else ExtensionState.REGISTERED
        made.add(Watched(extension(number, "Anna" if number == 1 else ""), state=state), now=at(0))
    return made


@pytest.mark.parametrize(
    ("lost", "registered", "is_whole"), [(7, 1, True), (7, 2, False), (5, 0, False), (3, 9, False)]
)
def test_where_most_phones_elsewhere_are_missing_it_is_the_whole_account(
    lost: int, registered: int, is_whole: bool
) -> None:
    words = PlaceWords(ACME, Sites(), roster(lost, registered))
    told = words.condition("203.0.113.7", FOUND, [phone()] * 3, now=at(9))
    assert ("the whole account" in told.explanation) is is_whole


def test_a_site_is_called_by_its_name_and_its_phones_as_people_call_them() -> None:
    words = PlaceWords(ACME, Sites([Site("riga", extensions=("000**",))]), roster(7, 1))
    assert words.evidence("riga", FOUND).startswith("3 of 6 phones at riga silent")
    assert words.evidence("203.0.113.7", FOUND).startswith("3 of 6 phones behind 203.0.113.7")
    ids = [ExtensionId(n) for n in (1, 99, 2, 3, 4, 5, 6)]
    assert words.names(ids) == ["101 (Anna)", "102", "103", "104", "105"]
