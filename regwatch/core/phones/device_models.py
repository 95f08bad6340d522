"""What devices of one model have in common, so that a new phone profits from its kin.

Phones of a model and firmware refresh at the same point of their lease, as long as nobody has
configured some of them otherwise. Where enough of them agree, one whose own habit is not learned
yet is judged by theirs, with a wider margin; where they disagree, it is not.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.clock_steps import move_all
from regwatch.core.model import Registration, Timestamp
from regwatch.core.phones.habits import STEADY_SHARE, Habit
from regwatch.core.phones.memory import Memory

ENOUGH = 5
"""Registrations whose habits are learned, before they speak for others."""
LEASES_TO_WAIT = 4.0
"""Since the first of them was learned: who refreshes early in its lease is learned early, and would
else speak for those who are still to be learned.
"""
OTHERS_SHARE = 0.02
"""So few that refresh otherwise do not make the others disagree."""
EXTRA_MARGIN_SHARE = 0.03
"""Of the lease: how much later than the latest of its kin a new one may refresh."""
MOST_MODELS = 1000
"""User-Agents come from outside: no more of them are remembered."""


class Model(Struct, frozen=True, gc=False):
    """What is known of one model's habit under one lease; shares of the lease."""

    earliest: float
    usual: float
    latest: float
    since: Timestamp
    """When the first of them was learned."""
    alike: int = 1
    """Registrations that refresh closely together."""
    others: int = 0
    """Those that do not."""

    @property
    def agrees(self) -> bool:
        """Whether enough of them refresh alike, and hardly any otherwise."""
        return self.alike >= ENOUGH and self.others <= OTHERS_SHARE * self.alike


class DeviceModels:
    """The models of one account."""

    def __init__(self) -> None:
        self._models: dict[tuple[str, int], Model] = {}

    @property
    def models(self) -> Mapping[tuple[str, int], Model]:
        """By User-Agent and lease in seconds."""
        return self._models

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        return move_all(self._models, Model, by)

    def learn(
        self,
        registrations: Iterable[Registration],
        before: Memory,
        now_known: Memory,
        *,
        after: int,
        now: Timestamp,
    ) -> None:
        """What an extension's devices have newly shown of their model; `after`: refreshes from
        which on a habit is good enough for that.
        """
        for registration in registrations:
            habit = now_known.habits.get(registration.id)
            if habit is None or habit.refreshes < after:
                continue
            old = before.habits.get(registration.id)
            if habit is not old:
                is_new = old is None or old.refreshes < after
                self.learned(registration.device, habit, is_new=is_new, now=now)

    def learned(self, device: str, habit: Habit, *, is_new: bool, now: Timestamp) -> None:
        """A registration's habit has been learned well enough, or has changed since."""
        key = device, round(habit.lease)
        model = self._models.get(key)
        if model is not None:
            self._models[key] = _with(model, _shares(habit, now), is_new)
        elif is_new and device and habit.is_steady and len(self._models) < MOST_MODELS:
            self._models[key] = _shares(habit, now)

    def judged(self, device: str, habit: Habit, *, learn_after: int, now: Timestamp) -> Habit:
        """The habit to judge a registration by: its own, or that of its kin while its own was
        learned from fewer than `learn_after` refreshes and its lease is known.
        """
        if habit.refreshes >= learn_after or not habit.lease_high:
            return habit
        lease = habit.lease
        model = self._models.get((device, round(lease)))
        if model is None or not model.agrees or now < model.since + LEASES_TO_WAIT * lease:
            return habit
        return replace(
            habit,
            refreshes=learn_after,
            usual=model.usual * lease,
            earliest=min(model.earliest * lease, habit.earliest or lease),
            latest=max((model.latest + EXTRA_MARGIN_SHARE) * lease, habit.latest),
        )


def _shares(habit: Habit, now: Timestamp) -> Model:
    lease = habit.lease or 1.0
    return Model(habit.earliest / lease, habit.usual / lease, habit.latest / lease, now)


def _with(model: Model, one: Model, is_new: bool) -> Model:
    """Who is alike widens what is usual. If the others become the majority, they are the model."""
    earliest, latest = min(model.earliest, one.earliest), max(model.latest, one.latest)
    if latest - earliest < STEADY_SHARE:
        usual = model.usual + is_new * (one.usual - model.usual) / (model.alike + 1)
        alike = model.alike + is_new
        return replace(model, earliest=earliest, usual=usual, latest=latest, alike=alike)
    if model.others + is_new > model.alike:
        return one
    return replace(model, others=model.others + is_new)
