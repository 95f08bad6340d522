"""Every form that `expires` was seen in, or may come in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import Timestamp
from regwatch.sources.ringme.expiry import lease_end

NOW = Timestamp(1_800_000_000.0)  # 2027-01-15 08:00:00 UTC


@pytest.mark.parametrize(
    ("expires", "left"),
    [
        pytest.param(1764, 1764, id="seconds"),
        pytest.param(0.5, 0.5, id="a fraction"),
        pytest.param("699", 699, id="seconds as text"),
        pytest.param(" 699.5 ", 699.5, id="a fraction as text"),
        pytest.param(1_800_000_060, 60, id="epoch seconds"),
        pytest.param("1800000060", 60, id="epoch seconds as text"),
        pytest.param(1_800_000_060_500, 60.5, id="epoch milliseconds"),
        pytest.param(1_799_999_990, -10, id="an epoch just past: ended, not cleaned up yet"),
        pytest.param("2027-01-15 08:01:00", 60, id="date and time, UTC"),
        pytest.param("2027-01-15T08:01:00Z", 60, id="ISO 8601, Z"),
        pytest.param("2027-01-15T10:01:00+02:00", 60, id="ISO 8601, offset"),
        pytest.param(" 2027-01-15 08:01:00.5 ", 60.5, id="with spaces and a fraction"),
    ],
)
def test_the_lease_of_an_active_registration_ends(expires: object, left: float) -> None:
    assert lease_end(expires, answered_at=NOW, active=True) == NOW + left


@pytest.mark.parametrize(
    "expires",
    [
        0,
        -5,
        "0",
        2**31 - 1 - 10**9,
        8 * 86400,
        10**8,
        2147483647,
        10**15,
        10**400,
        1e300,
        None,
        True,
        False,
        "",
        "never",
        "n/a",
        [],
        {},
        {"at": 5},
        "nan",
        "inf",
        float("nan"),
        "1970-01-01 00:00:00",
        "0000-00-00 00:00:00",
        "9999-12-31 23:59:59",
        "0001-01-01",
        "0001-01-01T00:00:00+14:00",
        "9" * 500,
        "31.12.2026",
    ],
)
def test_an_end_that_is_none_is_unknown(expires: object) -> None:
    assert lease_end(expires, answered_at=NOW, active=True) is None


@pytest.mark.parametrize(
    ("expires", "ended"),
    [
        pytest.param(-125, NOW - 125, id="since when it has ended"),
        pytest.param(60, NOW + 60, id="time left: unregistered before its end"),
        pytest.param(0, None, id="zero tells nothing"),
        pytest.param(1_799_999_000, NOW - 1000, id="epoch"),
        pytest.param("2027-01-15 07:59:00", NOW - 60, id="a date"),
    ],
)
def test_the_lease_of_a_former_registration(expires: object, ended: float | None) -> None:
    assert lease_end(expires, answered_at=NOW, active=False) == ended


@given(st.text() | st.integers() | st.floats(), st.booleans())
@settings(deadline=None)
def test_nothing_raises(expires: object, active: bool) -> None:
    end = lease_end(expires, answered_at=NOW, active=active)
    assert end is None or abs(end - NOW) <= 7 * 86_400
