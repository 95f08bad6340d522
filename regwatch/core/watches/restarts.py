"""The registrar forgot its registrations: one incident of small weight, and not a loss each.

Registrars that keep their bindings in memory lose them with a restart. Phones do not know, and come
back under new entries as they refresh. Until then calls to them do not ring, which is worth a line;
but nobody is to be woken for a phone that will be back in its own time:

* Extensions of a confirmed mass disappearance are **awaited**: each until its usual refresh is
  past or, where that is not known, until its old lease would have ended.
* While one incident tells how many are awaited and how many are back, their losses are not told.
* One that is not back by then is lost like any other, and is told.
* If more are missing than came back, it was no restart: nobody is awaited any longer.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.alerts.conditions import Condition, registrar_restarted
from regwatch.core.clock_steps import move_all
from regwatch.core.model import (
    AccountName,
    ExtensionId,
    Registration,
    Timestamp,
    Watched,
)
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import MARGIN_SECONDS, margin
from regwatch.core.phones.lateness import SUPPOSED_AFTER, habit_of
from regwatch.core.phones.memory import Loss, Memory
from regwatch.core.phones.observation import Observation

NOTICED_WITHIN = 60.0
"""Seconds after a restart that it may take to be confirmed."""
DISPROVED_BY = 3
"""So many missing ones at least show that it was no restart."""


class Progress(Struct, frozen=True, gc=False):
    """How far the phones have returned."""

    began_at: Timestamp
    awaited: int
    """Those that may come back yet."""
    returned: int
    missing: int
    """Those that were not back in time."""
    back_by: Timestamp
    """When the last one should be."""

    @property
    def forgotten(self) -> int:
        """All that the registrar forgot."""
        return self.awaited + self.returned + self.missing

    @property
    def is_credible(self) -> bool:
        """Whether it looks like a restart still."""
        return self.missing < DISPROVED_BY or self.missing <= self.returned


class Restarts:
    """The registrar's latest restart, as far as it is not over."""

    def __init__(self) -> None:
        self._awaited: dict[ExtensionId, Timestamp] = {}
        self._returned = 0
        self._missing = 0
        self._began_at: Timestamp | None = None

    @property
    def progress(self) -> Progress | None:
        """None if no restart is going on."""
        if self._began_at is None:
            return None
        back_by = max(self._awaited.values(), default=self._began_at)
        return Progress(self._began_at, len(self._awaited), self._returned, self._missing, back_by)

    def excuse(self, seen: Observation, models: DeviceModels, *, is_mass: bool) -> Memory:
        """What is to be remembered, of a loss that the restart explains too; `is_mass`: it is one
        of those that vanished all at once.
        """
        memory, loss, now = seen.memory, seen.memory.loss, seen.at
        if loss is None or loss is seen.remembered.loss or loss.reason == "deleted":
            return memory
        if not (is_mass or self._covers(loss)):
            return memory
        since = now if self._began_at is None else self._began_at
        held = seen.before.registrations
        until = _awaited_until(held, seen.remembered, models, since=since, now=now)
        if until <= now:
            return memory
        self._forgot(seen.extension_id, until, now)
        return replace(memory, loss=replace(loss, reason="forgotten", awaited_until=until))

    def restore(self, watched: Watched, memory: Memory) -> None:
        """Go on awaiting what was awaited before a restart of ours."""
        loss = memory.loss
        if loss is not None and loss.awaited_until is not None and not watched.registrations:
            self._forgot(watched.extension.id, loss.awaited_until, loss.detected_at)

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        if self._began_at is not None:
            self._began_at = Timestamp(self._began_at + by)
        yield from move_all(self._awaited, Timestamp, by)

    def condition(self, account: AccountName) -> Condition | None:
        """What is told of it while it lasts."""
        progress = self.progress
        if progress is None:
            return None
        return registrar_restarted(
            account,
            since=progress.began_at,
            forgotten=progress.forgotten,
            back_by=progress.back_by,
        )

    def _forgot(self, extension_id: ExtensionId, until: Timestamp, now: Timestamp) -> None:
        self._began_at = now if self._began_at is None else min(self._began_at, now)
        self._awaited[extension_id] = until

    def answered(self, extension_id: ExtensionId, *, registered: bool, now: Timestamp) -> None:
        """It was answered."""
        until = self._awaited.get(extension_id)
        if until is None or (not registered and now < until):
            return
        del self._awaited[extension_id]
        if registered:
            self._returned += 1
        else:
            self._missing += 1
        self._conclude()

    def drop(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        if self._awaited.pop(extension_id, None) is not None:
            self._conclude()

    def awaited_until(self, extension_id: ExtensionId) -> Timestamp | None:
        """Until when its loss is not told; None if it is not awaited."""
        return self._awaited.get(extension_id)

    def awaits(self, extension_id: ExtensionId) -> bool:
        """Whether its loss is not to be told yet."""
        return extension_id in self._awaited

    def _covers(self, loss: Loss) -> bool:
        """Whether it is asked for the first time since, and its lease went on then: it was
        forgotten like the others.
        """
        ends_at = loss.registration.lease_ends_at
        if self._began_at is None or ends_at is None:
            return False
        return loss.last_seen_at < self._began_at < ends_at + NOTICED_WITHIN

    def _conclude(self) -> None:
        progress = self.progress
        if progress is not None and (not progress.awaited or not progress.is_credible):
            self._awaited.clear()
            self._began_at = None
            self._returned = self._missing = 0


def _awaited_until(
    registrations: Iterable[Registration],
    memory: Memory,
    models: DeviceModels,
    *,
    since: Timestamp,
    now: Timestamp,
) -> Timestamp:
    """When its last device will have had occasion to come back after a restart `since` then; `now`
    if none refreshes at all.
    """
    found = (_back_by(r, memory, models, since, now) for r in registrations)
    return max(found, default=now)


def _back_by(
    registration: Registration,
    memory: Memory,
    models: DeviceModels,
    since: Timestamp,
    now: Timestamp,
) -> Timestamp:
    ends_at = registration.lease_ends_at
    if ends_at is None:
        return now
    habit = habit_of(registration, memory, models, learn_after=SUPPOSED_AFTER, now=now)
    if habit is None or not habit.lease_high:
        return Timestamp(ends_at + MARGIN_SECONDS)
    if not habit.is_steady:
        return Timestamp(since + habit.lease + MARGIN_SECONDS)
    granted_at, slack = ends_at - habit.lease_low, margin(habit)
    if granted_at + habit.earliest - slack > since:
        return Timestamp(granted_at + habit.latest + slack)
    # It may have been refreshed after it was last seen, and forgotten after that.
    return Timestamp(since + habit.latest + slack)
