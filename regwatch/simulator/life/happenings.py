"""What truly happens, to whom, and when it can be seen: values, settled before anybody asks."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from regwatch.simulator.rates import Kind

NEVER = float("inf")
FIRST, SECOND = 0, 1
"""Devices of an extension."""


class Want(StrEnum):
    """Of what a person would want to be told."""

    LOSS = "loss"
    """Each of them is lost, and nobody said good-bye."""
    DEVICE = "device"
    """One of several devices is lost."""
    PLACE = "place"
    """All of it, or much: one message about the place."""
    SIGN_OFF = "sign_off"
    """A good-bye: to be read, not to be woken by."""
    ADDRESS = "address"
    """The place has a new address: once, and only the first time."""
    OTHER_DEVICE = "other_device"
    """Another device took over."""
    RESTART = "restart"
    ACCOUNT = "account"
    """The API says of many what is not so: at most one message about the account."""
    API = "api"
    """The API cannot be believed or does not answer, if it lasts."""
    LIST = "list"
    NOTHING = "nothing"


class Act(StrEnum):
    """What is done to one device."""

    OFF = "off"
    """Power or network is gone."""
    GOODBYE = "goodbye"
    """It un-REGISTERs, and is off."""
    ON = "on"
    """It is back; unless something else still keeps it off."""
    REBOOT = "reboot"
    """It is back under a new port; the old entry is left to run out."""
    UPGRADE = "upgrade"
    """The same, and with a new User-Agent, which is `what`."""
    REBIND = "rebind"
    """The same entry, from another public port."""
    ROAM = "roam"
    """It registers from the address `what` with a new contact; from its own line if empty."""
    RELOAD = "reload"
    """A browser: a new contact at a new host that does not exist; `what`: `goodbye` or empty."""
    NEW_LINE = "new_line"
    """The line has its so-many-th address, `what`; the number of the line is in the id's place."""
    RENUMBER = "renumber"
    """The same entry, from the line's new address."""
    TWIN = "twin"
    """The entry stands under a second id besides."""
    UNTWIN = "untwin"
    """The first of the two runs out, or is removed if `what` is `removed`."""
    TAKE_OVER = "take_over"
    """Another device, whose User-Agent is `what`, throws it out."""
    RESTART = "restart"
    """The registrar forgets everything; no device."""
    FAULTS = "faults"
    """Faults of `faults` are switched on."""
    HEAL = "heal"
    """They are switched off."""


@dataclass(frozen=True, slots=True)
class Step:
    """One device, one moment."""

    at: float
    act: Act
    extension_id: int = 0
    device: int = FIRST
    what: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """How one device that went shows at the registrar, if the API does not lie."""

    extension_id: int
    device: int
    off_at: float
    """When it went; when it would have been so already, there is no sight of it."""
    missed_at: float | None
    """When a refresh was due that does not come; None: it said good-bye."""
    gone_at: float
    """When its last entry is listed no more, if it stays away."""
    back_at: float = NEVER
    """When it registers again."""

    @property
    def is_seen_gone(self) -> bool:
        """Whether it is ever listed no more."""
        return self.gone_at < self.back_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happens, as it truly is. Times in virtual seconds since the epoch."""

    number: str
    """Of its own, the same for the same seed: `power_cut/20470/0`."""
    at: float
    kind: Kind
    want: Want
    whom: tuple[int, ...] = ()
    """Extensions; none: everybody."""
    place: str = ""
    """`line 3`, `switch 3.1`, `base 3.0`."""
    until: float | None = None
    """When it is over; phones return about then, each at a moment of its own."""
    faults: Mapping[str, object] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    sights: tuple[Sight, ...] = ()
    """Of those who went, in the order in which they did; known once they have."""

    @property
    def seen_at(self) -> float | None:
        """When anybody is first listed no more because of it; None: nobody ever is."""
        return min((s.gone_at for s in self.sights if s.is_seen_gone), default=None)

    @property
    def lost(self) -> frozenset[int]:
        """The extensions of which a device is listed no more for a while."""
        return frozenset(s.extension_id for s in self.sights if s.is_seen_gone)

    def missed_at(self, count: int) -> float | None:
        """When as many have missed a refresh (the third: `missed_at(3)`); None if they never do."""
        missed = sorted(
            s.missed_at for s in self.sights if s.missed_at is not None and s.missed_at < s.back_at
        )
        return missed[count - 1] if len(missed) >= count else None

    def line(self) -> str:
        """As a line of JSON; who is never back, never, is null."""
        shown = asdict(self)
        del shown["steps"]
        for sight in shown["sights"]:
            sight["back_at"] = None if sight["back_at"] == NEVER else sight["back_at"]
            sight["gone_at"] = None if sight["gone_at"] == NEVER else sight["gone_at"]
        return json.dumps(shown | {"seen_at": self.seen_at})

    def with_sights(self, sights: tuple[Sight, ...]) -> "Happening":
        """The same, and what can be seen of it."""
        return replace(self, sights=sights)
