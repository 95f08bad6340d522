"""What is simulated: how many phones, how many requests, which leases, who else asks."""

from dataclasses import dataclass

HOUR = 3600.0
LEASES = {
    "desk": "1800,3600",
    "mixed": "60,120,300,600,1800,3600",
    "short": "60,120,300",
}


@dataclass(frozen=True)
class Case:
    """One line of the table. Times in seconds of virtual time."""

    extensions: int
    batch: int
    quota: int
    """Requests per hour, of all applications together."""
    leases: str
    hours: float = 4.0
    """How long losses happen, after the warm-up."""
    warm_up: float = HOUR
    losses: int = 400
    """Half of them phones that die silently, half phones that un-REGISTER."""
    others: float = 0.0
    """The largest share of the quota that others use in any hour; it changes at random."""
    failing: float = 0.0
    """The share of requests that fail."""
    restart_after: float | None = None
    """When, after the warm-up, the registrar forgets everything."""
    lease_share: float | None = None
    """Where in its lease every phone refreshes; None: as the simulator's phones do."""
    jitter: float = 0.02
    """By which share of its period a refresh may be earlier or later."""
    seed: int = 1
    site_size: int = 20
    """Phones behind one public address."""
    interval: float = 60.0
    reserve: float = 0.1

    @property
    def begins_at(self) -> float:
        """When losses begin to happen: an hour's begin plus the warm-up."""
        return START + self.warm_up

    @property
    def ends_at(self) -> float:
        """When the last one happens."""
        return self.begins_at + self.hours * HOUR

    @property
    def name(self) -> str:
        return f"{self.extensions}/{self.batch}/{self.quota} {self.leases}"

    @property
    def longest_lease(self) -> float:
        """That any phone may have."""
        return max(map(float, LEASES.get(self.leases, self.leases).split(",")))


START = 1_800_000_000.0
"""The begin of a clock hour."""
LATENCY = 0.2
"""From a request to its answer."""
