"""Why somebody was told of an incident, or was not: read from the incident and its own history.

The first line that fits is the reason:

    told        a message said it as new
    held        it is seen, and has not lasted long enough yet
    inhibited   another incident says it all; or did, as long as this one lasted
    muted       a silence or a maintenance window mutes it; or did, as long as it lasted
    dropped     it was over before it had lasted long enough
    waiting     it fires, and the message of its group is not due yet
    over        it was over before the message of its group was due
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from regwatch.core.alerts.incidents import Decision
from regwatch.core.history import Happening, Kind
from regwatch.core.model import Incident, IncidentState, ItemStatus

QUIETED = {Decision.INHIBITED: Decision.RELEASED, Decision.SILENCED: Decision.UNSILENCED}
"""What makes an incident quiet, and what ends that."""


class Reason(StrEnum):
    """Why somebody was told, or nobody was."""

    TOLD = "told"
    HELD = "held"
    INHIBITED = "inhibited"
    MUTED = "muted"
    DROPPED = "dropped"
    WAITING = "waiting"
    OVER = "over"


class Verdict(Struct, frozen=True):
    """Why, and in which words a person is told so."""

    reason: Reason
    words: str

    @property
    def is_told(self) -> bool:
        """Whether anybody was told."""
        return self.reason is Reason.TOLD


WORDS = {
    Reason.HELD: "Nobody is told yet: it has not lasted long enough.",
    Reason.DROPPED: "Nobody was told: it was over before it had lasted long enough.",
    Reason.WAITING: "It fires, and nobody is told yet: the message of its group is not due.",
    Reason.OVER: "Nobody was told: it was over before the message of its group was due.",
}


def verdict(incident: Incident, story: Sequence[Happening]) -> Verdict:
    """Why somebody was told of it, or was not; `story`: what happened to it, oldest first."""
    told = list(dict.fromkeys(each.receiver for each in story if _tells(each)))
    if told:
        return Verdict(Reason.TOLD, _told(incident, told, story))
    if incident.state is IncidentState.PENDING:
        return _of(Reason.HELD)
    if (quiet := _quieted(incident, story)) is not None:
        return quiet
    if incident.fired_at is None:
        return _of(Reason.DROPPED)
    return _of(Reason.WAITING if incident.state is IncidentState.FIRING else Reason.OVER)


def _of(reason: Reason) -> Verdict:
    return Verdict(reason, WORDS[reason])


def _tells(line: Happening) -> bool:
    return line.kind is Kind.NOTIFICATION and line.event == ItemStatus.NEW


def _told(incident: Incident, receivers: Sequence[str], story: Iterable[Happening]) -> str:
    words = f"{_listed(receivers)} {'was' if len(receivers) == 1 else 'were'} told."
    quiet = _quieted(incident, story) if incident.is_quiet else None
    return words if quiet is None else f"{words} Since then: {quiet.words}"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _quieted(incident: Incident, story: Iterable[Happening]) -> Verdict | None:
    """By what it is quiet, or was until it was over; None if it is, or was, not."""
    open_ones: dict[Decision, str] = {}
    for line in story:
        if line.kind is Kind.INCIDENT:
            for begin, end in QUIETED.items():
                if line.event == begin:
                    open_ones[begin] = line.because
                elif line.event == end:
                    open_ones.pop(begin, None)
    tense = "was" if incident.state is IncidentState.RESOLVED else "is"
    inhibited, muted = (open_ones.get(each) for each in QUIETED)
    if incident.inhibited_by is not None or inhibited is not None:
        by = inhibited or f"inhibited by incident {incident.inhibited_by}"
        return Verdict(Reason.INHIBITED, f"Nobody {tense} told: {by}.")
    if incident.silenced_by or muted is not None:
        return Verdict(
            Reason.MUTED, f"Nobody {tense} told: {muted or f'silenced by {incident.silenced_by}'}."
        )
    return None
