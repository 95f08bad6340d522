"""Many phones of one place missing at once: the place is out, and not each phone.

A place is a configured site or, where none names a phone, the public address it registers from
(IPv4 address, IPv6 /64). Missing is who is lost, or overdue: silent losses of one outage surface
spread over a lease, and the overdue refreshes show it first.

* At least so many are missing within the window, and they are at least such a share of those heard
  of since the first went missing: the place is out. Who had no occasion to be heard of since, says
  nothing; so an outage is seen with the first few phones, long before the last lease ends.
* Who said good-bye is not missing: it worked until then. It is no phone of the place any more.
* While it is out, its missing phones say nothing of their own.
* It is over once those missing are fewer than that share of those heard of since it began, or of
  those missing at worst: the place is back if one of them is, else it was not the place. Who is out
  even then is told alone. The next outage begins after that.

Costs little per answer: who was heard of is counted once for all that it changed, and in a large
outage only now and then.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address

from msgspec import Struct

from regwatch.core.addresses import host_of
from regwatch.core.clock_steps import move_all, moved
from regwatch.core.model import LONG_AGO, ExtensionId, Registration, Timestamp

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
    phones: int
    """All that are known to be there."""
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
        self.unheard: set[ExtensionId] = set()
        """There before a restart of ours and not heard of since."""
        self.missing: dict[ExtensionId, Missing] = {}
        self.out_since: Timestamp | None = None
        self.at_worst = 0
        self.is_returning = False
        """Whether one of those that were missing was heard again since it is out."""
        self.over_at = Timestamp(LONG_AGO)
        """When the latest outage was over."""
        self.latest: Outage | None = None
        self.unjudged = 0
        """Changes since it was judged last."""

    def members(self) -> list[ExtensionId]:
        """Who went missing since it is out."""
        since = self.out_since
        return [] if since is None else [i for i, m in self.missing.items() if m.since >= since]

    def is_member(self, extension_id: ExtensionId) -> bool:
        """Whether it went missing since the place is out."""
        missing, since = self.missing.get(extension_id), self.out_since
        return missing is not None and since is not None and missing.since >= since

    @property
    def phones(self) -> int:
        """How many are there, as far as is known."""
        resumed = sum(i not in self.heard_at for i in self.missing)
        return len(self.heard_at) + len(self.unheard) + resumed

    def recent(self, window: float, now: Timestamp) -> list[Timestamp]:
        """When phones went missing within the window, or within a lease of their own, and after
        the latest outage was over; latest first.
        """
        found = [m for m in self.missing.values() if m.since > self.over_at]
        within = (m for m in found if m.since >= now - min(max(window, m.lease), LONGEST_WINDOW))
        return sorted((m.since for m in within), reverse=True)

    def drop(self, extension_id: ExtensionId, *, returns: bool) -> bool:
        """Forget what is known of it; whether the place is to be judged by that. `returns`: it was
        heard, here or elsewhere.
        """
        self.is_returning |= returns and self.is_member(extension_id)
        was_missing = self.missing.pop(extension_id, None) is not None
        self.heard_at.pop(extension_id, None)
        self.unheard.discard(extension_id)
        self.unjudged += 1
        return was_missing or self.out_since is not None

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from move_all(self.heard_at, Timestamp, by)
        yield from move_all(self.missing, Missing, by)
        self.over_at = Timestamp(self.over_at + by)
        if self.out_since is not None:
            self.out_since = Timestamp(self.out_since + by)
        if self.latest is not None:
            self.latest = moved(self.latest, by)

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
        self._unseen: set[ExtensionId] = set()
        """There before a restart of ours and not seen there since: that one is missing says nothing
        yet, since others that are there may not have been asked."""

    def heard(self, extension_id: ExtensionId, place: str, at: Timestamp) -> bool:
        """It registered or refreshed there, at that time or later; whether places are to be judged
        by that: where it is or was there is an outage, or it was missing.
        """
        if not self.is_on or not place:
            return False
        self._unseen.discard(extension_id)
        before, matters = self._place_of.get(extension_id), False
        if before is not None and before != place:
            matters = self._leave(extension_id, before, returns=True)
        self._place_of[extension_id] = place
        held = self._places.setdefault(place, Place())
        matters |= held.drop(extension_id, returns=True)
        held.heard_at[extension_id] = at
        return matters

    def at_home(self, extension_id: ExtensionId, place: str) -> None:
        """It was there before a restart of ours."""
        place = self._place_of.get(extension_id, place)
        if not self.is_on or not place:
            return
        held = self._places.setdefault(place, Place())
        if extension_id not in held.missing:
            self._place_of[extension_id] = place
            held.unheard.add(extension_id)
            self._unseen.add(extension_id)

    def seen(self, extension_id: ExtensionId) -> None:
        """It is not missing, though nothing new may have been heard of it."""
        self._unseen.discard(extension_id)

    def missed(self, extension_id: ExtensionId, missing: Missing) -> bool:
        """It is lost or overdue; whether that is new."""
        place = self._places.get(self._place_of.get(extension_id, ""))
        if place is None or extension_id in place.missing or extension_id in self._unseen:
            return False
        place.missing[extension_id] = missing
        place.unheard.discard(extension_id)
        place.unjudged += 1
        return True

    def forget(self, extension_id: ExtensionId) -> bool:
        """It is watched no more, or said good-bye; whether its place is to be judged by that."""
        self._unseen.discard(extension_id)
        place = self._place_of.pop(extension_id, None)
        return place is not None and self._leave(extension_id, place)

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        for place in self._places.values():
            yield from place.clock_set(by)

    def place_of(self, extension_id: ExtensionId) -> str:
        """Where it was last heard of; empty if nowhere."""
        return self._place_of.get(extension_id, "")

    def members(self, place: str) -> Sequence[ExtensionId]:
        """Who is missing there because it is out; nobody, if it is not."""
        held = self._places.get(place)
        return tuple(held.members()) if held is not None else ()

    def is_returning(self, place: str) -> bool:
        """Whether its latest outage was one: some of those that were missing are heard again."""
        held = self._places.get(place)
        return held is not None and held.is_returning

    def is_member(self, extension_id: ExtensionId) -> bool:
        """Whether it is missing because its place is out."""
        held = self._places.get(self._place_of.get(extension_id, ""))
        return held is not None and held.is_member(extension_id)

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
        if held.latest is not None and held.unjudged < len(held.missing) * UNJUDGED_SHARE:
            return held.latest
        outage = self._going_on(place, held) if held.out_since else self._begun(place, held, now)
        if outage is None and held.out_since is not None:
            held.over_at = now
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
                held.out_since, held.at_worst, held.is_returning = since, number, False
                return self._going_on(place, held)
        return None

    def _going_on(self, place: str, held: Place) -> Outage | None:
        policy, since, members = self._policy_of(place), held.out_since, held.members()
        if policy is None or since is None:  # pragma: no cover - both callers have looked
            return None
        at_worst = max(held.at_worst, len(members))
        heard_of = len(members) + held.heard_since(since)
        if not members or len(members) < policy.share * max(heard_of, at_worst):
            return None
        devices = tuple({held.missing[i].device: None for i in members})
        addresses = tuple({held.missing[i].address: None for i in members})
        return Outage(
            place, since, len(members), heard_of, held.phones, at_worst, devices, addresses
        )

    def _leave(self, extension_id: ExtensionId, place: str, *, returns: bool = False) -> bool:
        held = self._places[place]
        matters = held.drop(extension_id, returns=returns)
        if not held.phones:
            del self._places[place]
        return matters


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
