"""What the API's answers look like, in each form that a fault may give them."""

from datetime import UTC, datetime
from random import Random

import pytest
from fakes.values import START

from regwatch.simulator.bodies import empty, error, extension, page_of, reg_info, with_oddities
from regwatch.simulator.faults import Faults
from regwatch.simulator.registrar import Registrar
from regwatch.simulator.settings import SimulatorSettings

REGISTRAR = Registrar(SimulatorSettings(extensions=25, calm=True, leases="600"), now=START)
PHONES = list(REGISTRAR.phones.values())
ONE, TWO = PHONES[0].id, PHONES[1].id
LEFT = PHONES[1].bindings[0].lease_ends_at(START) - START


def info(extension_id: int = TWO, **faults: object) -> dict:
    found = reg_info(REGISTRAR, extension_id, now=START, faults=Faults(faults))
    assert found is not None
    return found


def entry(**faults: object) -> dict:
    (found,) = info(**faults)["registrations"]
    return found


def test_of_one_that_there_is_not_there_is_nothing() -> None:
    assert reg_info(REGISTRAR, 0, now=START, faults=Faults({})) is None
    assert empty(7) == {"registered": False, "extension_id": 7, "registrations": []}


def test_a_fault_of_something_else_changes_no_word_of_it() -> None:
    """Without any, the answer is made on a shorter way."""
    everybody = [phone.id for phone in PHONES]
    assert [info(i) for i in everybody] == [info(i, hang=1.0) for i in everybody]


@pytest.mark.parametrize(
    ("form", "expires"),
    [
        ("seconds", int(LEFT)),
        ("float", LEFT),
        ("string", str(int(LEFT))),
        ("epoch", int(START + LEFT)),
        ("epoch_ms", int((START + LEFT) * 1000)),
        ("datetime", f"{datetime.fromtimestamp(START + LEFT, UTC):%Y-%m-%d %H:%M:%S}"),
        ("local", f"{datetime.fromtimestamp(START + LEFT + 3 * 3600, UTC):%Y-%m-%d %H:%M:%S}"),
        ("iso", datetime.fromtimestamp(START + LEFT, UTC).isoformat()),
        ("granted", 600),
        ("garbage", "soon"),
    ],
)
def test_how_expires_is_written(form: str, expires: object) -> None:
    assert entry(expires_format=form)["expires"] == expires


def test_how_a_device_and_an_address_are_written() -> None:
    plain = entry()
    assert entry(device_format="null")["device"] is None
    assert "device" not in entry(device_format="missing")
    assert entry(device_format="object")["device"]["name"] == plain["device"]
    assert entry(long_devices=500)["device"] == plain["device"] + "x" * 500
    host = plain["real_address"].split(":")[1]
    assert f"[::ffff:{host}]" in entry(mapped_addresses=True)["real_address"]


@pytest.mark.parametrize("ahead", [600, -600])
def test_a_clock_that_is_off_shows_in_dates_alone(ahead: int) -> None:
    assert entry(clock_off=ahead) == entry()
    assert entry(clock_off=ahead, expires_format="epoch")["expires"] == int(START + LEFT + ahead)
    shown = entry(clock_off=ahead, expires_format="iso")["expires"]
    assert shown == datetime.fromtimestamp(START + LEFT + ahead, UTC).isoformat()


def test_entries_without_ids() -> None:
    assert entry(registration_id_format="null")["registration_id"] is None
    assert entry(registration_id_format="empty")["registration_id"] == ""
    assert "registration_id" not in entry(registration_id_format="missing")
    assert info(nameless_share=1) == {k: v for k, v in info().items() if k != "extension_id"}


def test_an_address_of_ipv6_stays_as_it_is() -> None:
    phone = PHONES[2]
    before, phone.bindings[0].real = phone.bindings[0].real, "sip:[2001:db8::7]:5060"
    shown = info(phone.id, mapped_addresses=True)["registrations"][0]["real_address"]
    phone.bindings[0].real = before
    assert shown == "sip:[2001:db8::7]:5060"


@pytest.mark.parametrize(
    ("faults", "registered", "entries"),
    [
        ({"unregistered_share": 1.0}, False, 1),
        ({"unregistered_ids": str(TWO)}, False, 1),
        ({"unregistered_ids": str(ONE)}, True, 1),
        ({"flags_contradict": 1.0}, False, 1),
        ({"flags_contradict": 1.0, "all_unregistered": True}, True, 1),
        ({"empty_entries": True}, False, 0),
        ({"registered_without_entries": True}, True, 0),
    ],
)
def test_what_is_said_of_one_that_is_registered(
    faults: dict[str, object], registered: bool, entries: int
) -> None:
    shown = info(**faults)
    assert (shown["registered"], len(shown["registrations"])) == (registered, entries)


def test_flags_and_entries_that_do_not_fit() -> None:
    assert info(registered_without_entries=True) | {"registrations": []} == info() | {
        "registrations": []
    }
    assert info(registered_without_entries=True)["registrations"] == []
    assert info(all_unregistered=True)["registered"] is False
    glitch = info(all_unregistered=True, unregistered_with_positive_expires=True)
    assert [each["expires"] for each in glitch["registrations"]] == [30]


def test_one_extension_alone_is_crowded() -> None:
    crowd = info(ONE, many_registrations=40)["registrations"]
    assert len({each["registration_id"] for each in crowd}) == 41
    assert len(info(TWO, many_registrations=40)["registrations"]) == 1


INFOS = [empty(n) for n in range(200)]


def oddities(**faults: object) -> list[int]:
    found = with_oddities(list(INFOS), {ONE}, REGISTRAR, Faults(faults), Random(1))
    return [each["extension_id"] for each in found]


def test_entries_left_out_doubled_and_uncalled_for() -> None:
    assert oddities() == list(range(200))
    assert oddities(duplicates=True) == [n for n in range(200) for _ in range(2)]
    assert oddities(extra_ids=True) == [*range(200), TWO]
    assert 60 < len(oddities(drop_ids=0.5)) < 140
    assert 60 < len(oddities(left_out_share=0.5)) < 140
    assert oddities(left_out_share=0.5) == oddities(left_out_share=0.5)
    assert oddities(left_out_ids="3,7") == [n for n in range(200) if n not in {3, 7}]


@pytest.mark.parametrize(
    ("page", "faults", "numbers"),
    [
        (1, {}, range(10)),
        (3, {}, range(20, 25)),
        (4, {}, range(0)),
        (4, {"paging_404_past_end": True}, None),
        (1, {"paging_404_past_end": True}, range(10)),
        (2, {"paging_ignores_page": True}, range(10)),
        (2, {"paging_overlap": True}, range(9, 19)),
        (2, {"list_incomplete": True}, range(10, 12)),
        (1, {"list_missing": 1}, range(0)),
    ],
)
def test_a_page_of_the_list(page: int, faults: dict[str, object], numbers: range | None) -> None:
    found = page_of(PHONES, page, 10, Faults(faults))
    expected = None if numbers is None else [PHONES[n].id for n in numbers]
    assert (None if found is None else [phone.id for phone in found]) == expected


def test_names_with_and_without_a_domain() -> None:
    assert extension(PHONES[0], Faults({}))["name"] == "000*100"
    shown = extension(PHONES[0], Faults({"names_with_domain": True}))
    assert shown["name"] == f"000*100@{shown['domain']}"


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("string", {"status": "error", "message": "no"}),
        ("int", {"status": 403, "message": "no"}),
        ("absent", {"message": "no"}),
    ],
)
def test_an_error_has_its_status_in_every_form(form: str, body: dict[str, object]) -> None:
    assert error(403, "error", "no", Faults({"error_status_form": form})) == body
