"""The extensions of a simulated customer and the phones on them, made from a seed."""

from dataclasses import dataclass, field
from random import Random

from regwatch.simulator.bindings import Binding
from regwatch.simulator.furnishing import furnish
from regwatch.simulator.rates import Rates
from regwatch.simulator.seats import Seat, seats
from regwatch.simulator.settings import SimulatorSettings

DEVICES = (
    "Yealink SIP-T46G 28.72.14.5",
    "Yealink SIP-T54W 96.86.0.70",
    "Grandstream GXP2170 1.0.11.64",
    "snom320/8.7.5.35",
    "Cisco/SPA504G-7.6.2c",
    "Linksys/SPA942-6.1.5(a)",
    "Zoiper rv2.10.19.4",
)
SHARES = (0.5, 0.8, 0.9)
"""Where in their lease phones refresh; others do so a few seconds before its end."""
LATE_SHARE, LATE_SECONDS = 0.25, (5.0, 60.0)
JITTER = 0.02
"""Of the time between two refreshes, by which the next one may be off."""
MARGIN = 0.2
"""The share of the time from refresh to lease end that jitter leaves: no healthy phone lapses."""
NEVER_SHARE, SECOND_DEVICE_SHARE, STATIC_SHARE = 0.02, 0.08, 0.01
"""Of the phones: who never registers, who has two devices, whose registration never ends."""
NAMES = ("Petrov", "Ozola", "Kask", "Smith", "Müller", "Ivanova", "Bērziņš", "Tamm", "Lopez")
GROUPS = {14: "Office", 15: "Warehouse", 16: "Support"}


@dataclass(slots=True)
class Phone:
    """An extension, its entries at the registrar, and the devices on it."""

    id: int
    name: str
    label: str
    group_id: int
    site: int
    bindings: list[Binding] = field(default_factory=list)
    listed: bool = True
    never: bool = False


def make_fleet(settings: SimulatorSettings, now: float) -> list[Phone]:
    """The extensions, their phones somewhere in the middle of their leases."""
    random = Random(settings.seed)
    lengths = settings.lease_lengths
    ids = _ids(random, settings.extensions)
    if settings.rates is not None:
        return _furnished(random, settings, settings.rates, ids, now)
    return [
        _phone(random, settings, lengths, number, ids[number], now)
        for number in range(settings.extensions)
    ]


def ids_of(settings: SimulatorSettings) -> list[int]:
    """The ids of the extensions, by number."""
    return _ids(Random(settings.seed), settings.extensions)


def seats_of(settings: SimulatorSettings, rates: Rates) -> tuple[Seat, ...]:
    """Where each of them stands, by number."""
    seed, size = settings.seed, settings.site_size
    return seats(rates, seed=seed, phones=settings.extensions, line_size=size)


def _ids(random: Random, count: int) -> list[int]:
    """Unrelated to the numbers, as at the vendor's."""
    return random.sample(range(2, 2 + count * 3), count)


def _furnished(
    random: Random, settings: SimulatorSettings, rates: Rates, ids: list[int], now: float
) -> list[Phone]:
    seed, leases, fleet = settings.seed, settings.lease_lengths, []
    for seat in seats_of(settings, rates):
        phone = _extension(random, settings, seat.number, ids[seat.number])
        phone.bindings = furnish(
            seat, rates=rates, seed=seed, leases=leases, name=phone.name, now=now
        )
        phone.never = seat.is_never
        fleet.append(phone)
    return fleet


def _extension(
    random: Random, settings: SimulatorSettings, number: int, extension_id: int
) -> Phone:
    short = 100 + number
    return Phone(
        extension_id,
        f"000*{short}",
        f"{NAMES[number % len(NAMES)]} {short}",
        random.choice(tuple(GROUPS)),
        number // settings.site_size,
    )


def _phone(
    random: Random,
    settings: SimulatorSettings,
    lengths: tuple[float, ...],
    number: int,
    extension_id: int,
    now: float,
) -> Phone:
    phone = _extension(random, settings, number, extension_id)
    roll = random.random()
    if not settings.calm and roll < NEVER_SHARE:
        phone.never = True
        return phone
    phone.bindings.append(new_binding(random, phone, lengths, now))
    if not settings.calm and roll > 1 - SECOND_DEVICE_SHARE:
        second = new_binding(random, phone, lengths, now)
        second.number = 1
        phone.bindings.append(second)
    if not settings.calm and NEVER_SHARE < roll < NEVER_SHARE + STATIC_SHARE:
        phone.bindings[0].is_static = True
    return phone


def new_binding(
    random: Random, phone: Phone, lengths: tuple[float, ...], now: float, *, fresh: bool = False
) -> Binding:
    """A device of this extension; unless fresh, met in the middle of its lease."""
    lease = random.choice(lengths)
    period = _period(random, lease)
    salt = random.getrandbits(32)
    return Binding(
        ruid=f"uloc-{int(now) & 0xFFFFFFFF:x}-{phone.site & 0xFFF:x}-{salt:x}",
        device=random.choice(DEVICES),
        contact=f"sip:{phone.name}@192.168.{phone.site % 250}.{20 + salt % 200}:5060",
        real=f"sip:{public_address(phone.site)}:{20000 + salt % 40000}",
        lease=lease,
        period=period,
        jitter=min(JITTER, (1 - MARGIN) * (lease - period) / period),
        salt=salt,
        born_at=now,
        phase=0.0 if fresh else random.random() * period,
    )


def _period(random: Random, lease: float) -> float:
    if random.random() < LATE_SHARE:
        return max(lease * 0.5, lease - random.uniform(*LATE_SECONDS))
    return lease * random.choice(SHARES)


def public_address(site: int, generation: int = 0) -> str:
    """The address that a site's phones share, from the networks kept for documentation."""
    networks = ("203.0.113", "198.51.100", "192.0.2")
    return f"{networks[(site // 250 + generation) % 3]}.{1 + (site + 37 * generation) % 250}"
