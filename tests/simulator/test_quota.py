"""The quota: counted by a window, shared with others."""

import pytest

from regwatch.simulator.quota import FORMS, HOUR, FixedWindow, SharedQuota, SlidingWindow

NOON = 12 * HOUR


def quota(limit: int, *, used_by_others: int = 0) -> SharedQuota:
    return SharedQuota(limit, FixedWindow(used_by_others=used_by_others))


def test_when_it_is_used_up_nothing_is_left_until_the_hour_is_over() -> None:
    held = quota(3, used_by_others=1)
    assert [held.take(NOON + n) for n in range(3)] == [True, True, False]
    assert held.used(NOON + 5) == 3, "what was refused costs nothing"
    assert [held.take(NOON + HOUR + n) for n in range(3)] == [True, True, False]


def test_what_was_refused_may_cost_as_well() -> None:
    held = quota(1)
    held.refused_cost = True
    assert [held.take(NOON + n) for n in range(3)] == [True, False, False]
    assert held.used(NOON + 5) == 3


def test_what_is_used_can_be_set_for_this_hour() -> None:
    held = quota(10, used_by_others=2)
    held.use(10, NOON)
    assert not held.take(NOON + 1)
    assert held.used(NOON + HOUR) == 2


def test_a_window_may_begin_at_any_time() -> None:
    held = SharedQuota(1, FixedWindow(60, begins_at=NOON + 7))
    assert held.take(NOON + 10)
    assert (held.take(NOON + 66), held.take(NOON + 67)) == (False, True)
    assert held.window.resets_at(NOON + 67) == NOON + 127


def test_one_that_slides_gives_back_each_by_itself() -> None:
    held = SharedQuota(2, SlidingWindow(60))
    assert held.window.resets_at(NOON) == NOON + 60
    taken = [held.take(NOON + n) for n in (0, 40, 50, 60, 61, 100)]
    assert taken == [True, True, False, True, False, True]
    held.use(0, NOON + 101)
    assert held.used(NOON + 101) == 0


@pytest.mark.parametrize(
    ("form", "lower", "expected"),
    [
        ("seconds", 0, ("10", "7", "3500")),
        ("epoch", 0, ("10", "7", str(int(NOON + HOUR)))),
        ("seconds", 5, ("5", "2", "3500")),
        ("seconds", 2, ("2", "0", "3500")),
        ("seconds", 50, ("10", "7", "3500")),
        ("policy", 0, ("10, 10;w=3600", "7", "3500")),
        ("several", 0, ("10", "10", "10", "7", "3500")),
        ("garbage", 0, ("many", "many", "many")),
        ("missing", 0, ()),
    ],
)
def test_what_the_headers_tell(form: str, lower: int, expected: tuple[str, ...]) -> None:
    held = quota(10, used_by_others=3)
    assert tuple(held.headers(form, NOON + 100, lower).values()) == expected


def test_thousands_are_parted_as_some_gateways_do() -> None:
    assert quota(1000).headers("thousands", NOON)["X-RateLimit-Limit"] == "1,000"


def test_every_form_is_written() -> None:
    for form in FORMS:
        assert isinstance(quota(10).headers(form, NOON), dict)
