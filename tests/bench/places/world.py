"""Places full of phones in virtual time, and the registrar that knows them. It knows what really
happened: who is dark since when, and which refresh was the first to be missed.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from regwatch.core.model import (
    Answer,
    Extension,
    ExtensionId,
    Registration,
    RegistrationId,
    Timestamp,
)

START = 1_800_000_000.0
LEASES = (60, 120, 300, 600, 1800, 3600)
EARLIEST, LATEST = 0.50, 0.95
"""Where in their lease phones refresh."""
JITTER = 0.01
"""By which share of its period a phone's refresh may be earlier or later."""
MODELS = ("Yealink SIP-T46G 28.72.14.5", "Snom D785/10.1.54", "Grandstream GXP2170 1.0.11.3")
DEVICE_MARGIN = 0.05
"""Of the lease, and ten seconds at least: so much later a missed refresh is surely one."""


@dataclass
class Phone:
    """One phone, as it really is."""

    number: int
    place: int
    lease: float
    period: float
    jitter: float
    device: str
    is_alive: bool = True
    bindings: dict[int, float] = field(default_factory=dict)
    """By number: when the lease ends."""
    newest: int = 0
    refreshed_at: float = START
    next_at: float = START
    turn: int = 0
    """Of its refreshes that are to come, only the one of this turn does."""
    missed_at: float | None = None
    """Since it is dark: when its first refresh was due that did not come."""

    @property
    def could_be_known_at(self) -> float:
        """From when on an answer surely means that it is silent."""
        assert self.missed_at is not None
        late = self.missed_at + max(10.0, DEVICE_MARGIN * self.lease)
        return min(late, self.refreshed_at + self.lease + 1.0)


class World:
    """So many places with so many phones each."""

    def __init__(self, places: int, size: int, seed: int) -> None:
        self._random = random = Random(seed)
        self.phones = [
            Phone(
                number=place * size + each + 1,
                place=place,
                lease=(lease := random.choice(LEASES)),
                period=lease * random.uniform(EARLIEST, LATEST),
                jitter=JITTER,
                device=random.choice(MODELS),
            )
            for place in range(places)
            for each in range(size)
        ]
        self._by_id = {ExtensionId(phone.number): phone for phone in self.phones}
        self._agenda: list[tuple[float, int, str, int]] = []
        self._count = 0
        for phone in self.phones:
            self._register(phone, START - random.uniform(0, phone.period))
        self.now = START

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """All of them, as the PBX lists them."""
        return tuple(Extension(ExtensionId(p.number), f"000*{p.number}") for p in self.phones)

    def of_place(self, place: int) -> list[Phone]:
        """Its phones."""
        return [phone for phone in self.phones if phone.place == place]

    # --- what happens --------------------------------------------------------------------------

    def plan(self, at: float, action: str, phones: Iterable[Phone]) -> None:
        """It happens to these then: `die`, `revive`, `unregister`, `reboot`."""
        for phone in phones:
            self._put(at, action, phone, -1)

    def advance(self, now: float) -> None:
        """Let happen what is due."""
        while self._agenda and self._agenda[0][0] <= now:
            at, _, action, packed = heapq.heappop(self._agenda)
            phone, turn = self.phones[packed >> 32], packed & 0xFFFFFFFF
            if action != "refresh":
                self._act(action, phone, at)
            elif turn == phone.turn & 0xFFFFFFFF:
                self._refresh(phone, at)
        self.now = now

    def _act(self, action: str, phone: Phone, at: float) -> None:
        if action in ("die", "unregister") and phone.is_alive:
            phone.is_alive, phone.missed_at = False, phone.next_at
            phone.turn += 1
            if action == "unregister":
                phone.bindings.clear()
        elif (action == "revive" and not phone.is_alive) or action == "reboot":
            self._register(phone, at)

    def _register(self, phone: Phone, at: float) -> None:
        """Under a new entry; the old one is left to run out."""
        phone.is_alive, phone.missed_at, phone.newest = True, None, phone.newest + 1
        phone.bindings = {n: ends for n, ends in phone.bindings.items() if ends > at}
        self._refresh(phone, at)

    def _refresh(self, phone: Phone, at: float) -> None:
        phone.refreshed_at, phone.bindings[phone.newest] = at, at + phone.lease
        wobble = 1 + self._random.uniform(-phone.jitter, phone.jitter)
        phone.next_at = at + min(phone.period * wobble, phone.lease - 1)
        phone.turn += 1
        self._put(phone.next_at, "refresh", phone, phone.turn)

    def _put(self, at: float, action: str, phone: Phone, turn: int) -> None:
        self._count += 1
        packed = (phone.number - 1) << 32 | turn & 0xFFFFFFFF
        heapq.heappush(self._agenda, (at, self._count, action, packed))

    # --- what is seen of it --------------------------------------------------------------------

    def answers(self, ids: Sequence[ExtensionId], now: float) -> Mapping[ExtensionId, Answer]:
        """As the API shows them: leases in whole seconds, rounded down."""
        self.advance(now)
        return {each: self._answer(each, now) for each in ids}

    def _answer(self, extension_id: ExtensionId, now: float) -> Answer:
        phone = self._by_id[extension_id]
        held = tuple(self._entries(phone, now))
        return Answer(extension_id, bool(held), held, (), Timestamp(now))

    def _entries(self, phone: Phone, now: float) -> Iterator[Registration]:
        for number, ends_at in phone.bindings.items():
            if ends_at > now:
                yield Registration(
                    RegistrationId(f"uloc-{phone.number}-{number}"),
                    phone.device,
                    f"sip:{address(phone.place)}:{10_000 + phone.number % 50_000}",
                    f"sip:{phone.number}@192.168.0.{phone.number % 250}:{5060 + number}",
                    Timestamp(now + int(ends_at - now)),
                )


def address(place: int) -> str:
    """The public one of a place."""
    return f"198.18.{place // 250}.{place % 250 + 1}"
