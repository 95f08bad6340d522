"""The real account against the simulated places, event by event, and what came of each place."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from bench.places.scenes import LASTS, SPREAD, Happened, Scene
from bench.places.world import START, World
from fakes.clocks import both
from fakes.values import EVERY_ALERT

from regwatch.core.account import Account
from regwatch.core.alerts.quieting import STRAGGLERS_SECONDS
from regwatch.core.model import (
    AccountName,
    AlertName,
    BatchAnswer,
    Incident,
    IncidentState,
    Listing,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy, Wait
from regwatch.core.polling.selection import Selection
from regwatch.core.sites import Sites
from regwatch.core.steps import Tell

LATENCY = 0.3
TICK = 1.0
WARM_UP = 4 * 3600.0
"""Until habits are learned, of leases of an hour too."""
SETTLES = 3600.0
"""Between two scenes: all are back, and seen to be."""
HALF_A_DAY = 12 * 3600.0
GROUP_WAIT = 10.0
"""A message that is taken back within this was never sent."""


@dataclass
class Trial:
    """What became of one scene at one place."""

    scene: Scene
    size: int
    happened: Happened
    found_at: float | None = None
    swallowed: int = 0
    """Phones that were told of neither alone nor by their place."""
    alone: int = 0
    """Of an outage: phones that were told of alone before it was found."""
    seconds: float | None = None
    """From when the third missed refresh could be known to when it was told."""


@dataclass
class Heard:
    """What is told of one incident at present."""

    incident: Incident
    loud_since: float | None = None
    was_told_at: float | None = None


class Driver:
    """One account with many places of one size, through one scene after the other."""

    def __init__(self, places: int, size: int, seed: int) -> None:
        self.places, self.size = places, size
        self.world = World(places, size, seed)
        self._random = Random(seed + 1)
        policy = MonitorPolicy(EVERY_ALERT, outages=OutagePolicy())
        self.account = Account(
            Monitor(AccountName("acme"), policy, Sites()),
            Planner(PollingPolicy(requests_per_hour=max(1000, 3 * places * size))),
            Selection(),
        )
        self.now = START
        self._tick_at = START
        self._flying: list[tuple[float, int, Ask]] = []
        self._number = 0
        self._heard: dict[str, Heard] = {}
        self._ended: list[tuple[float, int]] = []
        """Outages that are over: when, and of which place."""
        self._fired: list[tuple[float, int]] = []
        listing = Listing(self.world.extensions, complete=True)
        for outcome in self.account.listed(listing, now=both(self.now)):
            self._note(outcome)
        self.play_until(START + WARM_UP)

    def try_out(self, scene: Scene) -> Iterator[Trial]:
        """The scene at each place, then all phones are well again."""
        begun = self.now
        self._fired.clear()
        self._ended.clear()
        happened = [
            scene.play(self.world, self.world.of_place(place), begun, self._random)
            for place in range(self.places)
        ]
        trials = [Trial(scene, self.size, each) for each in happened]
        longest = max(each.begins_at + each.lasts for each in happened)
        self.play_until((begun + HALF_A_DAY + LASTS) if scene.is_long else longest + LASTS)
        for place, trial in enumerate(trials):
            self._judge(place, trial)
        for phone in self.world.phones:
            back_at = self.now + self._random.uniform(0, SPREAD)
            self.world.plan(back_at, "revive", [phone])
        yield from trials
        self.play_until(self.now + SPREAD + SETTLES)

    def _judge(self, place: int, trial: Trial) -> None:
        begun = trial.happened.begins_at
        fired = [at for at, where in self._fired if where == place and at >= begun]
        trial.found_at = min(fired, default=None)
        known = sorted(phone.could_be_known_at for phone in trial.happened.dark)
        if known and trial.found_at is not None:
            trial.seconds = trial.found_at - known[min(2, len(known) - 1)]
        for phone in trial.happened.dark:
            heard = [
                h for h in self._heard.values() if h.incident.facts.extension_id == phone.number
            ]
            trial.swallowed += not any(self._is_told(each, place) for each in heard)
            trial.alone += any(
                each.was_told_at is not None
                and each.was_told_at >= begun
                and (trial.found_at is None or each.was_told_at < trial.found_at)
                for each in heard
            )

    def _is_told(self, heard: Heard, place: int) -> bool:
        """Alone, or by its place, which is out; or its place is back for less than five minutes."""
        incident = heard.incident
        if not incident.is_quiet:
            return True
        if incident.inhibited_by is not None:
            return any(each.incident.id == incident.inhibited_by for each in self._heard.values())
        within = self.now - STRAGGLERS_SECONDS
        return any(where == place and at > within for at, where in self._ended)

    # --- virtual time --------------------------------------------------------------------------

    def play_until(self, end: float) -> None:
        """Whatever happens until then."""
        while self.now < end:
            self.now = min(end, self._step())
            if self.now >= self._tick_at:
                self._note(self.account.tick(now=both(self.now)))
                self._tick_at = self.now + TICK
                self._hear()

    def _step(self) -> float:
        while self._flying and self._flying[0][0] <= self.now:
            _, _, ask = heapq.heappop(self._flying)
            self.account.request_made(None, now=both(self.now))
            batch = BatchAnswer(ask.ids, self.world.answers(ask.ids, self.now))
            self._note(self.account.answered(batch, now=both(self.now)))
        step = self.account.next(now=both(self.now))
        if isinstance(step, Tell):
            self._note(step.outcome)
            return self.now
        if isinstance(step, Ask):
            self._number += 1
            heapq.heappush(self._flying, (self.now + LATENCY, self._number, step))
            return self.now
        assert isinstance(step, Wait), "there is no list to be read"
        landing = self._flying[0][0] if self._flying else float("inf")
        until = float("inf") if step.until is None else step.until
        return max(self.now, min(landing, until, self._tick_at))

    def _note(self, outcome: Outcome) -> None:
        for step in outcome.steps:
            incident = step.incident
            if incident is None:
                continue
            if incident.alert is AlertName.SITE_LOST:
                self._note_place(incident)
            if incident.state is IncidentState.RESOLVED:
                self._heard.pop(incident.id, None)
                continue
            heard = self._heard.setdefault(incident.id, Heard(incident))
            heard.incident = incident
            is_loud = incident.state is IncidentState.FIRING and not incident.is_quiet
            if not is_loud:
                heard.loud_since = None
            elif heard.loud_since is None:
                heard.loud_since = self.now

    def _note_place(self, incident: Incident) -> None:
        place = self._place_of(incident)
        known = self._heard.get(incident.id)
        if incident.state is IncidentState.RESOLVED:
            self._ended.append((self.now, place))
        elif incident.state is IncidentState.FIRING and known is None:
            self._fired.append((self.now, place))

    def _place_of(self, incident: Incident) -> int:
        _, _, high, low = incident.facts.place.split(".")
        return int(high) * 250 + int(low) - 1

    def _hear(self) -> None:
        """What stayed loud for as long as a group waits is told."""
        for heard in self._heard.values():
            since = heard.loud_since
            if since is not None and self.now >= since + GROUP_WAIT and heard.was_told_at is None:
                heard.was_told_at = since


def places_of(size: int) -> int:
    """So many of them at once: each is a trial."""
    return max(8, min(40, 800 // size))


def trials(size: int, scenes: Sequence[Scene], *, rounds: int, seed: int) -> Iterator[Trial]:
    """All scenes of places of one size, so many times."""
    driver = Driver(places_of(size), size, seed)
    for _ in range(rounds):
        for scene in scenes:
            if size in scene.sizes:
                yield from driver.try_out(scene)
