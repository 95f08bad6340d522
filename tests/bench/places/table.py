"""The results as a table: on the terminal, and in `docs/reliability.md`."""

from collections.abc import Sequence
from statistics import median

from bench.places.driver import Trial

COLUMNS = (
    "what happens",
    "phones",
    "times",
    "found or false",
    "limit",
    "median",
    "95th",
    "told alone before",
    "swallowed",
)


def cells(trials: Sequence[Trial]) -> tuple[str, ...]:
    """One row: all trials of one scene at places of one size."""
    scene, size = trials[0].scene, trials[0].size
    found = [trial for trial in trials if trial.found_at is not None]
    timed = [t.seconds for t in found if scene.is_outage and t.seconds is not None]
    limit = scene.limit
    at = "" if limit is None else f"{limit:.0%}"
    alone = sum(trial.alone for trial in trials) / len(trials)
    return (
        scene.name,
        f"{size}",
        f"{len(trials)}",
        f"{len(found) / len(trials):.0%} {'found' if scene.is_outage else 'false'}",
        "–" if limit is None else ("all" if scene.is_outage else f"≤ {at}"),
        f"{median(timed):.0f} s" if timed else "–",
        f"{percentile(timed, 0.95):.0f} s" if timed else "–",
        f"{alone:.1f}" if scene.is_outage else "–",
        f"{sum(trial.swallowed for trial in trials)}",
    )


def is_within(trials: Sequence[Trial]) -> bool:
    """Whether the limits are kept."""
    scene = trials[0].scene
    share = sum(trial.found_at is not None for trial in trials) / len(trials)
    if any(trial.swallowed for trial in trials):
        return False
    if scene.limit is None:
        return True
    return share >= scene.limit if scene.is_outage else share <= scene.limit


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest that so many are no larger than."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def markdown(rows: Sequence[tuple[str, ...]]) -> str:
    """As the page has it."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)
