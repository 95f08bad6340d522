"""What is held until it is stored; one thing of each kind, the last one, but every line of the
history. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from regwatch.core.history import Happening
from regwatch.core.model import ExtensionId, Incident, IncidentId
from regwatch.watcher.unsaved import Unsaved

PIECE = 2_000
"""Extensions, and lines of the history, in one transaction: what is urgent waits for no more."""
MOST_HAPPENINGS = 100_000
"""Lines for the history that are kept while nothing can be stored; the oldest are let go."""

K = TypeVar("K")


@dataclass(slots=True)
class Held:
    """In the order of its coming."""

    touched: dict[ExtensionId, None] = field(default_factory=dict)
    changed: dict[ExtensionId, None] = field(default_factory=dict)
    """Of those touched, the ones that incidents may be about."""
    removed: dict[ExtensionId, None] = field(default_factory=dict)
    """None of them is touched: who is watched again is not removed."""
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    let_go: int = 0
    """So many lines of the history."""

    @property
    def is_empty(self) -> bool:
        """Whether all is stored."""
        return self.next_part() is None

    def note_touched(self, ids: Iterable[ExtensionId]) -> None:
        """These are watched."""
        for each in ids:
            self.touched[each] = None
            self.removed.pop(each, None)

    def note_removed(self, ids: Iterable[ExtensionId]) -> None:
        """These are watched no more."""
        for each in ids:
            self.removed[each] = None
            self.touched.pop(each, None)
            self.changed.pop(each, None)

    def note_happenings(self, happenings: Iterable[Happening]) -> None:
        """More lines, later than those before."""
        self.happenings.extend(happenings)
        if (over := len(self.happenings) - MOST_HAPPENINGS) > 0:
            del self.happenings[:over]
            self.let_go += over

    # --- storing ---------------------------------------------------------------------------------

    def next_part(self) -> Unsaved | None:
        """What to store next; None: nothing is left. Incidents go with the extensions that
        changed: after a crash, one that is lost without its incident would never be told of.
        """
        if self.incidents:
            changed = tuple(i for i in islice(self.changed, PIECE) if i in self.touched)
            return Unsaved(touched=changed, incidents=tuple(self.incidents.values()))
        if self.touched:
            return Unsaved(touched=tuple(islice(self.touched, PIECE)))
        if self.removed:
            return Unsaved(removed=tuple(islice(self.removed, PIECE)))
        if self.happenings:
            return Unsaved(happenings=tuple(self.happenings[:PIECE]))
        return None

    def note_saved(self, part: Unsaved, left: Sequence[Unsaved]) -> None:
        """That part is stored, or given up, but for what is left of it."""
        for each in left:
            part = part.without(each)
        _drop(self.touched, part.touched)
        _drop(self.changed, part.touched)
        _drop(self.removed, part.removed)
        _drop(self.incidents, (incident.id for incident in part.incidents))
        del self.happenings[: len(part.happenings)]

    def followed_by(self, newer: "Held") -> "Held":
        """Both together, in this one; what is newer holds."""
        self.note_removed(newer.removed)
        self.note_touched(newer.touched)
        self.changed.update(newer.changed)
        self.incidents.update(newer.incidents)
        self.note_happenings(newer.happenings)
        self.let_go += newer.let_go
        return self


def _drop(held: dict[K, object] | dict[K, None] | dict[K, Incident], keys: Iterable[K]) -> None:
    for key in keys:
        held.pop(key, None)
