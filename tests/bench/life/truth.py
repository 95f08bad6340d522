"""What truly happened, asked by extension, by place and by time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from regwatch.simulator.bindings import FOREVER, Binding
from regwatch.simulator.life import Happening, Sight
from regwatch.simulator.rates import Kind
from regwatch.simulator.registrar import Registrar

BLINDING = frozenset({Kind.API_DOWN, Kind.FROZEN, Kind.MASS_GLITCH})
"""While these last nobody can see who is truly gone."""
LONG_DARK = 3600.0
"""Who was gone for so long before is no matter of a place that goes dark now."""


@dataclass(frozen=True)
class Census:
    """How many devices a place has, and how many of them are off without a good-bye."""

    devices: int
    dark: int

    @property
    def share(self) -> float:
        return self.dark / self.devices if self.devices else 0.0


@dataclass(frozen=True)
class Away:
    """One stay away of one device."""

    happening: Happening
    sight: Sight

    @property
    def is_silent(self) -> bool:
        """Whether nobody said good-bye."""
        return self.sight.missed_at is not None


class Truth:
    """Of one life. Times are those of its happenings."""

    def __init__(self, happenings: Sequence[Happening], doubled: frozenset[int]) -> None:
        self.happenings = happenings
        self._doubled = doubled
        self._aways: dict[int, list[Away]] = defaultdict(list)
        for happening in happenings:
            for sight in happening.sights:
                self._aways[sight.extension_id].append(Away(happening, sight))

    def all_aways(self) -> Iterator[Away]:
        """All stays away there were."""
        for aways in self._aways.values():
            yield from aways

    def aways(self, who: int, since: float, until: float) -> list[Away]:
        """Those of its devices that were away at any time between; the latest last."""
        found = (
            away
            for away in self._aways.get(who, ())
            if away.sight.off_at <= until and away.sight.back_at >= since
        )
        return sorted(found, key=lambda away: away.sight.off_at)

    def is_all_away(self, who: int, aways: Sequence[Away]) -> bool:
        """Whether each of its devices is among these."""
        devices = {away.sight.device for away in aways}
        return len(devices) >= (2 if who in self._doubled else 1)

    def during(self, kinds: frozenset[Kind], since: float, until: float) -> list[Happening]:
        """What of these kinds went on at any time between."""
        return [
            each
            for each in self.happenings
            if each.kind in kinds and each.at <= until and (each.until or each.at) >= since
        ]

    def could_be_seen_at(self, at: float) -> float:
        """Then, or when what blinds everybody then is over."""
        while blind := self.during(BLINDING, at, at):
            at = max(each.until or at for each in blind) + 0.001
        return at


def census(registrar: Registrar, place: str, now: float) -> Census:
    """Of a public address, or of a network of IPv6."""
    network = ip_network(place, strict=False)
    found = [
        binding
        for phone in registrar.phones.values()
        for binding in _latest(phone.bindings, now)
        if ip_address(_host(binding.address(now))) in network
    ]
    alive = [b for b in found if b.stopped_at > now]
    dark = [
        b for b in found if now - LONG_DARK - b.lease < b.stopped_at <= now and b.ended_at > now
    ]
    return Census(len(alive) + len(dark), len(dark))


def _latest(bindings: Sequence[Binding], now: float) -> Sequence[Binding]:
    """Of each device its last one; who left a running entry behind is no device more."""
    return list(
        {b.number: b for b in bindings if b.born_at <= now or b.ended_at < FOREVER}.values()
    )


def _host(uri: str) -> str:
    """The address of `sip:[::ffff:203.0.113.7]:5060`, as it is compared."""
    host = uri.removeprefix("sip:").rpartition(":")[0].strip("[]")
    found = ip_address(host)
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
