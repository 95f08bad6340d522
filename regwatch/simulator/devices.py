"""What can be done to one device of an extension, and what the registrar makes of it.

As usrloc does: the same Contact refreshes the entry it has, and keeps its id; a new one adds an
entry, and the old one is left to run out. Each act says nothing if there is nothing to do it to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from regwatch.simulator.bindings import Binding
from regwatch.simulator.fleet import Phone
from regwatch.simulator.registrar import Registrar


@dataclass(frozen=True, slots=True)
class Gone:
    """How a device that went shows."""

    missed_at: float | None
    """When its next refresh was due; None: it said good-bye."""
    gone_at: float
    """When its last entry is listed no more."""


class Devices:
    """The devices of a registrar's phones, by extension and number."""

    def __init__(
        self, registrar: Registrar, random: Random, home: Callable[[Phone, Binding], str]
    ) -> None:
        """`home`: the public host that a device of this phone has on its line."""
        self._registrar = registrar
        self._random = random
        self._home = home

    def live(self, extension_id: int, device: int, now: float) -> list[Binding]:
        """Its entries that are refreshed, or to come."""
        return [b for b in self._all(extension_id, device) if b.stopped_at > now]

    def _all(self, extension_id: int, device: int) -> list[Binding]:
        phone = self._registrar.phones[extension_id]
        return [b for b in phone.bindings if b.number == device]

    def _phone(self, extension_id: int, now: float) -> Phone:
        phone = self._registrar.phones[extension_id]
        self._registrar.tidy(phone, now)
        return phone

    # --- away and back -------------------------------------------------------------------------

    def off(self, extension_id: int, device: int, now: float, *, goodbye: bool) -> Gone | None:
        """It is refreshed no more; None if it was not."""
        phone = self._phone(extension_id, now)
        live = self.live(extension_id, device, now)
        phone.bindings = [b for b in phone.bindings if b not in live or b.born_at <= now]
        there = [b for b in live if b.is_active(now)]
        missed_at = min((b.next_refresh_at(now) for b in live), default=None)
        for binding in live:
            binding.stopped_at = now
        if goodbye:
            for binding in there:
                binding.ended_at = now
        held = [b for b in self._all(extension_id, device) if b.is_active(now)]
        for binding in there:
            kind = "unregister" if goodbye else "die"
            self._registrar.note(kind, now, binding.gone_at(now), phone, binding)
        if not live:
            return None
        gone_at = max((b.gone_at(now) for b in held), default=now)
        return Gone(None if goodbye else missed_at, gone_at)

    def on(
        self, extension_id: int, device: int, now: float, *, is_fresh: bool = False, agent: str = ""
    ) -> bool:
        """It registers from its line: the same entry if that still runs and its port is the same.

        `is_fresh`: under a new port. Whether it was off.
        """
        held = self._all(extension_id, device)
        if not held or self.live(extension_id, device, now):
            return False
        last = held[-1]
        host, _, port = last.contact.rpartition(":")
        changes = {"real": self._at_home(extension_id, last, now)}
        if is_fresh and port.isdecimal():
            changes["contact"] = f"{host}:{self._port()}"
        if agent:
            changes["device"] = agent
        self._arrive(extension_id, last, now, "upgrade" if agent else "revive", **changes)
        return True

    def _at_home(self, extension_id: int, binding: Binding, now: float) -> str:
        """From its line's address, and the port that it has if it was there before."""
        host = self._home(self._registrar.phones[extension_id], binding)
        before, _, port = binding.address(now).rpartition(":")
        return f"sip:{host}:{port if before == f'sip:{host}' else self._port()}"

    def _arrive(
        self, extension_id: int, last: Binding, now: float, kind: str, **changes: object
    ) -> None:
        """One Contact, one entry."""
        phone = self._phone(extension_id, now)
        if last.is_active(now) and "contact" not in changes:
            last.stopped_at = last.ended_at = now
            fresh = last.again(last.ruid, now, **changes)
            phone.bindings.append(fresh)
            self._registrar.note(kind, now, now, phone, fresh)
        else:
            last.stopped_at = min(last.stopped_at, now)
            self._registrar.renew(phone, last, now, kind, **changes)

    def _last(self, extension_id: int, device: int, now: float) -> Binding | None:
        """The entry of a device that is on and registered."""
        there = [b for b in self.live(extension_id, device, now) if b.is_active(now)]
        return there[-1] if there else None

    def _mover(self, extension_id: int, device: int, now: float) -> Binding | None:
        """The same of one that goes elsewhere: it refreshes no copy from where it was."""
        last = self._last(extension_id, device, now)
        for copy in self.live(extension_id, device, now):
            if copy is not last and copy.born_at <= now:
                copy.stopped_at = now
        return last

    # --- it goes on otherwise ------------------------------------------------------------------

    def rebind(self, extension_id: int, device: int, now: float) -> None:
        """The NAT gives it another port; the next REGISTER shows it."""
        last = self._last(extension_id, device, now)
        if last is not None:
            at = last.next_refresh_at(now)
            last.moves.append((at, self._from(last, now)))
            self._registrar.note("rebind", now, at, self._phone(extension_id, now), last)

    def roam(self, extension_id: int, device: int, now: float, host: str) -> None:
        """It registers from another network, or its own line again if there is no `host`; the old
        entry is left to run out.
        """
        last = self._mover(extension_id, device, now)
        if last is not None:
            user = last.contact.partition("@")[0]
            own = f"10.{self._random.randrange(256)}.{self._random.randrange(256)}"
            contact, real = f"{user}@{own}.7:{self._port()}", f"sip:{host}:{self._port()}"
            if not host:
                real = self._at_home(extension_id, last, now)
            self._arrive(extension_id, last, now, "move", contact=contact, real=real)

    def reload(self, extension_id: int, device: int, now: float, *, goodbye: bool) -> None:
        """A page is loaded anew: another contact at another host that does not exist."""
        last = self._mover(extension_id, device, now)
        if last is None:
            return
        if goodbye:
            last.ended_at = last.stopped_at = now
        user, host = f"{self._random.getrandbits(32):08x}", f"{self._random.getrandbits(32):08x}"
        contact = f"sip:{user}@{host}.invalid;transport=ws"
        self._arrive(extension_id, last, now, "reload", contact=contact, real=self._from(last, now))

    def renumber(self, extension_id: int, device: int, now: float) -> None:
        """Its line has another address: it registers at once, under the entry it has."""
        last = self._mover(extension_id, device, now)
        if last is not None:
            real = self._at_home(extension_id, last, now)
            self._arrive(extension_id, last, now, "renumber", real=real)
        for binding in self.live(extension_id, device, now):
            if binding.born_at > now:  # forgotten by the registrar, and yet to return
                binding.real = self._at_home(extension_id, binding, now)

    # --- entries beside each other -------------------------------------------------------------

    def twin(self, extension_id: int, device: int, now: float) -> None:
        """One contact under the ids of two nodes: both are refreshed."""
        last = self._last(extension_id, device, now)
        if last is not None:
            self._registrar.renew(self._phone(extension_id, now), last, now, "twin")

    def untwin(self, extension_id: int, device: int, now: float, *, removed: bool) -> None:
        """One node has it no more: at once, or when it was not refreshed there."""
        live = [b for b in self.live(extension_id, device, now) if b.born_at <= now]
        if len(live) > 1:
            live[0].stopped_at = now
            if removed:
                live[0].ended_at = now
            phone = self._phone(extension_id, now)
            self._registrar.note("untwin", now, live[0].gone_at(now), phone, live[0])

    def take_over(self, extension_id: int, device: int, now: float, agent: str) -> None:
        """Where one contact only may be: another device registers, and this one is out."""
        last = self._mover(extension_id, device, now)
        if last is not None:
            last.ended_at = last.stopped_at = now
            user = last.contact.partition("@")[0]
            contact = f"{user}@192.168.77.{2 + self._random.randrange(250)}:{self._port()}"
            real = self._from(last, now)
            phone = self._phone(extension_id, now)
            changes = {"contact": contact, "real": real, "device": agent}
            salt = self._random.getrandbits(32)
            self._registrar.renew(phone, last, now, "take_over", salt=salt, **changes)

    def _from(self, binding: Binding, now: float) -> str:
        """The address that it has, another port."""
        return f"{binding.address(now).rpartition(':')[0]}:{self._port()}"

    def _port(self) -> int:
        return self._random.randrange(20_000, 60_000)
