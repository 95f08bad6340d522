"""A large part of an account is gone at once: one incident, and not a loss each.

Registrars that keep their bindings in memory lose them with a restart. Phones do not know, and come
back under new entries as they refresh. Until then calls to them do not ring, which is worth a line;
but nobody is to be woken for a phone that will be back in its own time:

* Extensions of a confirmed mass disappearance are **awaited**: each until its usual refresh is
  past or, where that is not known, until its old lease would have ended.
* What it is, `vanished` judges, by how many they are and what becomes of those due.
* Of a restart, one that is not back by then is **overdue**: told like any other loss half a minute
  later, unless so many are that it is the account.
* While the account is out nobody is told singly, however overdue. Who is out still when the others
  are back is a **straggler**: told alone five minutes later.
* One of several devices of an extension is awaited as well, and told of if it is not back by then.
* If it is neither, each is told of as what it was.
"""

from collections.abc import Iterable, Iterator
from typing import assert_never

from msgspec.structs import replace

from regwatch.core.alerts.conditions import Condition, account_lost, registrar_restarted
from regwatch.core.clock_steps import move_all
from regwatch.core.model import (
    AccountName,
    AlertName,
    Answer,
    ExtensionId,
    Registration,
    Timestamp,
    Toll,
    Watched,
)
from regwatch.core.phones.device_models import DeviceModels
from regwatch.core.phones.habits import MARGIN_SECONDS, margin
from regwatch.core.phones.lateness import SUPPOSED_AFTER, habit_of
from regwatch.core.phones.memory import Loss, Memory
from regwatch.core.phones.observation import Observation
from regwatch.core.phones.vanished import (
    LOOKED_AT_SECONDS,
    RETURNED_ENOUGH,
    AccountPolicy,
    Kind,
    Vanished,
    goes_on,
    judge,
)

NOTICED_WITHIN = 60.0
"""Seconds after a restart that it may take to be confirmed."""
ASKED_WITHIN = 120.0
"""Seconds in which those still out are asked once more before it is said that they are."""
UNSEEN = frozenset({"unregistered", "ended_unseen"})
"""How those are gone of whom nobody saw that they were not refreshed."""
STRAGGLERS_SECONDS = 300.0
"""So long who is out still may take when the others are back."""
FORGOTTEN = "forgotten"


class Restarts:
    """The latest time that many vanished at once, as far as it is not over."""

    def __init__(self, policy: AccountPolicy | None = None) -> None:
        """`policy`: None: no part of an account is a large one."""
        self._policy = policy
        self._kind = Kind.UNCLEAR
        """What was concluded so far."""
        self._suspected_at: Timestamp | None = None
        self._began_at: Timestamp | None = None
        self._there: set[ExtensionId] = set()
        """Those seen registered since it was suspected."""
        self._awaited: dict[ExtensionId, Timestamp] = {}
        self._overdue: dict[ExtensionId, Timestamp] = {}
        """Not back in time, and until when that is not told of a restart."""
        self._stragglers: dict[ExtensionId, Timestamp] = {}
        """Out still when the others were back, and until when that is not told."""
        self._returned = 0
        self._left_out = 0
        self._missing = 0
        self._devices: dict[ExtensionId, Timestamp] = {}
        """Of whom one of several devices is awaited, and until when."""
        self._unasked: set[ExtensionId] = set()
        """Out, and not asked again since the first one was back."""
        self._back_since: Timestamp | None = None
        self._released: list[ExtensionId] = []
        self.resolution = ""
        self.final: Toll | None = None
        """How many were back when it was over."""
        """How the latest one ended."""

    @property
    def vanished(self) -> Vanished | None:
        """None if nothing of the kind is going on."""
        if self._began_at is None:
            return None
        out = len(self._awaited) + len(self._overdue) + self._missing
        return Vanished(
            self._began_at,
            asked=len(self._there) + out,
            awaited=len(self._awaited),
            returned=self._returned,
            missing=len(self._overdue) + self._missing,
            left_out=self._left_out,
        )

    # --- who vanishes ---------------------------------------------------------------------------

    def suspect(self, *, now: Timestamp) -> None:
        """Many are missing from an answer: whoever is there from now on counts beside them."""
        if self._suspected_at is None and self._began_at is None:
            self._suspected_at = now

    def excuse(self, seen: Observation, models: DeviceModels, *, is_mass: bool) -> Memory:
        """What is to be remembered, of a loss that is one of many; `is_mass`: it is one of those
        that vanished all at once.
        """
        memory, loss, now = seen.memory, seen.memory.loss, seen.at
        if loss is None or loss.reason == "deleted" or not seen.losses:  # lost before
            return memory
        if not (is_mass or self._covers(loss)):
            return memory
        since = now if self._began_at is None else self._began_at
        until = _awaited_until(seen.before.registrations, seen, models, since=since)
        self._forgot(seen.extension_id, until, now)
        return replace(memory, loss=replace(loss, awaited_until=until))

    def device_awaited_until(self, seen: Observation, models: DeviceModels) -> Timestamp | None:
        """Until when nothing is to be told of one of several devices that was forgotten like the
        others: it may be back by then, and is asked for once more. None: none was.
        """
        if self._began_at is None:
            return None
        gone = [loss.registration for loss in seen.losses if self._covers(loss)]
        until = _awaited_until(gone, seen, models, since=self._began_at)
        if until <= seen.at:
            return None
        self._devices[seen.extension_id] = until
        return Timestamp(until + LOOKED_AT_SECONDS)

    def _covers(self, loss: Loss) -> bool:
        """Whether it is asked for the first time since, and its lease went on then, for all that is
        known: it vanished like the others.
        """
        ends_at, began_at = loss.registration.lease_ends_at, self._began_at
        if began_at is None or loss.last_seen_at >= began_at:
            return False
        return loss.reason in UNSEEN or ends_at is None or began_at < ends_at + NOTICED_WITHIN

    def _forgot(self, extension_id: ExtensionId, until: Timestamp, now: Timestamp) -> None:
        self._began_at = now if self._began_at is None else min(self._began_at, now)
        self._awaited[extension_id] = until
        self._there.discard(extension_id)

    # --- before and after a restart of ours -----------------------------------------------------

    def resume(self, told: AlertName) -> None:
        """Go on with what was told before a restart of ours: its evidence was seen."""
        if told is AlertName.ACCOUNT_LOST:
            self._kind = Kind.ACCOUNT
        else:
            self._kind = Kind.RESTART
            self._returned = RETURNED_ENOUGH

    def restore(self, watched: Watched, memory: Memory, *, now: Timestamp) -> None:
        """Go on awaiting what was awaited before a restart of ours. What nobody was told of is
        looked at anew, unless it is of long ago.
        """
        loss = memory.loss
        if loss is None or loss.awaited_until is None or watched.registrations:
            return
        if self._kind is not Kind.UNCLEAR:
            self._forgot(watched.extension.id, loss.awaited_until, loss.detected_at)
        elif now < loss.detected_at + STRAGGLERS_SECONDS:
            until = max(loss.awaited_until, now + LOOKED_AT_SECONDS)
            self._forgot(watched.extension.id, Timestamp(until), now)

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        self._began_at = _moved(self._began_at, by)
        self._suspected_at = _moved(self._suspected_at, by)
        self._back_since = _moved(self._back_since, by)
        yield from move_all(self._awaited, Timestamp, by)
        yield from move_all(self._overdue, Timestamp, by)
        yield from move_all(self._stragglers, Timestamp, by)
        yield from move_all(self._devices, Timestamp, by)

    # --- what is told ---------------------------------------------------------------------------

    def condition(self, account: AccountName, *, now: Timestamp) -> Condition | None:
        """What is told of it while it lasts."""
        self._conclude(now)
        seen = self.vanished
        if seen is None:
            return None
        match self._kind:
            case Kind.UNCLEAR | Kind.NOTHING:
                return None
            case Kind.ACCOUNT:
                return account_lost(
                    account,
                    since=seen.began_at,
                    gone=seen.gone,
                    of=seen.held,
                    returned=seen.returned,
                )
            case Kind.RESTART:
                return registrar_restarted(
                    account,
                    since=seen.began_at,
                    forgotten=seen.gone,
                    back_by=max(self._awaited.values(), default=seen.began_at),
                )
            case unknown:
                assert_never(unknown)

    def awaits(self, extension_id: ExtensionId) -> bool:
        """Whether its loss is not to be told yet, or not by itself."""
        return (
            extension_id in self._awaited
            or extension_id in self._overdue
            or extension_id in self._stragglers
        )

    def ask_by(self, extension_id: ExtensionId) -> Timestamp | None:
        """When it is to be asked again at the latest; None if nothing depends on it."""
        until = self._awaited.get(extension_id)
        if until is not None and self._began_at is not None and self._kind is Kind.UNCLEAR:
            return Timestamp(min(until, self._began_at + LOOKED_AT_SECONDS))
        others = (self._overdue, self._stragglers, self._devices)
        return until or next((each[extension_id] for each in others if extension_id in each), None)

    def take_released(self) -> list[ExtensionId]:
        """Those whose loss may be told from now on, once they are asked again."""
        released, self._released = self._released, []
        return released

    def renamed(self, extension_id: ExtensionId, loss: Loss) -> Loss:
        """Its loss, called by what is concluded of it by now."""
        if loss.awaited_until is None:
            return loss
        if not self.awaits(extension_id):
            return replace(loss, awaited_until=None)
        if self._kind is Kind.UNCLEAR and extension_id not in self._stragglers:
            return loss
        return loss if loss.reason == FORGOTTEN else replace(loss, reason=FORGOTTEN)

    # --- who comes back -------------------------------------------------------------------------

    def answered(
        self, extension_id: ExtensionId, answer: Answer, loss: Loss | None, *, now: Timestamp
    ) -> None:
        """It was answered; `loss`: how it was lost, if it was."""
        if self._stragglers.get(extension_id, now) < now or answer.registered:
            self._stragglers.pop(extension_id, None)
        if self._devices.get(extension_id, now) < now:
            del self._devices[extension_id]
        if self._began_at is None and self._suspected_at is None:
            return
        self._unasked.discard(extension_id)
        if answer.registered:
            self._there.add(extension_id)
        if extension_id in self._awaited or extension_id in self._overdue:
            self._look_for(extension_id, answer, loss, now)

    def _look_for(
        self, extension_id: ExtensionId, answer: Answer, loss: Loss | None, now: Timestamp
    ) -> None:
        if answer.registered:
            self._awaited.pop(extension_id, None)
            self._overdue.pop(extension_id, None)
            self._came_back(answer, loss, now)
        elif (until := self._awaited.get(extension_id)) is not None:
            if now >= until:
                del self._awaited[extension_id]
                self._overdue[extension_id] = Timestamp(now + LOOKED_AT_SECONDS)
        elif self._kind is Kind.RESTART and now >= self._overdue[extension_id]:
            del self._overdue[extension_id]
            self._missing += 1

    def _came_back(self, answer: Answer, loss: Loss | None, now: Timestamp) -> None:
        if self._back_since is None:
            self._back_since = now
            self._unasked = {*self._awaited, *self._overdue}
        if loss is not None and any(r.id == loss.registration.id for r in answer.registrations):
            self._left_out += 1
        else:
            self._returned += 1

    def drop(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        for held in (self._stragglers, self._awaited, self._overdue, self._devices):
            held.pop(extension_id, None)
        self._there.discard(extension_id)
        self._unasked.discard(extension_id)

    # --- how it ends ----------------------------------------------------------------------------

    def _conclude(self, now: Timestamp) -> None:
        seen = self.vanished
        if seen is None:
            self._begin_anew(now)
            return
        found = judge(seen, self._policy, now=now)
        if found in (Kind.RESTART, Kind.ACCOUNT) or self._kind is Kind.UNCLEAR:
            self._kind = found
        if goes_on(self._kind, seen, self._policy) or self._is_half_asked(now):
            return
        self.resolution, self.final = seen.ended, seen.final
        out = (*self._awaited, *self._overdue)
        if self._kind is Kind.ACCOUNT:
            self._stragglers = dict.fromkeys(out, Timestamp(now + STRAGGLERS_SECONDS))
        self._released.extend(out)
        self._end()

    def _is_half_asked(self, now: Timestamp) -> bool:
        """Whether it looks over, and yet some of those out were not asked since others are back."""
        if self._kind is not Kind.ACCOUNT or self._back_since is None:
            return False
        return bool(self._unasked) and now < self._back_since + ASKED_WITHIN

    def _begin_anew(self, now: Timestamp) -> None:
        if self._suspected_at is not None and now >= self._suspected_at + NOTICED_WITHIN:
            self._suspected_at = None
            self._there.clear()
        self._kind, self._returned = Kind.UNCLEAR, 0

    def _end(self) -> None:
        self._awaited.clear()
        self._overdue.clear()
        self._there.clear()
        self._unasked.clear()
        self._began_at = self._suspected_at = self._back_since = None
        self._kind = Kind.UNCLEAR
        self._returned = self._missing = self._left_out = 0


def _moved(at: Timestamp | None, by: float) -> Timestamp | None:
    return None if at is None else Timestamp(at + by)


def _awaited_until(
    held: Iterable[Registration], seen: Observation, models: DeviceModels, *, since: Timestamp
) -> Timestamp:
    """When its last device will have had occasion to come back after a restart `since` then; half a
    minute is looked at in any case.
    """
    now = seen.at
    last_seen_at = seen.before.answered_at or now
    found = (_back_by(r, seen.remembered, models, since, last_seen_at, now) for r in held)
    return max(found, default=now)


def _back_by(
    registration: Registration,
    memory: Memory,
    models: DeviceModels,
    since: Timestamp,
    last_seen_at: Timestamp,
    now: Timestamp,
) -> Timestamp:
    ends_at, soonest = registration.lease_ends_at, Timestamp(since + LOOKED_AT_SECONDS)
    if ends_at is None:
        return soonest
    habit = habit_of(registration, memory, models, learn_after=SUPPOSED_AFTER, now=now)
    if habit is None or not habit.lease_high:
        # Refreshed unseen, if it has ended: then for as long again as it had left.
        left = ends_at - (last_seen_at if ends_at <= now else since)
        return Timestamp(max(soonest, since + left + MARGIN_SECONDS))
    if not habit.is_steady:
        return Timestamp(max(soonest, since + habit.lease + MARGIN_SECONDS))
    granted_at, slack = ends_at - habit.lease_low, margin(habit)
    if granted_at + habit.earliest - slack > since:
        return Timestamp(max(soonest, granted_at + habit.latest + slack))
    # It may have been refreshed after it was last seen, and forgotten after that.
    return Timestamp(max(soonest, since + habit.latest + slack))
