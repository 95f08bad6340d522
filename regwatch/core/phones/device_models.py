"""What devices of one model have in common, so that a new phone profits from its kin.

Phones of a model and firmware refresh at the same point of their lease, as long as nobody has
configured some of them otherwise. Where enough of them agree, one whose own habit is not learned
yet is judged by theirs, with a wider margin; where they disagree, it is not.

* It is extensions that speak for a model, each once, by what it holds now: however often its phone
  was rebooted, moved or taken over, one extension is never two.
* Who shows something else, holds something else or is watched no more is taken out again. Who is
  away stays, since most come back, but no longer than `FADES_SECONDS` after it last refreshed.
* A model without anybody is none. Nothing depends on the order in which it was learned.
* Another firmware is another model: what the former one did is no evidence for it, and a wider
  margin would not help where a whole fleet is given other times at once.
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import ceil, floor
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.clock_steps import move_all
from regwatch.core.model import ExtensionId, Registration, RegistrationId, Timestamp
from regwatch.core.phones.habits import STEADY_SHARE, Habit

ENOUGH = 5
"""Extensions whose habits are learned, before they speak for others."""
LEASES_TO_WAIT = 4.0
"""Since the first of them was learned: who refreshes early in its lease is learned early, and would
else speak for those who are still to be learned.
"""
OTHERS_SHARE = 0.02
"""So few that refresh otherwise do not make the others disagree."""
EXTRA_MARGIN_SHARE = 0.03
"""Of the lease: how much later than the latest of its kin a new one may refresh."""
FADES_SECONDS = 7 * 86_400.0
"""Who was not seen to refresh for so long says nothing of its model any more."""
MOST_FADED = 4
"""Extensions taken out in one step, since they have faded; the others follow with the next."""
NOTED_AGAIN_SECONDS = 3600.0
"""So seldom it is noted anew of one that refreshes as ever that it does."""
MOST_MODELS = 1000
"""User-Agents come from outside: no more of them are remembered."""
STEPS = 200
"""In so many a lease is divided."""
ALIKE_STEPS = round(STEADY_SHARE * STEPS)
OF_ONE_DEVICE = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{12}|[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5})(?![0-9a-z])", re.IGNORECASE
)
"""A MAC address: Gigaset, Aastra, Polycom and others send theirs in the User-Agent."""

K = TypeVar("K")
ModelKey = tuple[str, int]
"""User-Agent without what only one device has, and lease in seconds."""


class Span(Struct, frozen=True, gc=False):
    """When one extension refreshes, in steps of its lease: never narrower than it was seen."""

    earliest: int
    latest: int

    @property
    def windows(self) -> range:
        """The begins of all spans of `ALIKE_STEPS` that hold it; none, if it is not steady."""
        return range(self.latest - ALIKE_STEPS, self.earliest + 1)


class Member(Struct, frozen=True, gc=False):
    """An extension that speaks for the models of its devices."""

    shown: Mapping[ModelKey, Span]
    at: Timestamp
    """When it was last seen to refresh, to the hour."""


class Model:
    """Who speaks for one model's habit under one lease."""

    __slots__ = ("_fitting", "_shown", "extensions")

    def __init__(self) -> None:
        self.extensions = 0
        self._shown: Counter[Span] = Counter()
        self._fitting: Counter[int] = Counter()
        """How many each span of the lease holds, by its begin."""

    def add(self, shown: Span, number: int = 1) -> None:
        """One more extension shows this; one less, with -1."""
        self.extensions += number
        _count(self._shown, shown, number)
        for begin in shown.windows:
            _count(self._fitting, begin, number)

    @property
    def common(self) -> Span | None:
        """Between which points all that refresh alike do so; None: too few do, or more than a few
        refresh otherwise.
        """
        alike = max(self._fitting.values(), default=0)
        if alike < ENOUGH or self.extensions - alike > OTHERS_SHARE * alike:
            return None
        # Of spans that hold as many the latest: who is called late later is called so less often.
        begin = max(begin for begin, number in self._fitting.items() if number == alike)
        held = [shown for shown in self._shown if begin in shown.windows]
        return Span(min(s.earliest for s in held), max(s.latest for s in held))


def _count(counter: Counter[K], key: K, number: int) -> None:
    counter[key] += number
    if not counter[key]:
        del counter[key]


class DeviceModels:
    """The models of one account."""

    def __init__(self) -> None:
        self._models: dict[ModelKey, Model] = {}
        self._since: dict[ModelKey, Timestamp] = {}
        """When the first extension of each was learned."""
        self._members: OrderedDict[ExtensionId, Member] = OrderedDict()
        """Those that were not seen to refresh for longest come first."""

    @property
    def models(self) -> Mapping[ModelKey, Model]:
        """By User-Agent and lease in seconds."""
        return self._models

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from move_all(self._since, Timestamp, by)
        yield from move_all(self._members, Member, by)

    def learn(
        self,
        extension_id: ExtensionId,
        registrations: Iterable[Registration],
        habits: Mapping[RegistrationId, Habit],
        *,
        after: int,
        now: Timestamp,
    ) -> None:
        """What an extension's devices show of their models, now that something was seen of it;
        `after`: refreshes from which on a habit is good enough for that.
        """
        held = tuple(registrations)
        if held:  # else it may be back soon, as it was
            self._take(extension_id, _shown_by(held, habits, after), now)
        for _ in range(MOST_FADED):
            oldest = next(iter(self._members), None)
            if oldest is None or now - self._members[oldest].at < FADES_SECONDS:
                break
            self.forget(oldest)

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        member = self._members.pop(extension_id, None)
        if member is not None:
            self._take_out(member.shown)

    def judged(self, device: str, habit: Habit, *, learn_after: int, now: Timestamp) -> Habit:
        """The habit to judge a registration by: its own, or that of its kin while its own was
        learned from fewer than `learn_after` refreshes and its lease is known.
        """
        if habit.refreshes >= learn_after or not habit.lease_high:
            return habit
        lease = habit.lease
        key = model_key(device, lease)
        model = self._models.get(key)
        if model is None or now < self._since[key] + LEASES_TO_WAIT * lease:
            return habit
        common = model.common
        if common is None:
            return habit
        step = lease / STEPS
        return replace(
            habit,
            refreshes=learn_after,
            usual=(common.earliest + common.latest) / 2 * step,
            earliest=min(common.earliest * step, habit.earliest or lease),
            latest=max(common.latest * step + EXTRA_MARGIN_SHARE * lease, habit.latest),
        )

    def _take(
        self, extension_id: ExtensionId, shown: Mapping[ModelKey, Span], now: Timestamp
    ) -> None:
        member = self._members.get(extension_id)
        if member is not None and member.shown == shown:
            if now - member.at >= NOTED_AGAIN_SECONDS:
                self._members[extension_id] = replace(member, at=now)
                self._members.move_to_end(extension_id)
            return
        self.forget(extension_id)
        taken = {key: each for key, each in shown.items() if self._put_in(key, each, now)}
        if taken:
            self._members[extension_id] = Member(taken, now)

    def _put_in(self, key: ModelKey, shown: Span, now: Timestamp) -> bool:
        model = self._models.get(key)
        if model is None:
            if len(self._models) >= MOST_MODELS:
                return False
            model = self._models[key] = Model()
            self._since[key] = now
        model.add(shown)
        return True

    def _take_out(self, shown: Mapping[ModelKey, Span]) -> None:
        for key, each in shown.items():
            model = self._models[key]
            model.add(each, -1)
            if not model.extensions:
                del self._models[key], self._since[key]


def _shown_by(
    registrations: Iterable[Registration], habits: Mapping[RegistrationId, Habit], after: int
) -> Mapping[ModelKey, Span]:
    """Of each model what all of an extension's devices show together."""
    found: dict[ModelKey, Span] = {}
    for registration in registrations:
        habit = habits.get(registration.id)
        if habit is None or habit.refreshes < after or not registration.device:
            continue
        lease = habit.lease or 1.0
        key = model_key(registration.device, lease)
        earliest = floor(STEPS * habit.earliest / lease)
        latest = ceil(STEPS * habit.latest / lease)
        if (other := found.get(key)) is not None:
            earliest, latest = min(earliest, other.earliest), max(latest, other.latest)
        found[key] = Span(earliest, latest)
    return found


def model_key(device: str, lease: float) -> ModelKey:
    """Under which its habit is learned, and looked for."""
    return kin_of(device), round(lease)


@lru_cache(maxsize=4096)
def kin_of(device: str) -> str:
    """A User-Agent without what only one device has: model and firmware."""
    return OF_ONE_DEVICE.sub("", device)
