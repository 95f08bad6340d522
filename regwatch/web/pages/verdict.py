"""The one sentence on top of the status page: is all well, and if not, what is wrong since when."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from regwatch.core.model import (
    AlertName,
    ExtensionState,
    Incident,
    IncidentState,
    Severity,
    Timestamp,
)
from regwatch.web.views import AccountView


class Level(StrEnum):
    """How the page is coloured."""

    GOOD = "good"
    NOTICE = "notice"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentence, and since when it holds."""

    level: Level
    sentence: str
    since: Timestamp | None = None
    notes: tuple[str, ...] = ()
    """What limits how far the sentence can be trusted."""


def state_counts(accounts: Iterable[AccountView]) -> Counter[ExtensionState]:
    """How many extensions of all accounts are in each state."""
    total: Counter[ExtensionState] = Counter()
    for account in accounts:
        for (_, state), count in account.counts().items():
            total[state] += count
    return total


def judge(
    accounts: Sequence[AccountView], incidents: Sequence[Incident], health_problem: str | None
) -> Verdict:
    """Say the worst that is known, and what is not known besides."""
    notes = _notes(accounts, health_problem)
    counts = state_counts(accounts)
    verdict = _troubled(counts, incidents, notes) or _calm(accounts, counts)
    return Verdict(verdict.level, verdict.sentence, verdict.since, notes)


def _notes(accounts: Sequence[AccountView], health_problem: str | None) -> tuple[str, ...]:
    notes = [f"{a.name}: {a.api_problem}" for a in accounts if a.api_problem]
    notes += [
        f"{a.name}: the last request to the PBX failed; what stands here may be out of date"
        for a in accounts
        if a.api_up is False and not a.api_problem
    ]
    if health_problem is not None:
        notes.append(f"regwatch itself is not well: {health_problem}")
    return tuple(notes)


def _troubled(
    counts: Counter[ExtensionState], incidents: Sequence[Incident], notes: tuple[str, ...]
) -> Verdict | None:
    if lost := counts[ExtensionState.LOST]:
        since = _earliest(incidents, AlertName.EXTENSION_LOST)
        return Verdict(Level.BAD, f"{_extensions(lost)} lost", since)
    if notes:
        return Verdict(Level.BAD, "What is going on cannot be fully seen")
    if overdue := counts[ExtensionState.OVERDUE]:
        since = _earliest(incidents, AlertName.REFRESH_OVERDUE)
        return Verdict(Level.WARNING, f"{_extensions(overdue)} overdue for a refresh", since)
    firing = [i for i in incidents if i.state is IncidentState.FIRING and not _is_news(i)]
    if firing:
        problems = "problem" if len(firing) == 1 else "problems"
        since = min(i.started_at for i in firing)
        return Verdict(Level.WARNING, f"{len(firing)} open {problems}, no extension lost", since)
    return None


def _calm(accounts: Sequence[AccountView], counts: Counter[ExtensionState]) -> Verdict:
    total = sum(counts.values()) - counts[ExtensionState.REMOVED]
    if not all(account.first_sweep_done for account in accounts):
        answered = total - counts[ExtensionState.UNKNOWN]
        return Verdict(
            Level.NOTICE, f"First look around: {answered} of {_extensions(total)} answered so far"
        )
    if total == 0:
        return Verdict(Level.NOTICE, "No extensions to watch")
    registered = counts[ExtensionState.REGISTERED]
    if registered == total:
        every = "The one extension is" if total == 1 else f"All {total:,} extensions"
        return Verdict(Level.GOOD, f"{every} registered")
    level = Level.NOTICE if counts[ExtensionState.UNKNOWN] else Level.GOOD
    signed_off = counts[ExtensionState.SIGNED_OFF]
    others = f"{signed_off:,} signed off, none lost" if signed_off else "none lost"
    return Verdict(level, f"{registered:,} of {_extensions(total)} registered, {others}")


def _is_news(incident: Incident) -> bool:
    """Whether it is to be known, and no problem: a phone that signed off."""
    return incident.severity is Severity.INFO


def _earliest(incidents: Sequence[Incident], alert: AlertName) -> Timestamp | None:
    return min(
        (i.started_at for i in incidents if i.alert is alert and i.cleared_at is None),
        default=None,
    )


def _extensions(count: int) -> str:
    return "1 extension" if count == 1 else f"{count:,} extensions"
