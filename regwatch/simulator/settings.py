"""What a simulated PBX is like."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from regwatch.simulator.rates import Rates

MIXES: Mapping[str, tuple[float, ...]] = {
    "desk": (1800.0, 3600.0),
    "mixed": (60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0),
    "short": (60.0, 120.0, 300.0),
}
"""Seconds, as seen in the field: desk phones have long leases, phones behind NAT short ones."""
LONGEST_LEASE = 365 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """Times in virtual seconds."""

    extensions: int = 50
    seed: int = 1
    leases: str = "mixed"
    """`desk`, `mixed`, `short`, or lease lengths: `60,300`."""
    speed: float = 1.0
    """Virtual seconds in a real one."""
    quota: int = 1000
    """Requests per window."""
    window: float = 3600.0
    """Real seconds over which requests are counted, by the clock."""
    sliding: bool = False
    """Whether each counts for so long instead."""
    used_by_others: int = 0
    """Requests of other applications, each window; not where it slides."""
    calm: bool = False
    """Nothing happens by itself."""
    rates: Rates | None = None
    """How people, machines and failures live: a plan with its truth. Else mere chance events."""
    events_per_phone_and_day: float = 4.0
    site_size: int = 20
    """Phones behind one public address."""
    delay: float = 0.0
    """Real seconds that each answer takes."""
    client_id: str = "demo"
    client_secret: str = field(default="demo-secret", repr=False)
    token_life: float = 3600.0
    faults: Mapping[str, object] = field(default_factory=dict)

    @property
    def lease_lengths(self) -> tuple[float, ...]:
        """Those phones may have; raises `ValueError` if they cannot be read."""
        if self.leases in MIXES:
            return MIXES[self.leases]
        lengths = tuple(float(each) for each in self.leases.split(","))
        if not all(1 <= length <= LONGEST_LEASE for length in lengths):
            raise ValueError("a lease is at least a second long, and no more than a year")
        return lengths
