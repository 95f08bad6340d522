"""When extensions were last heard, by what is known of their devices and of their kin."""

from collections.abc import Iterator

from msgspec import Struct

from regwatch.core.model import Timestamp, Watched
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.last_refresh import LastRefresh, last_refresh, latest
from regwatch.core.phones.lateness import habit_of
from regwatch.core.phones.memory import Memory
from regwatch.core.phones.presence import held_last

ENOUGH_FOR_MANY = 3
"""Refreshes from which on a habit counts where many are judged together; before a person is told of
one phone alone, more are asked for.
"""


class Refreshes(Struct, frozen=True):
    """Of one account."""

    models: DeviceModels
    learn_after: int = ENOUGH_FOR_MANY
    """Refreshes from which on a habit is one."""

    def of(self, watched: Watched, memory: Memory, *, now: Timestamp) -> LastRefresh | None:
        """That of all registrations it has or, if it has none, of the one it lost last; None: it
        never had any.
        """
        return latest(self._each(watched, memory, now))

    def _each(self, watched: Watched, memory: Memory, now: Timestamp) -> Iterator[LastRefresh]:
        for held in held_last(watched, memory):
            habit = habit_of(held, memory, self.models, learn_after=self.learn_after, now=now)
            if not watched.registrations and memory.former is not None:
                device, known = memory.former
                habit = known if device == held.device else habit
            track = memory.tracks.get(held.id)
            yield last_refresh(
                held,
                habit,
                known_since=now if track is None else track.refreshed_at,
                learn_after=self.learn_after,
                now=now,
            )
