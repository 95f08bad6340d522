"""What holds of places whatever happens at them: nobody is swallowed, whole outages are found, what
is single is no place, and neither the order of ids, nor the clock, nor a restart decides anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.places.world import Phone, World, address
from fakes.values import ACME, EVERY_ALERT, START
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from regwatch.core.alerts.incidents import Decision
from regwatch.core.alerts.quieting import STRAGGLERS_SECONDS
from regwatch.core.clock_steps import moved
from regwatch.core.model import (
    BatchAnswer,
    ExtensionId,
    Incident,
    IncidentState,
    Timestamp,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.sites import Sites

SWEEP, LEASE = 10.0, 120.0
WARM = 700.0
"""Seconds until habits are learned."""
KNOWN = LEASE + 3 * SWEEP
"""Seconds after which each phone that is dark has missed its refresh, and was asked since."""
POLICY = MonitorPolicy(EVERY_ALERT, outages=OutagePolicy())


@dataclass
class Event:
    """What happens to some phones, so many seconds after the warm-up."""

    after: float
    action: str
    phones: frozenset[int]


@dataclass
class Life:
    """A place with all that is decided of it."""

    size: int
    seed: int
    events: Sequence[Event] = ()
    seconds: float = 600.0
    is_reversed: bool = False
    step_at: float = float("inf")
    step: float = 0.0
    restart_at: float = float("inf")
    decided: list[tuple[float, str, Decision]] = field(default_factory=list)
    """When, on the world's clock; of which subject; what."""

    def __post_init__(self) -> None:
        self.world = World(1, self.size, self.seed)
        for phone in self.world.phones:
            phone.lease, phone.jitter = LEASE, 0.01
            phone.period = LEASE * (0.5 + 0.4 * (phone.number * 0.618 % 1))
            phone.bindings.clear()
        self.world.plan(START + 1, "reboot", self.world.phones)
        for event in self.events:
            hit = [p for p in self.world.phones if p.number in event.phones]
            self.world.plan(START + WARM + event.after, event.action, hit)
        self.monitor = Monitor(ACME, POLICY, Sites())
        self.ahead = 0.0
        self._wanted: Sequence[ExtensionId] = ()

    def live(self) -> "Life":
        """All of it."""
        self.monitor.watch(self.world.extensions, now=Timestamp(START))
        now = START + 60
        while now < START + WARM + self.seconds:
            self._happen(now)
            self._ask([ExtensionId(p.number) for p in self.world.phones], now)
            for second in range(1, int(SWEEP)):
                if self._wanted:
                    self._ask(self._wanted, now + second)
                self._note(self.monitor.tick(now=self._wall(now + second)), now + second)
            now += SWEEP
        return self

    def _happen(self, now: float) -> None:
        if now >= START + WARM + self.step_at:
            self.step_at = float("inf")
            self.ahead += self.step
            for outcome in self.monitor.clock_set(self.step):
                self._note(outcome, now)
        if now >= START + WARM + self.restart_at:
            self.restart_at = float("inf")
            before, wall = self.monitor, self._wall(now)
            self.monitor = Monitor(ACME, POLICY, Sites(), incidents=tuple(before.incidents))
            for watched in before.roster.by_id.values():
                memory = before.memory(watched.extension.id)
                self.monitor.restore(changed(watched), memory, now=wall)

    def _wall(self, now: float) -> Timestamp:
        return Timestamp(now + self.ahead)

    def _ask(self, ids: Sequence[ExtensionId], now: float) -> None:
        found = self.world.answers(ids[::-1] if self.is_reversed else ids, now)
        answers = {i: moved(each, self.ahead) for i, each in found.items()}
        outcome = self.monitor.observe(BatchAnswer(tuple(answers), answers), now=self._wall(now))
        self._wanted = tuple(outcome.wanted)
        self._note(outcome, now)

    def _note(self, outcome: Outcome, now: float) -> None:
        for step in outcome.steps:
            if step.incident is not None:
                self.decided.append((now - START - WARM, step.incident.subject, step.decision))

    # --- what came of it -----------------------------------------------------------------------

    @property
    def place(self) -> Incident | None:
        return self.monitor.incidents.get(f"site:{address(0)}")

    def of_place(self, decision: Decision) -> list[float]:
        """When it was decided so of the place."""
        return [
            at for at, who, what in self.decided if who.startswith("site:") and what is decision
        ]

    @property
    def untold(self) -> list[int]:
        """Phones that are dark, of which nobody is told, alone or by their place."""
        firing = self.place is not None
        return [
            phone.number
            for phone in self.dark
            if not any(
                each.state is IncidentState.FIRING and (firing or not each.is_quiet)
                for each in self.monitor.incidents.presence_of(ExtensionId(phone.number))
            )
        ]

    @property
    def dark(self) -> Iterator[Phone]:
        return (p for p in self.world.phones if not p.is_alive and p.bindings)


SIZES, SEEDS = st.integers(5, 12), st.integers(0, 10_000)


@st.composite
def events(draw: st.DrawFn, actions: Sequence[str] = ("die", "revive", "reboot")) -> list[Event]:
    """Whatever happens to any of twelve phones in five minutes."""
    return draw(
        st.lists(
            st.builds(
                Event,
                st.floats(0, 300),
                st.sampled_from(list(actions)),
                st.frozensets(st.integers(1, 12), min_size=1),
            ),
            min_size=1,
            max_size=4,
        )
    )


law = settings(max_examples=20)  # each of them a tenth of a second


@law
@given(SIZES, SEEDS, events(("die", "revive", "reboot", "unregister")))
def test_nobody_is_swallowed(size: int, seed: int, happened: list[Event]) -> None:
    """Whoever is dark is told, alone or by a place that is out, at most five minutes after the end
    of an outage.
    """
    seconds = 300 + KNOWN + STRAGGLERS_SECONDS + 60
    lived = Life(size, seed, happened, seconds=seconds).live()
    assert lived.untold == []


@law
@given(SIZES, SEEDS, st.floats(0, 100))
def test_a_whole_outage_is_found_and_all_its_phones_are_told_by_it(
    size: int, seed: int, after: float
) -> None:
    everybody = frozenset(range(1, 13))
    lived = Life(size, seed, [Event(after, "die", everybody)], seconds=100 + KNOWN).live()
    assert lived.place is not None
    assert len(lived.of_place(Decision.FIRED)) == 1
    by = {i.inhibited_by for i in lived.monitor.incidents if i is not lived.place}
    assert by == {lived.place.id}


@law
@given(SIZES, SEEDS, st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True))
def test_single_losses_are_no_place(size: int, seed: int, victims: list[int]) -> None:
    """One after the other, each told before the next."""
    happened = [Event(200.0 * n, "die", frozenset({each})) for n, each in enumerate(victims)]
    lived = Life(size, seed, happened, seconds=200 * len(victims) + KNOWN).live()
    assert lived.of_place(Decision.FIRED) == []
    assert lived.untold == []


@law
@given(SIZES, SEEDS, events())
def test_the_order_of_the_ids_decides_nothing(size: int, seed: int, happened: list[Event]) -> None:
    one = Life(size, seed, happened, seconds=500).live()
    other = Life(size, seed, happened, seconds=500, is_reversed=True).live()
    assert one.of_place(Decision.FIRED) == other.of_place(Decision.FIRED)
    assert one.of_place(Decision.RESOLVED) == other.of_place(Decision.RESOLVED)
    assert sorted(one.decided) == sorted(other.decided)


@law
@given(
    SIZES, SEEDS, events(), st.floats(0, 400), st.sampled_from([-86400.0, -47.5, 3600.0, 864000.0])
)
def test_a_step_of_the_clock_changes_nothing(
    size: int, seed: int, happened: list[Event], step_at: float, step: float
) -> None:
    calm = Life(size, seed, happened, seconds=500).live()
    told = Life(size, seed, happened, seconds=500, step_at=step_at, step=step).live()
    assert told.decided == calm.decided


@law
@given(SIZES, SEEDS, events(), st.floats(0, 400))
def test_a_restart_in_the_midst_of_it_swallows_nobody(
    size: int, seed: int, happened: list[Event], restart_at: float
) -> None:
    seconds = 300 + KNOWN + STRAGGLERS_SECONDS + 60
    lived = Life(size, seed, happened, seconds=seconds, restart_at=restart_at).live()
    assert lived.untold == []


@law
@given(SIZES, SEEDS, st.floats(0, 100), st.floats(0, 250))
def test_a_whole_outage_goes_on_over_a_restart(
    size: int, seed: int, after: float, restart_at: float
) -> None:
    everybody = frozenset(range(1, 13))
    happened = [Event(after, "die", everybody), Event(after + 300, "revive", everybody)]
    lived = Life(size, seed, happened, seconds=after + 420, restart_at=restart_at).live()
    assert len(lived.of_place(Decision.FIRED)) == 1
    assert len(lived.of_place(Decision.RESOLVED)) == 1
    assert [i.alert for i in lived.monitor.incidents if not i.is_quiet] == []
