"""One binding as a function of time."""

import pytest
from fakes.values import START
from hypothesis import given
from hypothesis import strategies as st

from regwatch.simulator.bindings import FOREVER, Binding

TIMES = st.floats(0, 100_000)


def binding(**more: object) -> Binding:
    """Refreshed each 300 s of a lease of 600 s, first 100 s after it is met."""
    values = {
        "ruid": "uloc-1", "device": "Yealink", "contact": "sip:101@192.168.0.20:5060",
        "real": "sip:203.0.113.1:20000", "lease": 600.0, "period": 300.0, "jitter": 0.0,
        "salt": 7, "born_at": START, "phase": 200.0,
    }  # fmt: skip
    return Binding(**{**values, **more})  # type: ignore[arg-type]


def after(seconds: float) -> float:
    return START + seconds


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [(0, -200, 100), (99, -200, 100), (100, 100, 400), (399, 100, 400), (1000, 1000, 1300)],
)
def test_when_it_was_and_will_be_refreshed(now: float, last: float, following: float) -> None:
    held = binding()
    assert held.refreshed_at(after(now)) == after(last)
    assert held.next_refresh_at(after(now)) == after(following)
    assert held.lease_ends_at(after(now)) == after(last + 600)


@given(TIMES, st.floats(0, 0.3), st.integers(0, 2**32 - 1), st.floats(0, 299))
def test_refreshes_follow_each_other_whatever_the_jitter(
    now: float, jitter: float, salt: int, phase: float
) -> None:
    held = binding(jitter=jitter, salt=salt, phase=phase)
    moment = after(now)
    last, following = held.refreshed_at(moment), held.next_refresh_at(moment)
    assert last <= moment < following
    assert following - max(last, START - phase) <= 300 * (1 + jitter) + 1e-3
    assert held.refreshed_at(following) == following


@pytest.mark.parametrize(
    ("now", "lag", "is_active"),
    [(-1, 0, False), (0, 0, True), (699, 0, True), (700, 0, False), (700, 30, True),
     (730, 30, False)],
)  # fmt: skip
def test_one_that_is_refreshed_no_more_is_there_until_its_lease_ends(
    now: float, lag: float, is_active: bool
) -> None:
    held = binding(stopped_at=after(150))
    assert held.is_active(after(now), lag) is is_active


def test_one_that_was_removed_is_gone_at_once() -> None:
    held = binding(ended_at=after(50))
    assert held.is_active(after(49))
    assert not held.is_active(after(50), lag=1000.0)


def test_a_permanent_one_never_ends() -> None:
    held = binding(is_static=True, stopped_at=after(1))
    assert held.lease_ends_at(after(10**9)) == FOREVER
    assert held.is_active(after(10**9))


@pytest.mark.parametrize(
    ("now", "stopped", "address"),
    [(99, FOREVER, "old"), (100, FOREVER, "new"), (500, FOREVER, "newest"), (500, 50, "old")],
)
def test_its_address_is_that_of_its_last_register(now: float, stopped: float, address: str) -> None:
    held = binding(real="old", stopped_at=after(stopped))
    held.moves += [(after(100), "new"), (after(400), "newest")]
    assert held.address(after(now)) == address


def test_again_it_is_the_same_device_under_a_new_entry() -> None:
    held = binding(real="old", stopped_at=after(450), ended_at=after(450))
    held.moves.append((after(100), "new"))
    fresh = held.again("uloc-2", after(500), contact="elsewhere")
    assert (fresh.ruid, fresh.contact, fresh.real) == ("uloc-2", "elsewhere", "new")
    assert (fresh.device, fresh.salt, fresh.period) == (held.device, held.salt, held.period)
    assert fresh.lease_ends_at(after(500)) == after(1100)
    assert (fresh.stopped_at, fresh.ended_at, fresh.moves) == (FOREVER, FOREVER, [])
    assert held.ruid == "uloc-1"
