"""Quotas that are counted otherwise than by the clock hour, and others who use them too."""

import pytest
from bench.windows.case import RIVALS, Case
from bench.windows.driver import play
from bench.windows.table import exceeded, markdown

pytestmark = pytest.mark.bench

WINDOWS = ("60 s", "600 s", "clock hour", "sliding hour")


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("rival", RIVALS)
def test_nothing_is_refused_by_our_own_doing_and_the_reserve_is_kept(
    window: str, rival: str
) -> None:
    result = play(Case(window, 60, rival))
    assert list(exceeded([result])) == []
    assert case_line(window, rival) in markdown([result])


def case_line(window: str, rival: str) -> str:
    return f"| {window} | 60 | {rival} |"


@pytest.mark.parametrize("window", WINDOWS)
def test_what_is_allowed_is_made_use_of(window: str) -> None:
    """Of a limit of 60 a minute 51 requests were made in 25 minutes."""
    result = play(Case(window, 60, "none"))
    assert result.made >= 0.93 * result.possible
    assert result.longest_blind <= 100
