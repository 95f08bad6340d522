import pytest
from fakes.values import at, registration

from regwatch.core.model import ExtensionId
from regwatch.core.phones.outages import Missing, OutagePolicy, Outages, place_by_address

RIGA = "riga"


def ids(*numbers: int) -> list[ExtensionId]:
    return [ExtensionId(n) for n in numbers]


def heard(outages: Outages, numbers: range, when: float, place: str = RIGA) -> None:
    for number in numbers:
        outages.heard(ExtensionId(number), place, at(when))


def missed(
    outages: Outages, number: int, since: float, *, lease: float = 0, device: str = "Yealink"
) -> bool:
    return outages.missed(ExtensionId(number), Missing(at(since), lease, device, "192.0.2.1"))


def outages(phones: int = 10, **policy: float) -> Outages:
    made = Outages(OutagePolicy(**policy))  # type: ignore[arg-type]
    heard(made, range(1, phones + 1), 0)
    return made


def test_a_place_is_out_with_the_third_phone_missing_if_none_was_heard_of_since() -> None:
    made = outages()
    missed(made, 1, 100)
    missed(made, 2, 200)
    assert made.judge(RIGA, now=at(200)) is None
    missed(made, 3, 300)
    found = made.judge(RIGA, now=at(300))
    assert found is not None
    assert (found.since, found.missing, found.heard_of, found.share) == (at(100), 3, 3, 1.0)
    assert (found.devices, found.addresses) == (("Yealink",), ("192.0.2.1",))
    assert made.members(RIGA) == tuple(ids(1, 2, 3))


def test_phones_heard_of_since_show_that_it_is_not_the_place() -> None:
    made = outages()
    missed(made, 1, 100)
    heard(made, range(4, 8), 150)
    missed(made, 2, 200)
    missed(made, 3, 300)
    assert made.judge(RIGA, now=at(300)) is None
    assert not made.is_member(ExtensionId(1))


def test_losses_far_apart_are_no_outage_unless_leases_are_long() -> None:
    for lease, is_out in ((0.0, False), (3600.0, True)):
        made = outages(window=600)
        for number, since in ((1, 10), (2, 700), (3, 1400)):
            missed(made, number, since, lease=lease)
        assert (made.judge(RIGA, now=at(1400)) is not None) is is_out


def test_one_missing_for_long_does_not_hide_an_outage_that_began_after_it() -> None:
    made = outages()
    missed(made, 10, 0)
    heard(made, range(1, 10), 100)
    for number in (1, 2, 3):
        missed(made, number, 200)
    found = made.judge(RIGA, now=at(200))
    assert found is not None
    assert (found.since, found.missing) == (at(200), 3)
    assert not made.is_member(ExtensionId(10))


def test_it_goes_on_and_grows_and_is_back_when_most_are() -> None:
    made = outages()
    for number in range(1, 9):
        missed(made, number, 100 + number)
        made.judge(RIGA, now=at(100 + number))
    heard(made, range(1, 5), 300)
    going_on = made.judge(RIGA, now=at(300))
    assert going_on is not None
    assert (going_on.missing, going_on.at_worst) == (4, 8)
    heard(made, range(5, 6), 310)
    assert made.judge(RIGA, now=at(310)) is None
    assert made.members(RIGA) == ()


def test_missing_twice_is_missing_once_and_heard_of_tells_whether_it_was() -> None:
    made = outages()
    assert missed(made, 1, 100)
    assert not missed(made, 1, 200)
    assert made.heard(ExtensionId(1), RIGA, at(300))
    assert not made.heard(ExtensionId(1), RIGA, at(310))


def test_a_phone_that_moves_counts_where_it_is() -> None:
    made = outages(3)
    for number in (1, 2, 3):
        missed(made, number, 100)
    assert made.judge(RIGA, now=at(100)) is not None
    heard(made, range(1, 4), 200, "tallinn")
    assert made.judge(RIGA, now=at(200)) is None
    assert made.place_of(ExtensionId(1)) == "tallinn"


def test_one_that_is_watched_no_more_is_forgotten() -> None:
    made = outages(3)
    for number in (1, 2, 3):
        missed(made, number, 100)
        made.forget(ExtensionId(number))
    assert made.judge(RIGA, now=at(100)) is None
    assert not missed(made, 1, 200)


def test_an_outage_found_before_a_restart_goes_on() -> None:
    made = Outages(OutagePolicy())
    missing = dict.fromkeys(ids(1, 2, 3), Missing(at(100), 0.0, "", ""))
    made.resume(RIGA, at(100), missing)
    found = made.judge(RIGA, now=at(500))
    assert found is not None
    assert (found.since, found.missing) == (at(100), 3)


def test_switched_off_it_knows_nothing() -> None:
    made = Outages(None)
    heard(made, range(1, 5), 0)
    assert not missed(made, 1, 100)
    assert made.judge(RIGA, now=at(100)) is None


@pytest.mark.parametrize(
    ("real", "place"),
    [
        ("sip:203.0.113.7:62338", "203.0.113.7"),
        ("sip:[::ffff:203.0.113.7]:62338", "203.0.113.7"),
        ("sip:[2001:db8:1:2:3:4:5:6]:5060", "2001:db8:1:2::/64"),
        ("sip:pbx.example.com", ""),
        ("", ""),
    ],
)
def test_without_a_site_the_public_address_is_the_place(real: str, place: str) -> None:
    assert place_by_address([registration(real=real)]) == place


def test_without_a_registration_there_is_no_place() -> None:
    assert place_by_address([]) == ""


def test_a_place_may_have_a_policy_of_its_own() -> None:
    made = Outages(None, {RIGA: OutagePolicy(at_least=2)})
    heard(made, range(1, 11), 0)
    heard(made, range(11, 21), 0, "tallinn")
    for number in (1, 2, 11, 12):
        missed(made, number, 100)
    assert made.is_on
    assert made.judge("tallinn", now=at(100)) is None
    assert made.judge(RIGA, now=at(100)) is not None


def test_a_place_may_be_left_alone() -> None:
    made = Outages(OutagePolicy(), {RIGA: None})
    heard(made, range(1, 11), 0)
    for number in (1, 2, 3, 4):
        missed(made, number, 100)
    assert made.judge(RIGA, now=at(100)) is None
    assert not Outages(None, {RIGA: None}).is_on
