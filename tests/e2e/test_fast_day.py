"""The real daemon at sixty times its speed tells what it tells in virtual time."""

from pathlib import Path

import pytest
import structlog
from fakes.fast_day import CLOSING_TIME, DAY, Beside, Came, Key, Stretch, beside

NAMES = {"RegwatchExtensionLost", "RegwatchSignedOff", "RegwatchSiteLost"}


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
    assert came.excused() <= len(came.real.told) / 5


def sight(back_at: float) -> dict[str, object]:
    return {"extension_id": 17, "off_at": 90.0, "missed_at": 100.0, "back_at": back_at}


LOST, SIGNED_OFF, OVERDUE = (
    (f"Regwatch{alert}", "extension_id 17")
    for alert in ("ExtensionLost", "SignedOff", "RefreshOverdue")
)
PLACE = ("RegwatchSiteLost", "place 198.18.0.1")
MEMBER = ("RegwatchExtensionLost", "extension_id 4")


@pytest.mark.parametrize(
    ("real", "virtual", "back_at", "differences"),
    [
        pytest.param({}, {}, 900.0, 0, id="nothing"),
        pytest.param({LOST: 110.0}, {LOST: 165.0}, 900.0, 0, id="within a minute"),
        pytest.param({PLACE: 110.0}, {PLACE: 175.0}, 900.0, 1, id="later"),
        pytest.param({LOST: 110.0}, {}, 900.0, 1, id="by the real one alone"),
        pytest.param({}, {LOST: 110.0}, 900.0, 1, id="in virtual time alone"),
        pytest.param({}, {LOST: 110.0}, 200.0, 0, id="who was away shortly"),
        pytest.param({LOST: 110.0}, {SIGNED_OFF: 150.0}, 900.0, 0, id="in another word"),
        pytest.param({LOST: 110.0}, {SIGNED_OFF: 350.0}, 900.0, 2, id="in another word, later"),
        pytest.param({OVERDUE: 110.0}, {}, 900.0, 0, id="a warning"),
        pytest.param({}, {MEMBER: 110.0}, 200.0, 1, id="another one"),
        pytest.param({}, {PLACE: 110.0}, 200.0, 1, id="a place"),
        pytest.param({}, {PLACE: 9950.0}, 200.0, 0, id="at the end"),
        pytest.param({PLACE: 140.0}, {PLACE: 135.0, MEMBER: 130.0}, 200.0, 0, id="with its place"),
        pytest.param({PLACE: 140.0}, {PLACE: 135.0, MEMBER: 700.0}, 200.0, 1, id="after its place"),
    ],
)
def test_what_is_a_difference(
    real: dict[Key, float], virtual: dict[Key, float], back_at: float, differences: int
) -> None:
    outage = {"want": "place", "whom": [4], "at": 100.0, "until": 500.0, "sights": []}
    life = [outage, {"want": "loss", "whom": [17], "sights": [sight(back_at)]}]
    cames = [Came(0.0, told=each, life=life) for each in (real, virtual)]
    held = Beside(*cames, ends=10_000.0)
    assert len(held.differences()) == differences
    assert held.table().startswith("| alert |")
