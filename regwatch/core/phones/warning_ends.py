"""Which warnings of an overdue refresh an answer has ended, and how: see the table in `warned`."""

from collections.abc import Iterator

from regwatch.core.model import ChangeKind, ExtensionState, Registration
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.diff import BEGINNINGS
from regwatch.core.phones.habits import overdue_after
from regwatch.core.phones.identity import same_device
from regwatch.core.phones.lateness import habit_of
from regwatch.core.phones.observation import Observation
from regwatch.core.phones.warned import CAME_TRUE, Warned


def warning_ends(seen: Observation, models: DeviceModels, *, learn_after: int) -> Iterator[Warned]:
    """Of those whose habit had called them late by the answer before."""
    if seen.before.state is not ExtensionState.OVERDUE or not seen.changes:
        return
    for registration in seen.before.registrations:
        if not _was_late(registration, seen, models, learn_after):
            continue
        kind = _end_of(registration, seen)
        if kind is not None and kind is not ChangeKind.DELETED:
            yield Warned(seen.at, kind in CAME_TRUE)


def _was_late(
    registration: Registration, seen: Observation, models: DeviceModels, learn_after: int
) -> bool:
    """By what was known then; whoever was told of leaves it no matter how much room is left."""
    at = seen.before.answered_at
    if at is None:
        return False
    memory = seen.remembered
    habit = habit_of(registration, memory, models, learn_after=learn_after, now=at)
    due_at = overdue_after(habit, registration, learn_after=learn_after, least_room=0.0)
    return due_at is not None and due_at <= at


def _end_of(registration: Registration, seen: Observation) -> ChangeKind | None:
    """What became of it; as `REPLACED` too, where its device came under another entry."""
    for change in seen.changes:
        if change.before is not None and change.before.id == registration.id:
            return change.kind
    has_several = seen.remembered.has_several(now=seen.at)
    for change in seen.changes:
        came = change.after if change.kind in BEGINNINGS else None
        tracks = seen.remembered.tracks
        if came and same_device(registration, came, tracks, has_several=has_several):
            return ChangeKind.REPLACED
    return None
