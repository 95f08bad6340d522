"""How often what happens: the only place that says so.

Figures judge the rules of alarms, so whoever changes one says why in the commit. Unless said
otherwise they are for 500 phones and a day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum


class Kind(StrEnum):
    """What can happen; the comment says which rate rules it."""

    # Who is gone without a word, or is gone with others.
    SILENT_DEATH = "silent_death"
    DEVICE_DEATH = "device_death"
    SWITCH_REBOOT = "switch_reboot"
    SWITCH_DEATH = "switch_death"
    BASE_DEATH = "base_death"
    POWER_CUT = "power_cut"
    LINE_CUT = "line_cut"
    PART_LOST = "part_lost"
    # People.
    OFFICE_HOURS = "office_hours"
    ROAMING = "roaming"
    RELOAD = "reload"
    TAKE_OVER = "take_over"
    # Machines that live.
    REBOOT = "reboot"
    REBIND = "rebind"
    FIRMWARE = "firmware"
    NEW_ADDRESS = "new_address"
    TWO_NODES = "two_nodes"
    RESTART = "restart"
    # What the API says of all this, and is not so.
    GLITCH = "glitch"
    MASS_GLITCH = "mass_glitch"
    FROZEN = "frozen"
    LIST_SHRUNK = "list_shrunk"
    API_DOWN = "api_down"


FAILURES = frozenset(
    {
        Kind.SILENT_DEATH,
        Kind.DEVICE_DEATH,
        Kind.SWITCH_REBOOT,
        Kind.SWITCH_DEATH,
        Kind.BASE_DEATH,
        Kind.POWER_CUT,
        Kind.LINE_CUT,
        Kind.PART_LOST,
    }
)
PEOPLE = frozenset({Kind.OFFICE_HOURS, Kind.ROAMING, Kind.RELOAD, Kind.TAKE_OVER})
MACHINES = frozenset(
    {Kind.REBOOT, Kind.REBIND, Kind.FIRMWARE, Kind.NEW_ADDRESS, Kind.TWO_NODES, Kind.RESTART}
)
LIES = frozenset({Kind.GLITCH, Kind.MASS_GLITCH, Kind.FROZEN, Kind.LIST_SHRUNK, Kind.API_DOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Per 500 phones and day, where the name does not say otherwise."""

    kinds: frozenset[Kind] = frozenset(Kind)
    """Nothing else happens. What the rest do does not depend on who is left out."""

    silent_death: float = 3.0
    """A cable, a plug, a crash: nobody says good-bye. As 1500 desk phones were seen to."""
    device_death: float = 0.5
    """The second device of an extension; a sixth of the first ones', as there are fewer."""
    reboot: float = 20.0
    """A person, a watchdog or the provisioning: a phone in 25 each day."""
    rebind: float = 20.0
    """A NAT gives another port: as often as reboots, by the logs of a registrar."""
    switch_reboot: float = 1 / 14
    switch_death: float = 1 / 14
    """Together one switch a week: half of them are back in minutes, half need a person."""
    base_death: float = 1 / 30
    """DECT bases are few: one a month."""
    power_cut: float = 1 / 21
    line_cut: float = 1 / 21
    part_lost: float = 1 / 21
    """Together one site a week: the power, the line, or a part of it (a fuse, a floor)."""
    firmware: float = 1 / 30
    """One round a month, over the phones of one model."""
    restart: float = 1 / 30
    """Of the registrar: an upgrade a month, whatever the number of phones."""
    take_over: float = 0.5
    """Somebody logs in elsewhere where one contact only may be: every other day."""
    two_nodes: float = 1.0
    """One contact stands under the ids of two nodes for some hours."""
    reload_per_browser: float = 4.0
    """A page is reloaded, the laptop sleeps: a few times a day each, in working hours."""
    roaming_share: float = 0.1
    """Of the softphones, each day: 10 %."""
    goodbye_share: float = 0.9
    """Of those who go home: they log off. The rest close the lid first, and are cut off."""
    nightly_share: float = 0.2
    """Of the lines: whose address changes each night, as dial-up lines' do."""

    glitch: float = 2.0
    """One extension is left out, or not registered, in the answers of some seconds."""
    mass_glitch: float = 1 / 30
    """All, or half, are not registered for a moment: a node that starts, once a month."""
    frozen: float = 1 / 15
    """A cache or a replica gets stuck: twice a month. As are these, by account, not by phone."""
    list_shrunk: float = 1 / 30
    """The list lacks many: once a month."""
    api_down: float = 1 / 7
    """Does not answer for some minutes: once a week."""

    softphone_share: float = 0.12
    """60 of 500."""
    browser_share: float = 0.02
    dect_share: float = 0.12
    """Of the phones, in bases of up to eight: one base in a middling place."""
    second_device_share: float = 0.08
    unsteady_share: float = 0.2
    """Refresh anywhere in 50 to 95 % of their lease; the others at a point of their own in it."""
    in_step_share: float = 0.5
    """Of the switches: whose phones were started together, and refresh in step since."""
    ipv6_share: float = 0.1
    mapped_share: float = 0.1
    """Of the lines: those of IPv6, and IPv4 ones that are written as ::ffff:203.0.113.7."""

    def only(self, *kinds: Kind) -> "Rates":
        """Nothing but these happen."""
        return replace(self, kinds=frozenset(kinds))

    def without(self, *kinds: Kind) -> "Rates":
        """These do not happen."""
        return replace(self, kinds=self.kinds - frozenset(kinds))

    def a_day(self, kind: Kind) -> float:
        """How often it happens to 500 phones; 0 for what is ruled by a share."""
        return float(getattr(self, kind.value, 0.0)) if kind in self.kinds else 0.0


REAL_LIFE = Rates()
CALM_DAY = REAL_LIFE.only(*(PEOPLE | MACHINES))
"""Nothing fails, but people and machines live."""
HONEST = REAL_LIFE.without(*LIES)
"""The API says what is so."""
LIVES: Mapping[str, Rates] = {"real": REAL_LIFE, "calm": CALM_DAY, "honest": HONEST}


class RateError(ValueError):
    """No such rate, or no such value of it."""


def named(name: str, changes: Iterable[str] = ()) -> Rates:
    """Rates by name, with some changed (`reboot=5`); raises `RateError`."""
    if name not in LIVES:
        raise RateError(f"there are no rates `{name}`; there are: {', '.join(LIVES)}")
    return replace(LIVES[name], **dict(_change(each) for each in changes))  # type: ignore[arg-type]


def _change(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    known = [field.name for field in fields(Rates) if field.name != "kinds"]
    if name not in known:
        raise RateError(f"there is no rate `{name}`; there are: {', '.join(known)}")
    try:
        number = float(value)
    except ValueError:
        raise RateError(f"{name}: `{value}` is not a number") from None
    if not 0 <= number <= (1 if name.endswith("_share") else 10_000):
        raise RateError(f"{name}: {value} is out of bounds")
    return name, number
