"""The results as a table, and what is expected of them."""

from collections.abc import Iterator, Sequence

from bench.windows.case import RESERVE
from bench.windows.driver import Result

TRICKLE = 0.25
"""Of the reserve may be taken."""


def markdown(results: Sequence[Result]) -> str:
    """A line for each."""
    lines = [
        "| window | limit | others | made of possible | blind | refused (by us) | of the reserve |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in results:
        case = each.case
        lines.append(
            f"| {case.window} | {case.limit} | {case.rival} "
            f"| {each.made} of {each.possible:.0f} | {each.longest_blind:.0f} s "
            f"| {each.refused} ({each.of_our_making}) | {_taken(each)} |"
        )
    return "\n".join(lines)


def _taken(result: Result) -> str:
    # One that slides has no window to count in: what it gives back is asked for at once.
    return "" if result.case.slides else f"{share_of_reserve(result):.0%}"


def share_of_reserve(result: Result) -> float:
    """The most that was taken of it in one window."""
    most = max(result.of_reserve.values(), default=0)
    return most / (RESERVE * result.case.limit)


def exceeded(results: Sequence[Result]) -> Iterator[str]:
    """What is not as it is to be."""
    for each in results:
        case = each.case
        name = f"{case.window}, {case.limit}, {case.rival}"
        if each.of_our_making:
            yield f"{name}: {each.of_our_making} refused of our making"
        allowed = max(1.0, TRICKLE * RESERVE * case.limit)
        if max(each.of_reserve.values(), default=0) > allowed:
            yield f"{name}: {share_of_reserve(each):.0%} of the reserve taken"
