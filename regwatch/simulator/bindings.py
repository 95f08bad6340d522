"""One binding at the registrar, as a function of time.

Nothing happens to it by itself: its last refresh, and so the end of its lease, are computed when
asked for. That is what makes 100,000 phones no burden.
"""

from dataclasses import dataclass, field, replace

FOREVER = float("inf")


@dataclass(slots=True)
class Binding:
    """A device's registration under one Contact; times in virtual seconds."""

    ruid: str
    device: str
    contact: str
    real: str
    lease: float
    period: float
    """Between refreshes: the device's habit."""
    jitter: float
    """A share of the period."""
    salt: int
    born_at: float
    phase: float
    """How long before its birth its first refresh would have been: phones are met mid-lease."""
    stopped_at: float = FOREVER
    """From when on it is refreshed no more."""
    ended_at: float = FOREVER
    """When it was removed: by un-REGISTER, deletion or restart."""
    is_static: bool = False
    is_unsteady: bool = False
    """Between refreshes anything may pass that the jitter allows."""
    number: int = 0
    """Which of the extension's devices."""
    moves: list[tuple[float, str]] = field(default_factory=list)
    """New public addresses, each from a refresh on."""

    def refreshed_at(self, now: float) -> float:
        """When it was last refreshed by then."""
        limit = min(now, self.stopped_at)
        start = self.born_at - self.phase
        number = int((limit - start) // self.period)
        for candidate in (number + 1, number, number - 1):
            at = self._refresh(candidate)
            if candidate > 0 and at <= limit:
                return at
        return start

    def next_refresh_at(self, now: float) -> float:
        """When it will next be refreshed after then, if it goes on."""
        if now < self.born_at:
            return self.born_at
        number = int((now - self.born_at + self.phase) // self.period)
        # Jitter is far less than a period: the one after the next is surely to come.
        times = (self._refresh(each) for each in (number, number + 1, number + 2) if each > 0)
        return next(at for at in times if at > now)

    def _refresh(self, number: int) -> float:
        mixed = (number * 2654435761 + self.salt) & 0xFFFFFFFF
        if self.is_unsteady:  # the steps of the above are of two lengths only
            mixed = ((mixed >> 16 ^ mixed) * 0x45D9F3B) & 0xFFFFFFFF
            mixed = ((mixed >> 16 ^ mixed) * 0x45D9F3B) & 0xFFFFFFFF
        noise = mixed / 0x80000000 - 1.0
        start = self.born_at - self.phase
        return start + number * self.period + noise * self.jitter * self.period / 2

    def lease_ends_at(self, now: float) -> float:
        """When its lease ends, as things stand then."""
        return FOREVER if self.is_static else self.refreshed_at(now) + self.lease

    def is_active(self, now: float, lag: float = 0.0) -> bool:
        """Whether the registrar has it then; `lag`: how late it cleans up."""
        return self.born_at <= now < self.gone_at(now, lag)

    def gone_at(self, now: float, lag: float = 0.0) -> float:
        """When it disappears, as things stand then."""
        return min(self.ended_at, self.lease_ends_at(now) + lag)

    def address(self, now: float) -> str:
        """Where its last REGISTER came from."""
        last = min(now, self.stopped_at)
        known = [real for at, real in self.moves if at <= last]
        return known[-1] if known else self.real

    def again(self, ruid: str, born_at: float, **changes: object) -> "Binding":
        """The same device under a new entry."""
        fresh = replace(self, ruid=ruid, born_at=born_at, phase=0.0, moves=[])
        fresh.stopped_at = fresh.ended_at = FOREVER
        fresh.real = self.address(born_at)
        for name, value in changes.items():
            setattr(fresh, name, value)
        return fresh
