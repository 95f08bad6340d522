"""What one answer shows of an extension, beside what was known of it: compared once, and the same
value is judged by all that look at it. Nothing is changed here.
"""

from collections.abc import Container, Sequence

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.model import (
    Answer,
    ChangeKind,
    ExtensionId,
    ExtensionState,
    RegistrationId,
    Timestamp,
    Watched,
)
from regwatch.core.phones.diff import BEGINNINGS, Change
from regwatch.core.phones.memory import Loss, Memory, losses_in, remember
from regwatch.core.phones.moves import Sighting
from regwatch.core.phones.presence import changes_in, held_last, understood

HEARD = (*BEGINNINGS, ChangeKind.REFRESHED)
"""Changes that a device made by itself: it lives."""
NOTHING_SIGHTED = Sighting((), (), ())


class Observation(Struct, frozen=True, gc=False):
    """One answer, compared with the one before."""

    before: Watched
    """The extension as it was known, and as nothing changes it any more."""
    remembered: Memory
    """What was remembered of it until now."""
    after: Answer
    """The answer, as it is to be understood."""
    changes: Sequence[Change]
    losses: Sequence[Loss]
    """Which of its registrations ended without an heir."""
    memory: Memory
    """What is to be remembered from now on."""

    @property
    def extension_id(self) -> ExtensionId:
        """Of whom."""
        return self.before.extension.id

    @property
    def at(self) -> Timestamp:
        """When it was answered: the present of all that is judged by it."""
        return self.after.answered_at

    @property
    def is_first(self) -> bool:
        """Whether there was no answer before: nothing can have happened since."""
        return self.before.answered_at is None

    @property
    def is_news(self) -> bool:
        """Whether there is anything in it to be remembered."""
        return bool(self.changes) or self.is_first

    @property
    def gap(self) -> float:
        """Seconds between the two answers: so little room they leave to see a refresh in. None at
        all for one that was found late before: once told, only its end or its refresh ends it.
        """
        if self.before.state is ExtensionState.OVERDUE:
            return 0.0
        return self.at - (self.before.answered_at or self.at)

    @property
    def heard_since(self) -> Timestamp | None:
        """It registered or refreshed at that time or later; None: nothing new was heard of it."""
        if self.is_first or any(change.kind in HEARD for change in self.changes):
            return self.before.answered_at or self.at
        return None

    @property
    def sighting(self) -> Sighting:
        """The same as what tells of moves wants it; nothing, where nothing changed."""
        if not self.changes:
            return NOTHING_SIGHTED
        was = held_last(self.before, self.remembered)
        return Sighting(self.changes, was, self.after.registrations, self.remembered.left)


def undoubted(seen: Observation, *, is_last: bool) -> Observation:
    """It is believed, or refuted: nothing of it is in doubt any more. `is_last`: it is believed
    though no second answer could be had.
    """
    memory = seen.memory
    if memory.doubt is not None:
        memory = replace(memory, doubt=None)
    if is_last and memory.loss is not None:
        memory = replace(memory, loss=replace(memory.loss, is_seen_once=True))
    return seen if memory is seen.memory else replace(seen, memory=memory)


def compare(
    before: Watched, remembered: Memory, answer: Answer, *, deleted: Container[RegistrationId] = ()
) -> Observation:
    """What an answer shows; `before`: nobody's but the observation's; `deleted`: registrations that
    we ended ourselves.
    """
    after = understood(answer, before)
    changes = changes_in(before, remembered, after, deleted)
    if not changes and before.answered_at is not None:
        return Observation(before, remembered, after, (), (), remembered)
    memory = remember(remembered, before, after, changes)
    losses: Sequence[Loss] = ()
    if before.answered_at is not None:
        losses = tuple(losses_in(changes, before.answered_at))
    return Observation(before, remembered, after, changes, losses, memory)
