"""The quota and the wish to wait, in every form of the headers."""

import msgspec
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import Quota, Timestamp
from regwatch.sources.ringme.quota import MOST_REQUESTS, is_nearly_spent, read_quota, retry_after

NOW = Timestamp(1_800_000_100.0)
HOUR_END = 1_800_000_000.0 + 3600


def headers(limit: str = "1000", remaining: str = "900", reset: str | None = "1200") -> dict:
    found = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining}
    return found if reset is None else found | {"X-RateLimit-Reset": reset}


@pytest.mark.parametrize(
    ("reset", "resets_at"),
    [
        pytest.param("1200", NOW + 1200, id="seconds"),
        pytest.param("0", NOW, id="now"),
        pytest.param("12.5", NOW + 12.5, id="a fraction"),
        pytest.param("1800000700", NOW + 600, id="epoch"),
        pytest.param("1800000700000", NOW + 600, id="epoch milliseconds"),
        pytest.param(None, HOUR_END, id="missing"),
        pytest.param("soon", HOUR_END, id="garbage"),
        pytest.param("-5", HOUR_END, id="negative"),
        pytest.param("90000", HOUR_END, id="longer than an hour's counter can last"),
        pytest.param("1700000000", HOUR_END, id="an epoch long past"),
        pytest.param("nan", HOUR_END, id="not a number"),
    ],
)
def test_when_the_counter_resets(reset: str | None, resets_at: float) -> None:
    quota = read_quota(headers(reset=reset), now=NOW)
    assert quota == Quota(1000, 900, Timestamp(resets_at), NOW)


@pytest.mark.parametrize(
    "found",
    [
        {},
        headers(limit="x"),
        headers(remaining=""),
        headers(limit="0"),
        headers(limit="inf"),
        {"X-RateLimit-Reset": "5"},
        {"X-RateLimit-Limit": "5"},
    ],
)
def test_without_limit_or_remainder_nothing_is_known(found: dict) -> None:
    assert read_quota(found, now=NOW) is None


@pytest.mark.parametrize("number", ["1e300", "9" * 300])
def test_a_number_beyond_all_reason_can_be_kept_and_shown(number: str) -> None:
    quota = read_quota(headers(limit=number, remaining=number), now=NOW)
    assert quota == Quota(MOST_REQUESTS, MOST_REQUESTS, Timestamp(NOW + 1200), NOW)
    assert msgspec.json.decode(msgspec.json.encode(quota), type=Quota) == quota


@pytest.mark.parametrize(
    ("found", "limit", "remaining", "resets_in", "window"),
    [
        pytest.param(headers("100, 100;w=600", "7", "30"), 100, 7, 30, 600.0, id="with a policy"),
        pytest.param(headers("1,000", "1,000"), 1000, 1000, 1200, None, id="thousands"),
        pytest.param(headers("12,345,678", "5"), 12_345_678, 5, 1200, None, id="millions"),
        pytest.param(headers("100,200", "5"), 100_200, 5, 1200, None, id="as thousands, too"),
        pytest.param(headers("100, 200", "5"), 100, 5, 1200, None, id="two limits"),
        pytest.param(headers("100;w=0", "5"), 100, 5, 1200, None, id="no window"),
        pytest.param(headers("100;w=99999999", "5"), 100, 5, 1200, None, id="a window of years"),
        pytest.param(
            {"RateLimit-Limit": "10, 10;w=1", "RateLimit-Remaining": "9", "RateLimit-Reset": "1"},
            10,
            9,
            1,
            1.0,
            id="without X-",
        ),
        pytest.param(
            {
                "X-RateLimit-Limit-Minute": "60",
                "X-RateLimit-Remaining-Minute": "59",
                "X-RateLimit-Limit-Hour": "1000",
                "X-RateLimit-Remaining-Hour": "900",
                "RateLimit-Reset": "20",
            },
            1000,
            900,
            3500,
            3600.0,
            id="of several windows the narrowest",
        ),
        pytest.param(
            {
                "X-RateLimit-Limit-Minute": "60",
                "X-RateLimit-Remaining-Minute": "0",
                "X-RateLimit-Limit-Hour": "1000",
                "X-RateLimit-Remaining-Hour": "900",
            },
            60,
            0,
            20,
            60.0,
            id="of several windows the one that is used up",
        ),
    ],
)
def test_as_gateways_write_it(
    found: dict[str, str], limit: int, remaining: int, resets_in: float, window: float | None
) -> None:
    quota = read_quota(found, now=NOW)
    assert quota == Quota(limit, remaining, Timestamp(NOW + resets_in), NOW, window)


def test_each_proxy_on_the_way_may_add_its_own() -> None:
    found = web.Response(headers=headers("1000", "900", "1200")).headers
    found.extend(headers("100", "50", "600"))
    assert read_quota(found, now=NOW) == Quota(100, 50, Timestamp(NOW + 600), NOW)


def test_a_remainder_below_zero_is_none_left() -> None:
    quota = read_quota(headers(remaining="-3"), now=NOW)
    assert quota is not None
    assert quota.remaining == 0


@pytest.mark.parametrize(
    ("limit", "remaining", "resets_in", "spent"),
    [
        pytest.param(1000, 900, 60, False, id="plenty"),
        pytest.param(1000, 50, 60, True, id="a twentieth"),
        pytest.param(1000, 51, 60, False, id="just above"),
        pytest.param(10, 3, 60, True, id="the last few"),
        pytest.param(1000, 0, 0, False, id="reset since"),
    ],
)
def test_what_nearly_spent_is(limit: int, remaining: int, resets_in: float, spent: bool) -> None:
    quota = Quota(limit, remaining, Timestamp(NOW + resets_in), NOW)
    assert is_nearly_spent(quota, now=NOW) is spent


def test_an_unknown_quota_is_not_spent() -> None:
    assert not is_nearly_spent(None, now=NOW)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0.5", 0.5),
        ("99999", 3600.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("0", None),
        ("-5", None),
        ("inf", None),
        ("Fri, 15 Jan 2027 08:02:40 GMT", 60.0),
        ("Fri, 15 Jan 2027 08:02:40 -0000", 60.0),
        ("Fri, 15 Jan 2021 08:02:40 GMT", None),
    ],
)
def test_how_long_to_wait(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds


@given(st.text(), st.text(), st.text())
@settings(deadline=None)
def test_no_header_raises(one: str, two: str, three: str) -> None:
    read_quota(headers(one, two, three), now=NOW)
    wait = retry_after(one, now=NOW)
    assert wait is None or 0 < wait <= 3600
