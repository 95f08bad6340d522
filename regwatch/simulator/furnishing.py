"""The devices of a seat as the registrar meets them: habits, addresses, who refreshes in step."""

from collections.abc import Sequence
from functools import lru_cache
from random import Random

from regwatch.simulator.bindings import Binding
from regwatch.simulator.rates import Rates
from regwatch.simulator.seats import Make, Network, Seat, network_of

DESKS = (
    "Yealink SIP-T46G 28.72.14.5",
    "Yealink SIP-T54W 96.86.0.70",
    "Grandstream GXP2170 1.0.11.64",
    "snom320/8.7.5.35",
    "Cisco/SPA504G-7.6.2c",
)
BASES = ("Yealink W70B 146.85.0.20", "Gigaset N510 IP PRO/42.250", "snomM700/450")
SOFTPHONES = ("Zoiper rv2.10.19.4", "MicroSIP/3.21.3", "Linphone-Desktop/5.2.4 (laptop)")
BROWSERS = ("JsSIP 3.10.1", "SIP.js/0.21.2")
SOFTPHONE_LEASES, BROWSER_LEASES = (60.0, 120.0, 300.0, 600.0), (300.0, 600.0)
"""Short ones, as behind NAT and in their defaults."""
EARLIEST, LATEST = 0.5, 0.95
"""Of the lease, where phones refresh."""
STEADY = 0.02
"""The share of its period by which a steady phone's refresh may be off."""
UNSTEADY = (0.72, 0.31)
"""Share of the lease, and of the period: from 50 to 94 % of the lease."""
IN_STEP_SECONDS = 1.5
"""What is left between phones that were started together."""


def furnish(
    seat: Seat, *, rates: Rates, seed: int, leases: Sequence[float], name: str, now: float
) -> list[Binding]:
    """Its devices in the middle of their leases."""
    if seat.is_never:
        return []
    random = Random(f"{seed}/phone {seat.number}")
    first = _device(random, seat, rates, seed, leases, name, now)
    first.is_static = seat.is_static
    if not seat.has_second:
        return [first]
    other = Seat(seat.number, seat.line, Make.SOFTPHONE, "")
    second = _device(random, other, rates, seed, leases, name, now)
    second.number = 1
    return [first, second]


def _device(
    random: Random,
    seat: Seat,
    rates: Rates,
    seed: int,
    leases: Sequence[float],
    name: str,
    now: float,
) -> Binding:
    salt = random.getrandbits(32)
    lease, period, jitter, phase = _habit(random, seat, rates, seed, leases)
    return Binding(
        ruid=f"uloc-{int(now) & 0xFFFFFFFF:x}-{seat.line & 0xFFF:x}-{salt:x}",
        device=model_of(seat, seed),
        contact=_contact(seat, name, salt),
        real=real_address(seat, rates, seed, salt),
        lease=lease,
        period=period,
        jitter=jitter,
        salt=salt,
        born_at=now,
        phase=phase,
        is_unsteady=jitter > STEADY,
    )


def _habit(
    random: Random, seat: Seat, rates: Rates, seed: int, leases: Sequence[float]
) -> tuple[float, float, float, float]:
    """Lease, period, jitter and phase; the same for those who refresh in step."""
    if seat.make is Make.DESK and random.random() < rates.unsteady_share:
        lease = random.choice(leases)
        period = UNSTEADY[0] * lease
        return lease, period, UNSTEADY[1], random.random() * period
    beat = _beat(seat.host, rates, seed, tuple(leases)) if seat.host else None
    if beat is not None:
        # Off by a moment at most: one bell rings for all, and each walks at its own pace.
        lease, period, phase = beat
        late = random.uniform(0, IN_STEP_SECONDS)
        return lease, period, min(IN_STEP_SECONDS / period, STEADY), max(0.0, phase - late)
    lease = random.choice(_leases(seat, leases))
    period = random.uniform(EARLIEST, LATEST) * lease
    jitter = min(STEADY, 0.8 * (lease - period) / period)
    return lease, period, jitter, random.random() * period


@lru_cache(maxsize=1000)
def _beat(
    host: str, rates: Rates, seed: int, leases: tuple[float, ...]
) -> tuple[float, float, float] | None:
    """Lease, period and phase of all at a switch or base; None if each has its own."""
    random = Random(f"{seed}/{host}")
    if not host.startswith("base") and random.random() >= rates.in_step_share:
        return None
    lease = random.choice(leases)
    period = random.uniform(EARLIEST, LATEST) * lease
    return lease, period, random.random() * period


def _leases(seat: Seat, leases: Sequence[float]) -> Sequence[float]:
    match seat.make:
        case Make.SOFTPHONE:
            return SOFTPHONE_LEASES
        case Make.BROWSER:
            return BROWSER_LEASES
    return leases


def model_of(seat: Seat, seed: int) -> str:
    """Its User-Agent, before any new firmware."""
    models: Sequence[str]
    match seat.make:
        case Make.DECT:
            models, which = BASES, sum(map(ord, seat.host))
        case Make.SOFTPHONE:
            models, which = SOFTPHONES, seat.number
        case Make.BROWSER:
            models, which = BROWSERS, seat.number
        case _:
            models, which = DESKS, seat.number
    return models[((seed + which) * 2_654_435_761 >> 7) % len(models)]


def _contact(seat: Seat, name: str, salt: int) -> str:
    match seat.make:
        case Make.DECT:
            return f"sip:{name}@192.168.{seat.line % 250}.{2 + sum(map(ord, seat.host)) % 18}:5060"
        case Make.BROWSER:
            return f"sip:{salt:08x}@{salt * 7 & 0xFFFFFFFF:08x}.invalid;transport=ws"
        case Make.SOFTPHONE:
            port = 30_000 + salt % 30_000
            return f"sip:{name}@192.168.{seat.line % 250}.{100 + salt % 150}:{port}"
    return f"sip:{name}@192.168.{seat.line % 250}.{20 + salt % 80}:5060"


def real_address(seat: Seat, rates: Rates, seed: int, salt: int, *, generation: int = 0) -> str:
    """Where its REGISTER comes from, in the so-many-th address of its line."""
    port = 20_000 + (salt + 7 * generation) % 40_000
    if seat.make is Make.DECT:  # one base, one socket
        port = 20_000 + (sum(map(ord, seat.host)) + 7 * generation) % 40_000
    return f"sip:{line_host(rates, seed, seat.line, salt, generation)}:{port}"


def line_host(rates: Rates, seed: int, line: int, salt: int, generation: int = 0) -> str:
    """The line's public address; of IPv6, this device's in the line's network."""
    number = (line + 5003 * generation) % (2 * 65_000)
    network = network_of(rates, seed, line)
    if network is Network.IPV6:
        return f"[2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::{1 + salt % 0xFFFE:x}]"
    # Kept for benchmarks: 198.18.0.0/15. Those for documentation are too few for 5000 lines.
    host = f"198.{18 + number // 65_000}.{number % 65_000 // 250}.{1 + number % 250}"
    return f"[::ffff:{host}]" if network is Network.MAPPED else host


def mobile_host(number: int) -> str:
    """An address of a mobile network."""
    return f"100.{64 + number // 62_500 % 60}.{number // 250 % 250}.{1 + number % 250}"
