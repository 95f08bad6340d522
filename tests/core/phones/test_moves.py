"""What counts as another address and another device."""

import pytest
from fakes.values import answer, at, registration
from msgspec.structs import replace

from regwatch.core.model import Registration
from regwatch.core.phones.diff import Past, diff_extension
from regwatch.core.phones.identity import Track, Tracks
from regwatch.core.phones.moves import Sighting, address_move, device_swap
from regwatch.core.phones.past_devices import NOTHING_LEFT, Address, Left

HERE = registration("uloc-1", real="sip:203.0.113.7:62338")
MAPPED = replace(HERE, real_address="sip:[::ffff:203.0.113.7]:62338")
MAPPED_ELSEWHERE = replace(HERE, real_address="sip:[::ffff:198.51.100.9]:5060")
PORT = replace(HERE, real_address="sip:203.0.113.7:1024")
THERE = replace(HERE, real_address="sip:198.51.100.9:5060")
NEW_THERE = registration("uloc-2", real="sip:198.51.100.9:5060")
SIX = replace(HERE, real_address="sip:[2001:db8:1:2::7]:5060")
SIX_ELSEWHERE_IN_IT = replace(HERE, real_address="sip:[2001:db8:1:2:a::9]:5060")
SIX_OTHER = replace(HERE, real_address="sip:[2001:db8:1:3::7]:5060")
UNKNOWN = replace(HERE, real_address="")
SNOM = registration("uloc-3", device="snomD785/10.1.175.16", contact="sip:101@192.168.5.60")
NAMELESS = replace(SNOM, device="")
UPDATED = replace(HERE, device="Yealink SIP-T46G 28.83.0.130")
FIRST, TWO = (HERE,), (HERE, SNOM)


def judged(
    was: tuple[Registration, ...],
    held: tuple[Registration, ...],
    *,
    was_lost: bool = False,
    tracks: Tracks | None = None,
    when: float = 60,
    before: Left = NOTHING_LEFT,
    has_several: bool = False,
) -> tuple[str, str]:
    """Where it registers from now and with what, if either is another."""
    past = Past(() if was_lost else was, was_lost, tracks or {}, has_several=has_several)
    changes = tuple(diff_extension(past, answer(1, *held, when=when)))
    sighting = Sighting(changes, was, held, before)
    move, swap = address_move(sighting, now=at(when)), device_swap(sighting)
    return (
        move.after.real_address if move is not None else "",
        swap.after.device if swap is not None else "",
    )


@pytest.mark.parametrize(
    ("was", "held", "to"),
    [
        pytest.param(FIRST, (PORT,), "", id="another port is the NAT's doing"),
        pytest.param(FIRST, (THERE,), THERE.real_address, id="another address"),
        pytest.param(FIRST, (NEW_THERE,), NEW_THERE.real_address, id="under another entry"),
        pytest.param((SIX,), (SIX_ELSEWHERE_IN_IT,), "", id="within the same /64"),
        pytest.param((SIX,), (SIX_OTHER,), SIX_OTHER.real_address, id="another /64"),
        pytest.param(FIRST, (MAPPED,), "", id="the same one in its IPv6 form"),
        pytest.param((MAPPED,), FIRST, "", id="and back"),
        pytest.param(
            (MAPPED,),
            (MAPPED_ELSEWHERE,),
            MAPPED_ELSEWHERE.real_address,
            id="another one, both in their IPv6 form",
        ),
        pytest.param(FIRST, (SIX,), SIX.real_address, id="from IPv4 to IPv6"),
        pytest.param(FIRST, (UNKNOWN,), "", id="now unknown"),
        pytest.param((UNKNOWN,), (THERE,), "", id="unknown before"),
        pytest.param(FIRST, (HERE, NEW_THERE), "", id="while the old entry stays it may be two"),
        pytest.param((HERE, NEW_THERE), (NEW_THERE,), NEW_THERE.real_address, id="once it is gone"),
        pytest.param((), (THERE,), "", id="nothing was known before"),
        pytest.param(FIRST, (), "", id="nothing is held now"),
    ],
)
def test_another_address(
    was: tuple[Registration, ...], held: tuple[Registration, ...], to: str
) -> None:
    assert judged(was, held) == (to, "")


def test_who_was_lost_and_is_back_elsewhere_has_moved() -> None:
    assert judged(FIRST, (NEW_THERE,), was_lost=True) == (NEW_THERE.real_address, "")
    assert judged(FIRST, (registration("uloc-9"),), was_lost=True) == ("", "")


ELSEWHERE = registration(
    "uloc-4", ends=3000, real="sip:198.51.100.9:5060", contact="sip:101@10.9.1.9:5060"
)


def test_an_entry_that_runs_out_unrefreshed_since_an_equal_one_came_has_moved() -> None:
    tracks = {HERE.id: Track(at(0), at(10)), ELSEWHERE.id: Track(at(20), at(20))}
    was, held = (HERE, ELSEWHERE), (ELSEWHERE,)
    assert judged(was, held, tracks=tracks, when=610) == (ELSEWHERE.real_address, "")


def test_a_twin_that_was_alive_beside_it_is_not_where_it_moved_to() -> None:
    tracks = {HERE.id: Track(at(0), at(300)), ELSEWHERE.id: Track(at(20), at(20))}
    was, held = (HERE, ELSEWHERE), (ELSEWHERE,)
    assert judged(was, held, tracks=tracks, when=610) == ("", "")


def test_of_one_that_said_good_bye_nothing_went_elsewhere() -> None:
    tracks = {HERE.id: Track(at(0), at(10)), ELSEWHERE.id: Track(at(20), at(20))}
    was, held = (HERE, ELSEWHERE), (ELSEWHERE,)
    assert judged(was, held, tracks=tracks, when=60) == ("", "")


@pytest.mark.parametrize(
    ("was", "held", "to"),
    [
        pytest.param(FIRST, (SNOM,), SNOM.device, id="another model in its place"),
        pytest.param(FIRST, (replace(SNOM, id=HERE.id),), SNOM.device, id="under the same entry"),
        pytest.param(FIRST, TWO, "", id="a further device"),
        pytest.param(TWO, (SNOM,), "", id="one device less"),
        pytest.param(FIRST, (UPDATED,), "", id="a firmware update"),
        pytest.param(FIRST, (NAMELESS,), "", id="without a User-Agent"),
        pytest.param((NAMELESS,), (HERE,), "", id="without one before"),
    ],
)
def test_another_device(
    was: tuple[Registration, ...], held: tuple[Registration, ...], to: str
) -> None:
    assert judged(was, held) == ("", to)


def test_a_model_that_was_seen_alive_there_is_known() -> None:
    """As after an outage, when the second device is back first."""
    assert judged(FIRST, (SNOM,), was_lost=True) == ("", SNOM.device)
    assert judged(FIRST, (SNOM,), was_lost=True, before=Left(("snomD785",))) == ("", "")


@pytest.mark.parametrize(
    ("days", "to"), [(29, ""), (31, THERE.real_address)], ids=["no news", "news again"]
)
def test_an_address_that_it_had_within_a_month_is_no_news(days: float, to: str) -> None:
    before = Left((), (Address("198.51.100.9", at(-86_400 * days)),))
    assert judged(FIRST, (THERE,), before=before) == (to, "")
