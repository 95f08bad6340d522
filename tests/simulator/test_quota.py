"""The hourly quota: counted by the clock hour, shared with others."""

import pytest

from regwatch.simulator.quota import HOUR, HourlyQuota

NOON = 12 * HOUR


def test_when_it_is_used_up_nothing_is_left_until_the_hour_is_over() -> None:
    quota = HourlyQuota(3, used_by_others=1)
    assert [quota.take(NOON + n) for n in range(3)] == [True, True, False]
    assert quota.used(NOON + 5) == 3, "what was refused costs nothing"
    assert [quota.take(NOON + HOUR + n) for n in range(3)] == [True, True, False]


def test_what_is_used_can_be_set_for_this_hour() -> None:
    quota = HourlyQuota(10, used_by_others=2)
    quota.use(10, NOON)
    assert not quota.take(NOON + 1)
    assert quota.used(NOON + HOUR) == 2


@pytest.mark.parametrize(
    ("form", "lower", "expected"),
    [
        ("seconds", 0, ("10", "7", "3500")),
        ("epoch", 0, ("10", "7", str(int(NOON + HOUR)))),
        ("seconds", 5, ("5", "2", "3500")),
        ("seconds", 2, ("2", "0", "3500")),
        ("seconds", 50, ("10", "7", "3500")),
        ("garbage", 0, ("many", "many", "many")),
        ("missing", 0, ()),
    ],
)
def test_what_the_headers_tell(form: str, lower: int, expected: tuple[str, ...]) -> None:
    quota = HourlyQuota(10, used_by_others=3)
    assert tuple(quota.headers(form, NOON + 100, lower).values()) == expected
