"""The real daemon at sixty times its speed tells what it tells in virtual time."""

from pathlib import Path

import pytest
import structlog
from fakes.fast_day import CLOSING_TIME, DAY, Beside, Came, Stretch, beside

NAMES = {"RegwatchExtensionLost", "RegwatchSignedOff", "RegwatchSiteLost"}
PLACE = "place 198.18.0.1"


@pytest.mark.e2e
@pytest.mark.needs_debian
@pytest.mark.parametrize(
    "stretch",
    [
        pytest.param(CLOSING_TIME, id="closing time", marks=pytest.mark.long),
        pytest.param(DAY, id="a day", marks=[pytest.mark.long, pytest.mark.by_hand]),
    ],
)
def test_the_same_is_told_of_the_same_life(stretch: Stretch, tmp_path: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        came = beside(stretch, tmp_path)
    finally:
        structlog.reset_defaults()
    print(came.table())
    assert [each["number"] for each in came.real.life][:20] == [
        each["number"] for each in came.virtual.life
    ][:20]
    assert {alert for alert, _ in came.real.told} >= NAMES
    assert came.differences() == []
    assert came.excused() <= len(came.real.told) / 4


def sight(back_at: float) -> dict[str, object]:
    return {"extension_id": 17, "off_at": 90.0, "missed_at": 100.0, "back_at": back_at}


@pytest.mark.parametrize(
    ("real", "virtual", "back_at", "differences"),
    [
        ({}, {}, 900.0, 0),
        ({"extension_id 17": 110.0}, {"extension_id 17": 165.0}, 900.0, 0),
        ({"extension_id 17": 110.0}, {"extension_id 17": 175.0}, 900.0, 1),
        ({"extension_id 17": 110.0}, {}, 900.0, 1),
        ({}, {"extension_id 17": 110.0}, 900.0, 1),
        ({}, {"extension_id 17": 110.0}, 200.0, 0),
        ({}, {"extension_id 18": 110.0}, 200.0, 1),
        ({}, {"place 198.18.0.1": 110.0}, 200.0, 1),
        ({}, {"place 198.18.0.1": 9950.0}, 200.0, 0),
        ({}, {"extension_id 4": 130.0}, 200.0, 1),
        ({PLACE: 140.0}, {PLACE: 135.0, "extension_id 4": 130.0}, 200.0, 0),
        ({PLACE: 140.0}, {PLACE: 135.0, "extension_id 4": 700.0}, 200.0, 1),
    ],
)
def test_what_is_a_difference(
    real: dict[str, float], virtual: dict[str, float], back_at: float, differences: int
) -> None:
    outage = {"want": "place", "whom": [4], "at": 100.0, "until": 500.0, "sights": []}
    life = [outage, {"want": "loss", "whom": [17], "sights": [sight(back_at)]}]
    cames = [
        Came(0.0, {("RegwatchSiteLost", subject): at for subject, at in each.items()}, life=life)
        for each in (real, virtual)
    ]
    assert len(Beside(*cames, ends=10_000.0).differences()) == differences
