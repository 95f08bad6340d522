"""What of a backlog may go out in one run: its messages are marked together before they are sent,
so that a slow disk is waited for once and not for each of them.
"""

from collections.abc import Iterator, Sequence

from regwatch.core.model import IncidentId, Retry, Timestamp
from regwatch.notify.delivery.parcels import Parcel

LONGEST_RUN = 25
"""Messages: so many at most come twice after a kill."""
RUN_SECONDS = 2.0
"""What comes meanwhile is not merged with a message that is in a run already."""


def fresh_run(waiting: Sequence[Parcel], *, now: Timestamp) -> Sequence[Parcel]:
    """The first ones, if they are due, were never tried, and speak of different incidents: what
    becomes of one changes nothing about the others.
    """
    run: list[Parcel] = []
    spoken_of: set[IncidentId] = set()
    for parcel in waiting[:LONGEST_RUN]:
        if not (_is_fresh(parcel, now) and spoken_of.isdisjoint(parcel.incidents)):
            break
        run.append(parcel)
        spoken_of.update(parcel.incidents)
    return run


def _is_fresh(parcel: Parcel, now: Timestamp) -> bool:
    tried = any(e.may_have_arrived or e.attempts or e.refused_at for e in parcel.entries)
    return parcel.notification is not None and not tried and parcel.due_at <= now


def as_before(untried: Sequence[Parcel]) -> Iterator[tuple[Sequence[int], Retry]]:
    """What takes back the mark of those that the run did not come to."""
    for parcel in untried:
        yield parcel.ids, Retry(at=parcel.due_at, attempts=0, error="", may_have_arrived=False)
