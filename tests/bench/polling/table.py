"""The results as a table: on the terminal, and in `docs/how-it-works.md`."""

from collections.abc import Sequence
from math import isnan

from bench.polling.result import Result

COLUMNS = (
    "extensions",
    "per request",
    "requests/h",
    "leases",
    "others",
    "by appointment",
    "silent loss",
    "even sweep",
    "gain",
    "every 60 s",
    "clairvoyant",
    "un-REGISTER",
    "longest unasked",
    "warned",
)


def cells(result: Result) -> tuple[str, ...]:
    """One line of it."""
    case, (warned, of) = result.case, result.warned
    return (
        f"{case.extensions}",
        f"{case.batch}",
        f"{case.quota}",
        case.leases,
        f"≤ {case.others:.0%}" if case.others else "–",
        f"{result.by_appointment:.0%}",
        seconds(result.silent),
        seconds(result.swept),
        f"{result.gain:.1f} ×",
        seconds(result.silent_every_minute),
        seconds(result.silent_clairvoyant),
        f"{result.unregistered / result.swept:.2f} ×",
        f"{result.passed_over:.1f} sweeps, {seconds(result.longest_unasked)}",
        f"{warned}/{of}" if of else "–",
    )


def seconds(value: float) -> str:
    """With as many digits as mean something."""
    if isnan(value):
        return "–"
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def markdown(results: Sequence[Result]) -> str:
    """As the page has it."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *map(cells, results)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
