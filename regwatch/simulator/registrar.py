"""The registrar and all that happens to phones, in virtual time. No I/O, no clock.

Behaves as Kamailio's usrloc does: a refresh keeps the entry's id and resets its lease; a new
Contact adds an entry and leaves the old one to run out; un-REGISTER removes at once; a phone that
dies silently stays until its lease ends; a restart forgets everything.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from regwatch.simulator.bindings import FOREVER, Binding
from regwatch.simulator.fleet import Phone, make_fleet, new_binding, public_address
from regwatch.simulator.settings import SimulatorSettings
from regwatch.simulator.truth import Event, Truth

DAY = 86_400.0
FORMER_KEPT = 3
"""Ended entries in the answer about a phone that has no active one, the last ones."""
DEAD_SECONDS = (120.0, 3600.0)
"""How long a phone that left by itself stays away, by chance between these."""
FLAPS, FLAP_SECONDS = 6, 20.0
"""As many changes as `flapping` asks for by default, well within its window."""
SITE_RETURN_SECONDS = 60.0
"""Within which the phones of a place are up again, each at a moment of its own."""
WEIGHTS = {
    "reboot": 30,
    "die": 15,
    "unregister": 15,
    "rebind": 25,
    "move": 8,
    "flap": 2,
    "add_device": 5,
}
"""What happens by itself, and how often beside the others."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One registration as the API shows it."""

    binding: Binding
    real: str
    left: float
    """Seconds until its lease ends; negative if it has."""


class Registrar:
    """All phones of a customer."""

    def __init__(
        self,
        settings: SimulatorSettings,
        *,
        now: float,
        tell: Callable[[Event], None] | None = None,
    ) -> None:
        self.settings = settings
        self.cleanup_lag = 0.0
        self.phones = {phone.id: phone for phone in make_fleet(settings, now)}
        self.truth = Truth(tell)
        self._random = Random(settings.seed + 1)
        self._ids = list(self.phones)
        self._agenda: list[tuple[float, int, str, int, str]] = []
        self._dark: set[int] = set()
        self._count = 0
        self._serial = 0
        self._schedule_next_chance(now)

    # --- what the API asks ---------------------------------------------------------------------

    def advance(self, now: float) -> None:
        """Let happen what is due by then."""
        while self._agenda and self._agenda[0][0] <= now:
            at, _, action, extension_id, ruid = heapq.heappop(self._agenda)
            if action == "chance":
                self._by_chance(at)
            elif action == "return":
                self._returned(self.phones[extension_id], ruid, at)
            elif action != "revive" or self.phones[extension_id].site not in self._dark:
                self.act(extension_id, action, at)

    def answer(self, extension_id: int, now: float) -> tuple[bool, list[Entry]] | None:
        """Whether it is registered, with its entries, or with its last ended ones; None if there
        is no such extension.
        """
        phone = self.phones.get(extension_id)
        if phone is None:
            return None
        lag = self.cleanup_lag
        active = [b for b in phone.bindings if b.is_active(now, lag)]
        shown = active or self._former(phone, now)
        entries = [Entry(b, b.address(now), b.gone_at(now) - now) for b in shown]
        return bool(active), entries

    def _former(self, phone: Phone, now: float) -> list[Binding]:
        ended = [b for b in phone.bindings if b.born_at <= now and not b.is_active(now)]
        latest = {b.ruid: b for b in ended}  # one entry may have been renewed out of turn
        return list(latest.values())[-FORMER_KEPT:]

    def delete(self, extension_id: int, registration_id: str | None, now: float) -> bool:
        """Remove one entry or all; whether there was any. The phone does not know, and comes
        back when it refreshes next.
        """
        phone = self.phones.get(extension_id)
        if phone is None:
            return False
        self.tidy(phone, now)
        held = [b for b in phone.bindings if b.is_active(now, self.cleanup_lag)]
        gone = [b for b in held if registration_id in (None, b.ruid)]
        for binding in gone:
            self._forget(phone, binding, now)
            self.note("deleted", now, now, phone, binding)
        return bool(gone)

    def list_extension(self, extension_id: int, *, listed: bool, now: float) -> None:
        """The PBX gets an extension again, or loses it; raises `KeyError`."""
        phone = self.phones[extension_id]
        if phone.listed is not listed:
            phone.listed = listed
            self.note("added" if listed else "removed", now, now, phone, None)

    # --- what happens --------------------------------------------------------------------------

    def act(self, extension_id: int, action: str, now: float) -> None:
        """Let something happen to a phone; raises `KeyError` for an unknown one or action."""
        phone, do = self.phones[extension_id], self._actions()[action]
        self.tidy(phone, now)
        do(phone, now)

    def _actions(self) -> dict[str, Callable[[Phone, float], None]]:
        return {
            "die": self._die,
            "unregister": self._unregister,
            "reboot": self._reboot,
            "revive": self._revive,
            "rebind": self._rebind,
            "move": self._move,
            "flap": self._flap,
            "add_device": self._add_device,
        }

    @property
    def actions(self) -> Iterable[str]:
        """What can happen to a phone."""
        return self._actions().keys()

    def _die(self, phone: Phone, now: float) -> None:
        """Power off, cable out: nothing more comes from it."""
        for binding in _registered(self._stop(phone, now), now):
            self.note("die", now, binding.gone_at(now, self.cleanup_lag), phone, binding)

    def _unregister(self, phone: Phone, now: float) -> None:
        """It says good-bye."""
        for binding in _registered(self._stop(phone, now), now):
            binding.ended_at = now
            self.note("unregister", now, now, phone, binding)

    def _reboot(self, phone: Phone, now: float) -> None:
        """It comes back from another port; its old entry is left to run out."""
        for binding in self._stop(phone, now):
            host = binding.contact.rpartition(":")[0]
            port = self._random.randrange(10_000, 60_000)
            self.renew(phone, binding, now, "reboot", contact=f"{host}:{port}")

    def _move(self, phone: Phone, now: float) -> None:
        """It registers from another network; the old entry is left to run out."""
        for binding in self._stop(phone, now):
            address = public_address(phone.site, 1 + self._random.randrange(200))
            real = f"sip:{address}:{self._random.randrange(20_000, 60_000)}"
            contact = f"sip:{phone.name}@10.9.{self._random.randrange(250)}.9:5060"
            self.renew(phone, binding, now, "move", real=real, contact=contact)

    def _rebind(self, phone: Phone, now: float) -> None:
        """The NAT in front of it gives it another port; the next REGISTER shows it."""
        for binding in _live(phone):
            host = binding.address(now).rpartition(":")[0]
            at = binding.next_refresh_at(now)
            binding.moves.append((at, f"{host}:{self._random.randrange(20_000, 60_000)}"))
            self.note("rebind", now, at, phone, binding)

    def _revive(self, phone: Phone, now: float) -> None:
        """It is powered on again, with all its devices; nothing if it is on."""
        if _live(phone):
            return
        latest = {binding.salt: binding for binding in phone.bindings}
        for binding in latest.values():
            self.renew(phone, binding, now, "revive")
        if not latest:
            self._add_device(phone, now)

    def _flap(self, phone: Phone, now: float) -> None:
        """It comes and goes."""
        for number in range(FLAPS):
            action = "unregister" if number % 2 == 0 else "revive"
            self._schedule(now + number * FLAP_SECONDS, action, phone.id)
        self.note("flap", now, None, phone, None)
        self.advance(now)

    def _add_device(self, phone: Phone, now: float) -> None:
        """A further device registers."""
        lengths = self.settings.lease_lengths
        binding = new_binding(self._random, phone, lengths, now, fresh=True)
        phone.bindings.append(binding)
        phone.never = False
        self.note("add_device", now, now, phone, binding)

    def site(self, index: int, *, dark: bool, now: float) -> int:
        """All phones of a site die, or come back within a minute; returns how many it has."""
        members = [phone for phone in self.phones.values() if phone.site == index]
        (self._dark.add if dark else self._dark.discard)(index)
        for phone in members:
            if dark:
                self.act(phone.id, "die", now)
            elif not phone.never:
                at = now + self._random.random() * SITE_RETURN_SECONDS
                self._schedule(at, "revive", phone.id)
        return len(members)

    def restart(self, now: float) -> None:
        """The registrar forgets all but what is configured to be registered for good; phones return
        under new ids as they refresh.
        """
        self.truth.add(at=now, visible_at=now, kind="restart", extension_id=None)
        for phone in self.phones.values():
            self.tidy(phone, now)
            for binding in _registered(list(phone.bindings), now):
                if binding.ended_at == FOREVER and not binding.is_static:
                    self._forget(phone, binding, now)

    # --- how it happens ------------------------------------------------------------------------

    def renew(
        self, phone: Phone, binding: Binding, now: float, kind: str, **changes: object
    ) -> Binding:
        """Its device registers under a new entry."""
        fresh = binding.again(self._ruid(now), now, **changes)
        phone.bindings.append(fresh)
        self.note(kind, now, now, phone, fresh)
        return fresh

    def _stop(self, phone: Phone, now: float) -> list[Binding]:
        """Nothing is refreshed any more; returns what was. Who had yet to return does not."""
        live = _live(phone)
        phone.bindings = [b for b in phone.bindings if b.born_at <= now]
        for binding in live:
            binding.stopped_at = now
        return live

    def _forget(self, phone: Phone, binding: Binding, now: float) -> None:
        """The registrar drops it. The device does not know, and returns when it refreshes next."""
        if binding.stopped_at == FOREVER:
            at = binding.stopped_at = binding.next_refresh_at(now)
            fresh = binding.again(self._ruid(at), at)
            phone.bindings.append(fresh)
            self._schedule(at, "return", phone.id, fresh.ruid)
        binding.ended_at = now

    def _returned(self, phone: Phone, ruid: str, now: float) -> None:
        for binding in phone.bindings:
            if binding.ruid == ruid:
                self.note("return", now, now, phone, binding)

    def _ruid(self, now: float) -> str:
        self._serial += 1
        return f"uloc-{int(now) & 0xFFFFFFFF:x}-5a-{self._serial:x}"

    def note(
        self, kind: str, at: float, visible_at: float | None, phone: Phone, binding: Binding | None
    ) -> None:
        """Keep it as the truth."""
        shown = None if visible_at == FOREVER else visible_at
        self.truth.add(
            at=at,
            visible_at=shown,
            kind=kind,
            extension_id=phone.id,
            name=phone.name,
            registration_id=binding.ruid if binding else "",
            device=binding.device if binding else "",
            address=binding.address(at if shown is None else shown) if binding else "",
        )

    def tidy(self, phone: Phone, now: float) -> None:
        """Forget entries that ended long ago."""
        if len(phone.bindings) > 8:
            ended = [b for b in phone.bindings if b.gone_at(now) < now - DAY]
            phone.bindings = [b for b in phone.bindings if b not in ended[:-FORMER_KEPT]]

    def _schedule(self, at: float, action: str, extension_id: int, ruid: str = "") -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at, self._count, action, extension_id, ruid))

    def _schedule_next_chance(self, now: float) -> None:
        rate = self.settings.events_per_phone_and_day * len(self._ids) / DAY
        by_chance = not self.settings.calm and self.settings.rates is None
        if by_chance and rate > 0:
            self._schedule(now + self._random.expovariate(rate), "chance", 0)

    def _by_chance(self, now: float) -> None:
        self._schedule_next_chance(now)
        phone = self.phones.get(self._random.choice(self._ids))
        if phone is None or phone.never or not _live(phone):
            return
        (action,) = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        self.act(phone.id, action, now)
        if action in ("die", "unregister"):
            self._schedule(now + self._random.uniform(*DEAD_SECONDS), "revive", phone.id)


def _live(phone: Phone) -> list[Binding]:
    """The entries that a device still refreshes, or will make when it returns."""
    return [b for b in phone.bindings if b.stopped_at == FOREVER]


def _registered(bindings: Iterable[Binding], now: float) -> list[Binding]:
    """Those that the registrar has met: others are still to come."""
    return [b for b in bindings if b.born_at <= now]
