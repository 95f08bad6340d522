"""Many phones of one place missing at once: the place is out, and not each phone.

A place is a configured site or, where none names a phone, the public address it registers from
(IPv4 address, IPv6 /64). Missing is who is lost, or overdue: silent losses of one outage surface
spread over a lease, and the overdue refreshes show it first.

* At least so many are missing within the window, and they are at least such a share of those heard
  of since the first went missing: the place is out. Who had no occasion to be heard of since, says
  nothing; so an outage is seen with the first few phones, long before the last lease ends.
* While it is out, its missing phones say nothing of their own.
* It is back once fewer than that share of those missing at worst are missing still. Who is out even
  then is told alone.

Costs little per change of an extension: who was heard of is counted when one goes missing, and in a
large outage only now and then.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address

from msgspec import Struct

from regwatch.core.addresses import host_of
from regwatch.core.model import ExtensionId, Registration, Timestamp

MOST_WEIGHED = 50
"""Phones gone missing lately that are looked at: so many show an outage, if there is one."""
LONGEST_WINDOW = 3600.0
"""Seconds: leases last an hour at most."""

UNJUDGED_SHARE = 0.01
"""Of the missing: so few changes do not matter to an outage that is known. Large places would cost
the square of their phones else."""


class OutagePolicy(Struct, frozen=True, gc=False):
    """When a place counts as out."""

    at_least: int = 3
    share: float = 0.5
    window: float = 600.0
    """Seconds; longer where leases are longer."""


class Missing(Struct, frozen=True, gc=False):
    """A phone of the place that is lost or overdue."""

    since: Timestamp
    lease: float
    """Seconds, as far as is known: so long may others of the same outage take to surface."""
    device: str
    address: str
    """The public one it was last at."""


class Outage(Struct, frozen=True, gc=False):
    """A place that is out."""

    place: str
    since: Timestamp
    missing: int
    heard_of: int
    """Phones heard of since it began, the missing ones among them."""
    at_worst: int
    devices: tuple[str, ...]
    """The models of the missing ones."""
    addresses: tuple[str, ...]
    """Where they were last."""

    @property
    def share(self) -> float:
        """Of those heard of."""
        return self.missing / max(1, self.heard_of)


class Place:
    """The phones of one place, by when they were last heard of."""

    def __init__(self) -> None:
        self.heard_at: dict[ExtensionId, Timestamp] = {}  # longest ago first
        self.missing: dict[ExtensionId, Missing] = {}
        self.out_since: Timestamp | None = None
        self.at_worst = 0
        self.latest: Outage | None = None
        self.unjudged = 0
        """Changes since it was judged last."""

    def members(self) -> list[ExtensionId]:
        """Who went missing since it is out."""
        since = self.out_since
        return [] if since is None else [i for i, m in self.missing.items() if m.since >= since]

    def recent(self, window: float, now: Timestamp) -> list[Timestamp]:
        """When phones went missing within the window, or within a lease of their own; latest
        first.
        """
        found = self.missing.values()
        within = (m for m in found if m.since >= now - min(max(window, m.lease), LONGEST_WINDOW))
        return sorted((m.since for m in within), reverse=True)

    def heard_since(self, since: Timestamp) -> int:
        """How many were heard of since then and are not missing."""
        count = 0
        for extension_id in reversed(self.heard_at):
            if self.heard_at[extension_id] < since:
                break
            count += extension_id not in self.missing
        return count


class Outages:
    """All places of an account."""

    def __init__(
        self,
        policy: OutagePolicy | None,
        particular: Mapping[str, OutagePolicy | None] | None = None,
    ) -> None:
        """`particular`: of places that have a policy of their own; None there: not looked at."""
        self._policy = policy
        self._particular = {} if particular is None else particular
        self._places: dict[str, Place] = {}
        self._place_of: dict[ExtensionId, str] = {}

    def heard(self, extension_id: ExtensionId, place: str, at: Timestamp) -> bool:
        """It registered or refreshed there, at that time or later; whether it was missing."""
        if not self.is_on or not place:
            return False
        before, was_missing = self._place_of.get(extension_id), False
        if before is not None and before != place:
            was_missing = self._leave(extension_id, before)
        self._place_of[extension_id] = place
        held = self._places.setdefault(place, Place())
        held.heard_at.pop(extension_id, None)
        held.heard_at[extension_id] = at
        return held.missing.pop(extension_id, None) is not None or was_missing

    def missed(self, extension_id: ExtensionId, missing: Missing) -> bool:
        """It is lost or overdue; whether that is new."""
        place = self._places.get(self._place_of.get(extension_id, ""))
        if place is None or extension_id in place.missing:
            return False
        place.missing[extension_id] = missing
        return True

    def forget(self, extension_id: ExtensionId) -> bool:
        """It is watched no more; whether it was missing."""
        place = self._place_of.pop(extension_id, None)
        return place is not None and self._leave(extension_id, place)

    def place_of(self, extension_id: ExtensionId) -> str:
        """Where it was last heard of; empty if nowhere."""
        return self._place_of.get(extension_id, "")

    def members(self, place: str) -> Sequence[ExtensionId]:
        """Who is missing there because it is out; nobody, if it is not."""
        held = self._places.get(place)
        return tuple(held.members()) if held is not None else ()

    def is_member(self, extension_id: ExtensionId) -> bool:
        """Whether it is missing because its place is out."""
        held = self._places.get(self._place_of.get(extension_id, ""))
        if held is None or held.out_since is None:
            return False
        missing = held.missing.get(extension_id)
        return missing is not None and missing.since >= held.out_since

    def resume(self, place: str, since: Timestamp, missing: Mapping[ExtensionId, Missing]) -> None:
        """An outage goes on that was found before a restart of ours."""
        held = self._places.setdefault(place, Place())
        held.out_since, held.at_worst = since, len(missing)
        held.missing.update(missing)
        self._place_of.update(dict.fromkeys(missing, place))

    def judge(self, place: str, *, now: Timestamp) -> Outage | None:
        """Whether it is out; None if it is not, or is back."""
        held = self._places.get(place)
        if held is None or self._policy_of(place) is None:
            return None
        held.unjudged += 1
        if held.latest is not None and held.unjudged < len(held.missing) * UNJUDGED_SHARE:
            return held.latest
        outage = self._going_on(place, held) if held.out_since else self._begun(place, held, now)
        held.latest, held.unjudged = outage, 0
        held.out_since = outage.since if outage is not None else None
        held.at_worst = outage.at_worst if outage is not None else 0
        return outage

    @property
    def is_on(self) -> bool:
        """Whether any place is looked at at all."""
        return self._policy is not None or any(self._particular.values())

    def _policy_of(self, place: str) -> OutagePolicy | None:
        return self._particular.get(place, self._policy)

    def _begun(self, place: str, held: Place, now: Timestamp) -> Outage | None:
        policy = self._policy_of(place)
        if policy is None or len(held.missing) < policy.at_least:
            return None
        recent = held.recent(policy.window, now)[:MOST_WEIGHED]
        # One that was missing already before does not hide an outage that began after it.
        for number in range(policy.at_least, len(recent) + 1):
            since = recent[number - 1]
            if number >= policy.share * (number + held.heard_since(since)):
                held.out_since, held.at_worst = since, number
                return self._going_on(place, held)
        return None

    def _going_on(self, place: str, held: Place) -> Outage | None:
        policy, since, members = self._policy_of(place), held.out_since, held.members()
        if policy is None or since is None:  # pragma: no cover - both callers have looked
            return None
        at_worst = max(held.at_worst, len(members))
        if not members or len(members) < policy.share * at_worst:
            return None
        heard_of = len(members) + held.heard_since(since)
        devices = tuple({held.missing[i].device: None for i in members})
        addresses = tuple({held.missing[i].address: None for i in members})
        return Outage(place, since, len(members), heard_of, at_worst, devices, addresses)

    def _leave(self, extension_id: ExtensionId, place: str) -> bool:
        """Whether it was missing there."""
        held = self._places[place]
        was_missing = held.missing.pop(extension_id, None) is not None
        held.heard_at.pop(extension_id, None)
        if not held.heard_at and not held.missing:
            del self._places[place]
        return was_missing


def place_by_address(registrations: Sequence[Registration]) -> str:
    """The public address a phone registers from, an IPv6 one by its /64; empty if unknown."""
    host = host_of(registrations[0].real_address) if registrations else ""
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
