"""The registration answers: every variant, and any bytes."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import Answer, ExtensionId, Registration, RegistrationId, Timestamp
from regwatch.sources.ringme.errors import PbxAnswerError
from regwatch.sources.ringme.lenient import text_of
from regwatch.sources.ringme.wire import Decoded, decode_registration, decode_registrations

SAMPLES = Path(__file__).parent / "samples"
NOW = Timestamp(1_800_000_000.0)
YEALINK = "Yealink SIP-T46G 28.72.14.5"


def decode(value: object, *asked: int) -> Decoded:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return decode_registrations(body, asked=set(asked or (3, 2)), answered_at=NOW)


def entry(**changes: object) -> dict[str, object]:
    return {
        "device": YEALINK,
        "real_address": "sip:203.0.113.7:62338",
        "contact_address": "sip:000*002@192.168.5.52:5062",
        "expires": 1764,
        "registration_id": "uloc-5731d93c-4a88-51",
    } | changes


def info(extension_id: object = 3, **changes: object) -> dict[str, object]:
    return {"registered": True, "extension_id": extension_id, "registrations": [entry()]} | changes


def only(decoded: Decoded) -> Registration:
    (answer,) = decoded.answers.values()
    (registration,) = answer.registrations + answer.former
    return registration


REGISTRATION = Registration(
    RegistrationId("uloc-5731d93c-4a88-51"),
    YEALINK,
    "sip:203.0.113.7:62338",
    "sip:000*002@192.168.5.52:5062",
    Timestamp(NOW + 1764),
)


def test_the_vendors_array_is_read_by_extension_id() -> None:
    decoded = decode((SAMPLES / "registrations.json").read_bytes())
    former = Registration(
        RegistrationId("uloc-5731d93c-4a88-50"),
        "",
        "sip:203.0.113.7:5060",
        "sip:000*001@192.168.5.51:5060;transport=udp",
        Timestamp(NOW - 125),
    )
    assert decoded == Decoded(
        {
            ExtensionId(3): Answer(ExtensionId(3), True, (REGISTRATION,), (), NOW),
            ExtensionId(2): Answer(ExtensionId(2), False, (), (former,), NOW),
        },
        0,
    )


def test_the_vendors_single_object_is_read_like_an_array_of_one() -> None:
    body = (SAMPLES / "registration.json").read_bytes()
    answer = Answer(ExtensionId(3), True, (REGISTRATION,), (), NOW)
    assert decode(body).answers == {3: answer}
    assert decode_registration(body, ExtensionId(3), NOW) == answer


def test_a_single_answer_about_another_extension_is_an_error() -> None:
    with pytest.raises(PbxAnswerError):
        decode_registration(json.dumps(info(4)).encode(), ExtensionId(3), NOW)


@pytest.mark.parametrize(
    ("device", "shown"),
    [
        pytest.param(YEALINK, YEALINK, id="a string"),
        pytest.param("n/a", "", id="n/a"),
        pytest.param(None, "", id="null"),
        pytest.param({"name": "Snom"}, "Snom", id="an object with a name"),
        pytest.param({"user_agent": "Snom"}, "Snom", id="an object with a user agent"),
        pytest.param({"name": 5, "model": "Snom"}, "Snom", id="an object with an odd name"),
        pytest.param({"x": 1}, "", id="an object with nothing known"),
        pytest.param([1], "", id="an array"),
        pytest.param(7, "7", id="a number"),
        pytest.param(True, "", id="a flag"),
    ],
)
def test_a_device_may_be_anything(device: object, shown: str) -> None:
    assert only(decode([info(registrations=[entry(device=device)])])).device == shown


def test_a_number_too_long_to_write_is_no_text() -> None:
    assert text_of(10**5000) == ""


def test_missing_fields_are_empty() -> None:
    registration = only(decode([info(registrations=[{"registration_id": "u"}])]))
    assert registration == Registration(RegistrationId("u"), "", "", "", None)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param({"registration_id": 51}, "51", id="a number"),
        pytest.param(
            {"registration_id": None}, "sip:000*002@192.168.5.52:5062", id="missing: its contact"
        ),
        pytest.param(
            {"registration_id": "", "contact_address": None},
            "sip:203.0.113.7:62338",
            id="missing, no contact: its address",
        ),
    ],
)
def test_a_registration_without_a_proper_id_is_still_told_apart(
    changes: dict[str, object], name: str
) -> None:
    assert only(decode([info(registrations=[entry(**changes)])])).id == name


LONG = {"device": 256, "real_address": 1024, "contact_address": 1024}


@pytest.mark.parametrize(("field", "most"), LONG.items())
def test_what_a_phone_sends_has_an_end(field: str, most: int) -> None:
    """And what differs only behind the cut differs still."""
    texts = ["x" * most, "x" * (most + 1), "x" * (most + 2), "x" * 100_000]
    sent = [info(registrations=[entry(**{field: text})]) for text in texts]
    kept = [getattr(only(decode([each])), field) for each in sent]
    assert kept[0] == texts[0]
    assert {len(text) for text in kept} == {most}
    assert len(set(kept)) == len(texts)
    assert all(text.startswith("x" * (most - 20)) for text in kept)


def test_a_device_that_is_an_object_has_an_end_too() -> None:
    assert (
        len(only(decode([info(registrations=[entry(device={"name": "x" * 999})])])).device) == 256
    )


def test_a_registration_id_is_taken_whole_or_refused_and_counted() -> None:
    fair, long = entry(registration_id="u" * 256), entry(registration_id="u" * 257)
    decoded = decode([info(registrations=[long, fair, long | {"registration_id": "9" * 300}])], 3)
    assert only(decoded).id == "u" * 256
    assert decoded.contradictions == 2


@pytest.mark.parametrize("flag", [True, False])
def test_an_answer_whose_only_entry_is_refused_is_one_contradiction(flag: bool) -> None:
    long = entry(registration_id="u" * 257)
    decoded = decode([info(registered=flag, registrations=[long])], 3)
    assert decoded.answers == {3: Answer(ExtensionId(3), flag, (), (), NOW)}
    assert decoded.contradictions == 1


def test_an_address_in_place_of_a_missing_id_is_cut_as_long_as_ids_may_be() -> None:
    addresses = ["sip:101@192.0.2.7;pn-tok=" + "x" * length for length in (300, 301)]
    sent = [entry(registration_id=None, contact_address=address) for address in addresses]
    decoded = decode([info(registrations=sent)], 3)
    assert [len(each.id) for each in decoded.answers[ExtensionId(3)].registrations] == [256, 256]
    assert decoded.contradictions == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("sip:[::ffff:203.0.113.7]:62338", "sip:203.0.113.7:62338"),
        ("sip:101@[2001:DB8:0::7];transport=tcp", "sip:101@[2001:db8::7];transport=tcp"),
        ("sip:[nonsense]", "sip:[nonsense]"),
        ("sip:[", "sip:["),
    ],
)
def test_an_address_has_one_form(sent: str, kept: str) -> None:
    seen = only(decode([info(registrations=[entry(real_address=sent, contact_address=sent)])]))
    assert (seen.real_address, seen.contact_address) == (kept, kept)


@pytest.mark.parametrize("number", ["3", 3.0, 3])
def test_an_extension_id_may_come_as_text_or_float(number: object) -> None:
    assert set(decode([info(number)]).answers) == {3}


@pytest.mark.parametrize("flag", [True, 1, "true", "True", "1"])
def test_a_flag_may_come_as_text_or_number(flag: object) -> None:
    assert decode([info(registered=flag)]).answers[ExtensionId(3)].registered


@pytest.mark.parametrize("flag", [False, 0, "false", "0"])
def test_an_unset_flag_may_come_as_text_or_number(flag: object) -> None:
    answer = decode([info(registered=flag)]).answers[ExtensionId(3)]
    assert not answer.registered
    assert answer.registrations == ()
    assert len(answer.former) == 1


@pytest.mark.parametrize("flag", [None, "perhaps", 2, [], {}])
def test_without_a_flag_nothing_is_known(flag: object) -> None:
    assert decode([info(registered=flag), info(2)]) == decode([info(2), {"nothing": 1}])
    assert set(decode([info(registered=flag), info(2)]).answers) == {2}


@pytest.mark.parametrize(
    ("entries", "contradictions"),
    [
        pytest.param([info(9), info(3)], 1, id="an id not asked for"),
        pytest.param([info(3), info(3)], 1, id="a duplicate"),
        pytest.param([info(3, registrations=[])], 1, id="registered without an entry"),
        pytest.param([info(3, registrations=None)], 1, id="registered with null entries"),
        pytest.param([info(3, registered=False)], 1, id="not registered with time left"),
        pytest.param(
            [info(3, registered=False, registrations=[])], 0, id="not registered, no entry"
        ),
        pytest.param(
            [info(3, registered=False, registrations=[entry(expires=-1)])], 0, id="old, as it is"
        ),
        pytest.param([info(3), "noise", None], 2, id="entries that are none"),
        pytest.param([info(3), {}], 1, id="an entry without an id"),
        pytest.param([info(3), info(True)], 1, id="an id that is a flag"),
        pytest.param([info(3), info(2**70)], 1, id="an id beyond bounds"),
        pytest.param([info(3), info("x")], 1, id="an id that is no number"),
    ],
)
def test_contradictions_are_counted_and_the_rest_is_taken(
    entries: list[object], contradictions: int
) -> None:
    decoded = decode(entries, 3)
    assert set(decoded.answers) == {3}
    assert decoded.contradictions == contradictions


def test_the_flag_is_believed_against_the_list() -> None:
    answer = decode([info(registered=False)]).answers[ExtensionId(3)]
    assert answer == Answer(ExtensionId(3), False, (), (REGISTRATION,), NOW)
    answer = decode([info(registrations=[])]).answers[ExtensionId(3)]
    assert answer == Answer(ExtensionId(3), True, (), (), NOW)


def test_duplicates_are_united() -> None:
    other = info(registrations=[entry(registration_id="b"), entry()])
    answer = decode([info(), other]).answers[ExtensionId(3)]
    assert [each.id for each in answer.registrations] == [REGISTRATION.id, "b"]


@pytest.mark.parametrize("first", [True, False])
def test_of_two_entries_at_odds_the_registered_one_holds(first: bool) -> None:
    decoded = decode([info(registered=first), info(registered=not first)])
    assert decoded.answers[ExtensionId(3)].registrations == (REGISTRATION,)


def test_equal_registrations_are_one() -> None:
    assert only(decode([info(registrations=[entry(), entry()])])) == REGISTRATION


def test_an_id_left_out_is_no_contradiction() -> None:
    assert decode([], 3) == Decoded({}, 0)


def test_a_single_registration_may_stand_without_its_array() -> None:
    assert only(decode([info(registrations=entry())])) == REGISTRATION


def test_registrations_that_are_none_are_left_out() -> None:
    assert only(decode([info(registrations=[entry(), 5, None])])) == REGISTRATION
    assert decode([info(registrations="none")]).answers[ExtensionId(3)].registrations == ()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        pytest.param(b'"Sn\xffom"', "Sn\ufffdom", id="bytes that are no UTF-8"),
        pytest.param(b'"Sn\\ud800om"', "Sn?om", id="half a surrogate pair"),
        pytest.param(b'{"name":"Sn\\ud800om"}', "Sn?om", id="the same in an object"),
        pytest.param(b'"Sn\\n\\u0007om"', "Sn om", id="control characters, escaped"),
        pytest.param(b'"Sn\nom"', "Sn om", id="a line break as it is"),
        pytest.param(b'"Sn\x7fom"', "Sn om", id="a control character that JSON allows"),
        pytest.param('"Sn\x9b1mom"'.encode(), "Sn 1mom", id="the beginning of an escape sequence"),
        pytest.param(b'"Sn\\u2028om"', "Sn om", id="a line separator, escaped"),
        pytest.param('"Sn\u2028om"'.encode(), "Sn om", id="a line separator"),
        pytest.param('"Телефон"'.encode(), "Телефон", id="Cyrillic"),
        pytest.param(b'"a\\/b\\\\c"', "a/b\\c", id="escapes of what is no control character"),
    ],
)
def test_one_phones_odd_name_spoils_nobodys_answer(raw: bytes, shown: str) -> None:
    body = json.dumps([info(2), info(registrations=[entry(device="@")])]).encode()
    decoded = decode(body.replace(b'"@"', raw))
    assert set(decoded.answers) == {2, 3}
    name = decoded.answers[ExtensionId(3)].registrations[0].device
    assert name == shown
    assert name.encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html><body>502</body></html>", id="HTML"),
        pytest.param(b'[{"registered":true,"exten', id="truncated"),
        pytest.param(b'{"status":"error","message":"no"}', id="an error with status 200"),
        pytest.param(b"null", id="null"),
        pytest.param(b"17", id="a number"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"[1,2]", id="an array of numbers"),
        pytest.param(b'[{"id":3}]', id="an array of something else"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b'{"extension_id":' + b"9" * 5000 + b"}", id="a number without end"),
        pytest.param(b"\x1f\x8b\x08\x00garbage", id="gzip"),
    ],
)
def test_what_is_not_promised_is_our_error(body: bytes) -> None:
    with pytest.raises(PbxAnswerError):
        decode(body)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_bring_a_value_or_our_error(body: bytes) -> None:
    decode_or_fail(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["extension_id", "registered", "registrations"]
ENTRY_FIELDS = ["registration_id", "device", "real_address", "contact_address", "expires"]


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON),
    st.dictionaries(st.sampled_from(ENTRY_FIELDS), JSON),
)
@settings(deadline=None)
def test_any_values_in_place_of_the_promised_ones_bring_a_value_or_our_error(
    changes: dict[str, object], entry_changes: dict[str, object]
) -> None:
    decode_or_fail(json.dumps([info(registrations=[entry(**entry_changes)]) | changes]).encode())


@given(st.data())
@settings(deadline=None)
def test_a_sample_with_bytes_changed_brings_a_value_or_our_error(data: st.DataObject) -> None:
    body = bytearray((SAMPLES / "registrations.json").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=4))
    decode_or_fail(bytes(body))


def decode_or_fail(body: bytes) -> None:
    """Whatever comes of it can also be stored as UTF-8."""
    try:
        decoded = decode_registrations(body, asked={3, 2}, answered_at=NOW)
    except PbxAnswerError:
        return
    assert set(decoded.answers) <= {3, 2}
    for answer in decoded.answers.values():
        for each in answer.registrations + answer.former:
            assert (
                f"{each.id}{each.device}{each.real_address}{each.contact_address}".encode()
                is not None
            )
            assert each.lease_ends_at is None or abs(each.lease_ends_at - NOW) <= 7 * 86_400
