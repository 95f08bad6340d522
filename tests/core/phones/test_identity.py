"""Whether two entries are the same device: each line of the table, and laws."""

from itertools import permutations

import pytest
from fakes.values import at, registration
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.core.model import Registration, RegistrationId
from regwatch.core.phones.identity import (
    Evidence,
    Track,
    Tracks,
    heir_of,
    model_of,
    same_binding,
    same_device,
    same_host,
    two_live,
)

OLD = registration("uloc-1", contact="sip:101@192.168.5.52:5062", real="sip:203.0.113.7:62338")
NODE = replace(OLD, id=RegistrationId("uloc-2"))
UPDATED = replace(
    NODE, device="Yealink SIP-T46G 28.83.0.130", contact_address="sip:101@192.168.5.52:11111"
)
ELSEWHERE = replace(
    UPDATED, contact_address="sip:101@10.9.1.9:5060", real_address="sip:198.51.100.9:5060"
)
BROWSER = replace(
    OLD, id=RegistrationId("uloc-3"), device="SIP.js/0.20.0",
    contact_address="sip:x1@a1b2.invalid;transport=ws", real_address="sip:203.0.113.9:40000",
)  # fmt: skip
RELOADED = replace(
    BROWSER, id=RegistrationId("uloc-4"), contact_address="sip:x2@c3d4.invalid;transport=ws",
    real_address="sip:203.0.113.9:40001",
)  # fmt: skip
OTHER = replace(
    ELSEWHERE, id=RegistrationId("uloc-5"), device="snomD785/10.1.175.16",
)  # fmt: skip
CAME_LATER: Tracks = {OLD.id: Track(at(0), at(100)), NODE.id: Track(at(200), at(200))}
BESIDE: Tracks = {OLD.id: Track(at(0), at(300)), NODE.id: Track(at(200), at(200))}


@pytest.mark.parametrize(
    ("old", "other", "tracks", "has_several", "evidence"),
    [
        pytest.param(OLD, NODE, BESIDE, True, Evidence.SAME_CONTACT, id="two nodes list it"),
        pytest.param(
            OLD, replace(NODE, real_address="sip:[::ffff:203.0.113.7]:62338"), BESIDE, True,
            Evidence.SAME_CONTACT, id="one of them in the IPv6 form",
        ),
        pytest.param(OLD, UPDATED, BESIDE, False, None, id="refreshed after the other came"),
        pytest.param(OLD, UPDATED, CAME_LATER, True, Evidence.SAME_HOST, id="a new firmware"),
        pytest.param(OLD, UPDATED, {}, True, Evidence.SAME_HOST, id="in one step"),
        pytest.param(OLD, ELSEWHERE, CAME_LATER, False, Evidence.TAKES_OVER, id="it roams"),
        pytest.param(OLD, ELSEWHERE, CAME_LATER, True, None, id="or it is the other of two"),
        pytest.param(OLD, OTHER, {}, False, Evidence.ONLY_DEVICE, id="exchanged"),
        pytest.param(OLD, OTHER, {}, True, None, id="another one of several"),
        pytest.param(
            OLD, replace(ELSEWHERE, device=""), {}, False, Evidence.ONLY_DEVICE, id="without a name"
        ),
        pytest.param(BROWSER, RELOADED, {}, True, Evidence.SAME_HOST, id="a page that is reloaded"),
        pytest.param(
            BROWSER, replace(RELOADED, real_address="sip:198.51.100.9:1"), {}, True, None,
            id="made-up hosts say nothing",
        ),
        pytest.param(OLD, OLD, {}, False, None, id="it is no heir of itself"),
    ],
)  # fmt: skip
def test_the_same_device(
    old: Registration, other: Registration, tracks: Tracks, has_several: bool,
    evidence: Evidence | None,
) -> None:  # fmt: skip
    assert same_device(old, other, tracks, has_several=has_several) is evidence


def test_the_best_evidence_wins_whatever_the_order_of_the_answer() -> None:
    for others in permutations([OTHER, ELSEWHERE, UPDATED, NODE]):
        named = [replace(o, id=RegistrationId(f"n-{o.device}-{o.contact_address}")) for o in others]
        heir = heir_of(OLD, named, {}, has_several=False)
        assert heir is not None
        assert heir.evidence is Evidence.SAME_CONTACT


def test_who_said_good_bye_beside_another_does_not_go_on_under_it() -> None:
    assert heir_of(OLD, [OTHER], {}, has_several=False, outlived={OTHER.id}) is None
    for other in (NODE, UPDATED):
        heir = heir_of(OLD, [other], {}, has_several=False, outlived={other.id})
        assert heir is not None, "a copy at another node, or what a restarted phone cleared away"


def test_two_live_where_each_was_heard_of_after_the_other_came() -> None:
    later = {OLD.id: Track(at(0), at(300)), OTHER.id: Track(at(200), at(200))}
    assert two_live([OLD, OTHER], later)
    left = {OLD.id: Track(at(0), at(100)), OTHER.id: Track(at(200), at(500))}
    assert not two_live([OLD, OTHER], left), "the older one may be left to run out"
    at_once = {OLD.id: Track(at(0), at(0)), OTHER.id: Track(at(0), at(50))}
    assert not two_live([OLD, OTHER], at_once), "both at the first look: one of them may be"
    assert not two_live([OLD, NODE], BESIDE), "one binding that two nodes list"
    assert not two_live([OLD], later)


def test_hosts_that_say_nothing_are_not_the_same() -> None:
    assert same_host("sip:a@192.0.2.1:5060", "sip:b@192.0.2.1:5062")
    assert not same_host("sip:a@x.invalid", "sip:b@x.invalid")
    assert not same_host("", "")
    assert not same_binding(replace(OLD, contact_address=""), replace(NODE, contact_address=""))


IDS = st.sampled_from([RegistrationId(f"r{n}") for n in range(4)])
ENTRIES = st.builds(
    lambda i, d, c, r: replace(OLD, id=i, device=d, contact_address=c, real_address=r),
    IDS,
    st.sampled_from(["Yealink 1.2", "Yealink 1.3", "snom/8.7", ""]),
    st.sampled_from(["sip:a@10.0.0.1", "sip:a@10.0.0.2", "sip:a@x.invalid", ""]),
    st.sampled_from(["sip:192.0.2.1:1", "sip:192.0.2.2:1", "sip:[::ffff:192.0.2.1]:1", ""]),
)
TIMES = st.integers(0, 5).map(at)
TRACKS = st.dictionaries(IDS, st.builds(lambda a, b: Track(min(a, b), max(a, b)), TIMES, TIMES))


@given(ENTRIES, st.lists(ENTRIES, max_size=3), TRACKS, st.booleans())
def test_laws_of_heirs(
    old: Registration, others: list[Registration], tracks: Tracks, has_several: bool
) -> None:
    heir = heir_of(old, others, tracks, has_several=has_several)
    assert heir == heir_of(old, others[::-1], tracks, has_several=has_several) or len(
        {o.id for o in others}
    ) < len(others), "the order of an answer decides nothing"
    if heir is None or heir.evidence is Evidence.SAME_CONTACT:
        return
    other = heir.registration
    if old.id in tracks and other.id in tracks:
        assert tracks[other.id].first_seen_at >= tracks[old.id].refreshed_at, "none lived beside it"
    if has_several:
        assert model_of(old.device) == model_of(other.device) != ""


@pytest.mark.parametrize(
    ("device", "model"),
    [
        ("Yealink SIP-T46G 28.72.14.5", "Yealink SIP-T46G"),
        ("Grandstream GXP2160 1.0.11.64", "Grandstream GXP2160"),
        ("PolycomVVX-VVX_410-UA/5.9.0.9373", "PolycomVVX-VVX_410-UA"),
        ("Cisco/SPA504G-7.6.2", "Cisco/SPA504G"),
        ("Zoiper rv2.10.20", "Zoiper"),
        ("snomD785/10.1.175.16", "snomD785"),
        ("Zoiper 5", "Zoiper 5"),
        ("MyPhone 3.4-dirty 20240301", "MyPhone"),
        ("MyPhone 3.5 (build 5512)", "MyPhone"),
        ("MyPhone 3.5 rev 12", "MyPhone"),
        ("Zoiper rv2.10.20 build 5512", "Zoiper"),
        ("", ""),
    ],
)
def test_the_model_is_the_user_agent_without_its_version(device: str, model: str) -> None:
    assert model_of(device) == model
