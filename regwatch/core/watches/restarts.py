"""A large part of an account is gone at once: one incident, and not a loss each.

Registrars that keep their bindings in memory lose them with a restart. Phones do not know, and come
back under new entries as they refresh. Until then calls to them do not ring, which is worth a line;
but nobody is to be woken for a phone that will be back in its own time:

* Extensions of a confirmed mass disappearance are **awaited**: each until its usual refresh is
  past or, where that is not known, until its old lease would have ended.
* While one incident tells how many are awaited and how many are back, their losses are not told.
* One that is not back by then is lost like any other, and is told. So is one of several devices.
* If more are missing than came back, it was no restart: nobody is awaited any longer.

How many of the account they are decides what it is; it is one incident in any case:

    those that vanished are                                      what it is
    -----------------------------------------------------------  -----------------------------------
    less than half of it, and no large part                      nothing; after half a minute each
                                                                 is told singly
    half of a small account                                      `registrar_restarted`
    a large part; some are back under new entries, and most of   `registrar_restarted`
    those due
    a large part; nobody is yet, for less than half a minute     nothing yet: it is looked at
    a large part, else                                           `account_lost`

Under `account_lost` nobody is told singly, however overdue. It is over once less than that share is
gone: who is out still is told alone five minutes later.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.alerts.conditions import Condition, account_lost, registrar_restarted
from regwatch.core.clock_steps import move_all
from regwatch.core.model import (
    AccountName,
    AlertName,
    Answer,
    ExtensionId,
    ExtensionState,
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
LOOKED_AT_SECONDS = 30.0
"""So long whether phones return may take to be seen, before a person is told."""
UNSEEN = frozenset({"unregistered", "ended_unseen"})
"""How those are gone of whom nobody saw that they were not refreshed."""
HALF = 0.5
RETURNED_ENOUGH = 2
"""So many that came back under new entries show that the registrar restarted."""
STRAGGLERS_SECONDS = 300.0
"""So long who is out still may take when the others are back."""


class AccountPolicy(Struct, frozen=True, gc=False):
    """When a part of an account is a large one."""

    share: float = 0.3
    at_least: int = 10


class Kind(StrEnum):
    """What it is that so many vanished."""

    UNCLEAR = "unclear"
    RESTART = "restart"
    ACCOUNT = "account"


class Progress(Struct, frozen=True, gc=False):
    """How far the phones have returned: the evidence."""

    began_at: Timestamp
    awaited: int
    """Those that may come back yet."""
    returned: int
    """Those that came back under new entries."""
    missing: int
    """Those that were not back in time."""
    left_out: int = 0
    """Those that came back as they were: the PBX had only left them out."""
    registered: int = 0
    """All of the account that are there, those that came back among them."""

    @property
    def forgotten(self) -> int:
        """All that vanished."""
        return self.out + self.returned + self.left_out

    @property
    def others(self) -> int:
        """Those there that had not vanished."""
        return max(0, self.registered - self.returned - self.left_out)

    @property
    def ended(self) -> str:
        """What is said when it is over."""
        back = self.returned + self.left_out
        words = f"{back} of {self.forgotten} are back"
        if self.left_out > self.returned:
            words += ", as they were: the PBX had left them out"
        return f"{words}, {self.out} are still out" if self.out else words

    @property
    def out(self) -> int:
        """Those that are not back."""
        return self.awaited + self.missing

    @property
    def is_half(self) -> bool:
        """Whether they are half of the account, or more."""
        return self.forgotten >= HALF * (self.registered + self.out)

    @property
    def is_credible(self) -> bool:
        """Whether it looks like a restart still."""
        return self.missing < DISPROVED_BY or self.missing <= self.returned


def judge(progress: Progress, *, is_large: bool, is_told: bool = False, now: Timestamp) -> Kind:
    """See the table above; `is_told`: it was concluded before a restart of ours."""
    if not is_large:
        return Kind.RESTART if progress.is_half or is_told else Kind.UNCLEAR
    if progress.returned >= RETURNED_ENOUGH and progress.is_credible:
        return Kind.RESTART
    is_young = now - progress.began_at < LOOKED_AT_SECONDS and progress.is_credible
    return Kind.UNCLEAR if is_young else Kind.ACCOUNT


def is_large(progress: Progress, policy: AccountPolicy, *, gone: int) -> bool:
    """Whether so many gone are a large part of the account."""
    return gone >= policy.at_least and gone >= policy.share * (progress.registered + progress.out)


class Restarts:
    """The latest time that many vanished at once, as far as it is not over."""

    def __init__(
        self,
        policy: AccountPolicy | None = None,
        states: Mapping[tuple[str, ExtensionState], int] | None = None,
    ) -> None:
        """`policy`: None: no part of an account is a large one; `states`: how many extensions of
        the account by site and state, kept up to date.
        """
        self._policy = policy
        self._states = {} if states is None else states
        self._awaited: dict[ExtensionId, Timestamp] = {}
        self._overdue: dict[ExtensionId, None] = {}
        """Not back in time, and not told singly: the account is."""
        self._stragglers: dict[ExtensionId, Timestamp] = {}
        """Out still when the others were back, and until when that is not told."""
        self._returned = 0
        self._left_out = 0
        self._missing = 0
        self._is_large = False
        self._is_told = False
        """Whether it was concluded before a restart of ours."""
        self._began_at: Timestamp | None = None
        self.resolution = ""
        """How the latest one ended."""

    @property
    def progress(self) -> Progress | None:
        """None if nothing of the kind is going on."""
        if self._began_at is None:
            return None
        there = (ExtensionState.REGISTERED, ExtensionState.OVERDUE)
        return Progress(
            self._began_at,
            len(self._awaited),
            self._returned,
            self._missing + len(self._overdue),
            self._left_out,
            sum(number for (_, state), number in self._states.items() if state in there),
        )

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

    def device_awaited_until(
        self, losses: Iterable[Loss], memory: Memory, models: DeviceModels, *, now: Timestamp
    ) -> Timestamp | None:
        """Until when one of several devices may come back that was forgotten like the others; None:
        none was. `memory`: what was known of them before.
        """
        if self._began_at is None:
            return None
        gone = [loss.registration for loss in losses if self._covers(loss)]
        until = _awaited_until(gone, memory, models, since=self._began_at, now=now)
        return until if until > now else None

    def resume(self, told: AlertName) -> None:
        """Go on with what was told before a restart of ours: its evidence was seen."""
        self._is_told = True
        if told is AlertName.ACCOUNT_LOST:
            self._is_large = True
        else:
            self._returned = RETURNED_ENOUGH

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
        yield from move_all(self._stragglers, Timestamp, by)

    def condition(self, account: AccountName, *, now: Timestamp) -> Condition | None:
        """What is told of it while it lasts."""
        self._conclude(now)
        progress = self.progress
        if progress is None:
            return None
        match judge(progress, is_large=self._is_large, is_told=self._is_told, now=now):
            case Kind.UNCLEAR:
                return None
            case Kind.ACCOUNT:
                return account_lost(
                    account,
                    since=progress.began_at,
                    gone=progress.forgotten,
                    of=progress.forgotten + progress.others,
                    returned=progress.returned,
                )
            case _:
                return registrar_restarted(
                    account,
                    since=progress.began_at,
                    forgotten=progress.forgotten,
                    back_by=max(self._awaited.values(), default=progress.began_at),
                )

    def _forgot(self, extension_id: ExtensionId, until: Timestamp, now: Timestamp) -> None:
        self._began_at = now if self._began_at is None else min(self._began_at, now)
        self._awaited[extension_id] = until
        progress = self.progress
        if progress is not None and self._policy is not None and not self._is_large:
            self._is_large = is_large(progress, self._policy, gone=progress.forgotten)

    def answered(
        self, extension_id: ExtensionId, answer: Answer, loss: Loss | None, *, now: Timestamp
    ) -> None:
        """It was answered; `loss`: how it was lost, if it was."""
        if self._stragglers.get(extension_id, now) < now or answer.registered:
            self._stragglers.pop(extension_id, None)
        until = self._awaited.get(extension_id)
        if until is None and extension_id not in self._overdue:
            return
        if answer.registered:
            self._came_back(answer, loss)
        elif until is None or now < until:
            return
        elif self._is_large:
            self._overdue[extension_id] = None
        else:
            self._missing += 1
        self._awaited.pop(extension_id, None)
        if answer.registered:
            self._overdue.pop(extension_id, None)
        if not self._is_large:  # else all of the answer is taken in first
            self._conclude(now)

    def _came_back(self, answer: Answer, loss: Loss | None) -> None:
        if loss is not None and any(r.id == loss.registration.id for r in answer.registrations):
            self._left_out += 1
        else:
            self._returned += 1

    def drop(self, extension_id: ExtensionId, *, now: Timestamp) -> None:
        """It is watched no more."""
        self._stragglers.pop(extension_id, None)
        was_awaited = self._awaited.pop(extension_id, None) is not None
        was_overdue = extension_id in self._overdue
        self._overdue.pop(extension_id, None)
        if was_awaited or was_overdue:
            self._conclude(now)

    def awaited_until(self, extension_id: ExtensionId) -> Timestamp | None:
        """Until when its loss is not told; None if it is not awaited."""
        return self._awaited.get(extension_id)

    def awaits(self, extension_id: ExtensionId) -> bool:
        """Whether its loss is not to be told yet, or not by itself."""
        return (
            extension_id in self._awaited
            or extension_id in self._overdue
            or extension_id in self._stragglers
        )

    def _covers(self, loss: Loss) -> bool:
        """Whether it is asked for the first time since, and its lease went on then, for all that
        is known: it was forgotten like the others.
        """
        ends_at = loss.registration.lease_ends_at
        if self._began_at is None or ends_at is None or loss.last_seen_at >= self._began_at:
            return False
        return loss.reason in UNSEEN or self._began_at < ends_at + NOTICED_WITHIN

    def _conclude(self, now: Timestamp) -> None:
        progress = self.progress
        if progress is None or self._goes_on(progress, now):
            return
        self.resolution = progress.ended if progress.forgotten else ""
        if self._is_large:
            until = Timestamp(now + STRAGGLERS_SECONDS)
            self._stragglers = dict.fromkeys((*self._awaited, *self._overdue), until)
        self._awaited.clear()
        self._overdue.clear()
        self._began_at, self._is_large, self._is_told = None, False, False
        self._returned = self._missing = self._left_out = 0

    def _goes_on(self, progress: Progress, now: Timestamp) -> bool:
        if not self._is_large or self._policy is None:
            is_young = now - progress.began_at < LOOKED_AT_SECONDS
            is_restart = progress.is_credible and (progress.is_half or is_young or self._is_told)
            return bool(progress.awaited) and is_restart
        if judge(progress, is_large=True, now=now) is Kind.ACCOUNT:
            return progress.out >= self._policy.share * (progress.registered + progress.out)
        return progress.out > 0


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
