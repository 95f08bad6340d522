"""Lets what is settled happen to a registrar and to its answers, and keeps what can be seen of it.

A device that several happenings keep off (its own death, and the power of its place) is back only
when the last of them is over.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

from regwatch.simulator.bindings import Binding
from regwatch.simulator.devices import Devices
from regwatch.simulator.faults import Faults
from regwatch.simulator.fleet import Phone
from regwatch.simulator.furnishing import line_host
from regwatch.simulator.life.happenings import Act, Happening, Sight, Step
from regwatch.simulator.rates import REAL_LIFE
from regwatch.simulator.registrar import Registrar

Device = tuple[int, int]
Plan = Callable[[float, float], Iterable[Happening]]
"""What begins from one time to before another."""
AHEAD = 86_400.0
KEPT = 100_000
"""Happenings, the last ones."""


class Living:
    """One life, as far as it has been lived."""

    def __init__(
        self, registrar: Registrar, faults: Faults, plan: Plan, *, seed: int, begins: float
    ) -> None:
        """`faults` are those of the answers: some happenings switch them."""
        self._registrar = registrar
        self._faults = faults
        self._plan = plan
        self._generations: dict[int, int] = {}
        self._devices = Devices(registrar, Random(seed + 5), self._home)
        self._planned_until = begins
        self._agenda: list[tuple[float, int, Happening, Step | None]] = []
        self._count = 0
        self._off: dict[Device, set[str]] = {}
        self._happened: dict[str, Happening] = {}
        self._sights: dict[str, list[Sight]] = {}
        self._away: dict[Device, tuple[str, int]] = {}

    def happened(self) -> Sequence[Happening]:
        """All that has begun so far, with what is to be seen of it as things stand."""
        return [
            each.with_sights(tuple(self._sights.get(each.number, ())))
            for each in self._happened.values()
        ]

    def advance(self, now: float) -> None:
        """Let happen what is due by then; the registrar is taken along."""
        while self._planned_until <= now:
            until = self._planned_until + AHEAD
            for happening in self._plan(self._planned_until, until):
                self._enter(happening)
            self._planned_until = until
        while self._agenda and self._agenda[0][0] <= now:
            at, _, happening, step = heapq.heappop(self._agenda)
            self._registrar.advance(at)
            if step is None:
                self._begin(happening)
            else:
                self._do(happening, step)
        self._registrar.advance(now)

    def _enter(self, happening: Happening) -> None:
        for step in (None, *happening.steps):
            self._count += 1
            at = happening.at if step is None else step.at
            heapq.heappush(self._agenda, (at, self._count, happening, step))

    def _begin(self, happening: Happening) -> None:
        self._happened[happening.number] = replace(happening, steps=())
        if len(self._happened) > KEPT:
            oldest = next(iter(self._happened))
            del self._happened[oldest]
            self._sights.pop(oldest, None)
        self._registrar.truth.add(
            at=happening.at,
            visible_at=None,
            kind=happening.kind.value,
            extension_id=None,
            name=happening.number,
            place=happening.place,
            until=happening.until,
            want=happening.want.value,
            whom=happening.whom,
        )

    # --- one step ------------------------------------------------------------------------------

    def _do(self, happening: Happening, step: Step) -> None:
        match step.act:
            case Act.OFF | Act.GOODBYE:
                self._go(happening, step)
            case Act.ON | Act.REBOOT | Act.UPGRADE:
                self._come(happening, step)
            case Act.RESTART:
                self._registrar.restart(step.at)
            case Act.NEW_LINE:
                self._generations[step.extension_id] = int(step.what)
            case Act.FAULTS:
                self._faults.set(happening.faults)
            case Act.HEAL:
                self._faults.set(dict.fromkeys(happening.faults))
            case _:
                self._live_on(step)

    def _go(self, happening: Happening, step: Step) -> None:
        device = (step.extension_id, step.device)
        was_off = bool(self._off.get(device))
        self._off.setdefault(device, set()).add(happening.number)
        if was_off:
            return
        goodbye = step.act is Act.GOODBYE
        gone = self._devices.off(*device, step.at, goodbye=goodbye)
        if gone is not None:
            sight = Sight(*device, step.at, gone.missed_at, gone.gone_at)
            sights = self._sights.setdefault(happening.number, [])
            self._away[device] = (happening.number, len(sights))
            sights.append(sight)

    def _come(self, happening: Happening, step: Step) -> None:
        device = (step.extension_id, step.device)
        held_by = self._off.get(device, set())
        held_by.discard(happening.number)
        if held_by:
            return
        self._off.pop(device, None)
        is_fresh = step.act is not Act.ON
        if self._devices.on(*device, step.at, is_fresh=is_fresh, agent=step.what):
            self._note_back(device, step.at)

    def _note_back(self, device: Device, now: float) -> None:
        if device in self._away:
            number, index = self._away.pop(device)
            if number in self._sights:
                sights = self._sights[number]
                sights[index] = replace(sights[index], back_at=now)

    def _home(self, phone: Phone, binding: Binding) -> str:
        """The host that its line has now."""
        settings, line = self._registrar.settings, phone.site
        rates = settings.rates or REAL_LIFE
        generation = self._generations.get(line, 0)
        return line_host(rates, settings.seed, line, binding.salt, generation)

    def _live_on(self, step: Step) -> None:
        extension_id, device, now = step.extension_id, step.device, step.at
        match step.act:
            case Act.REBIND:
                self._devices.rebind(extension_id, device, now)
            case Act.ROAM:
                self._devices.roam(extension_id, device, now, step.what)
            case Act.RELOAD:
                goodbye = step.what == "goodbye"
                self._devices.reload(extension_id, device, now, goodbye=goodbye)
            case Act.RENUMBER:
                self._devices.renumber(extension_id, device, now)
            case Act.TWIN:
                self._devices.twin(extension_id, device, now)
            case Act.UNTWIN:
                removed = step.what == "removed"
                self._devices.untwin(extension_id, device, now, removed=removed)
            case _:
                self._devices.take_over(extension_id, device, now, step.what)
