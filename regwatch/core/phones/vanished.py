"""What it is that many of an account vanished at once, before their leases ended.

One incident tells of it, and not a loss each. Which one depends on how many they are of those that
were asked since it began, and on what became of those that were due to refresh:

    those that vanished are                                      what it is
    -----------------------------------------------------------  -----------------------------------
    looked at for less than half a minute                        UNCLEAR, unless one of the rows
                                                                 with returned ones fits
    no large part, and some of half of them all are back under   RESTART
    new entries
    no large part, else                                          NOTHING: each is told singly
    a large part; some are back under new entries, and most of   RESTART
    those due
    a large part, else                                           ACCOUNT

What was concluded before a restart of ours stays, until its own end. An account is out until less
than the share of those asked are gone; a restart lasts until nobody is awaited any longer, or until
those due that are missing outnumber those back: in a large part it was the account then.
"""

from enum import StrEnum

from msgspec import Struct

from regwatch.core.model import Timestamp, Toll

LOOKED_AT_SECONDS = 30.0
"""So long whether phones return may take to be seen, before a person is told."""
RETURNED_ENOUGH = 2
"""So many that came back under new entries show that the registrar restarted."""
DISPROVED_BY = 3
"""So many missing ones at least show that it was no restart."""
HALF = 0.5


class AccountPolicy(Struct, frozen=True, gc=False):
    """When a part of an account is a large one."""

    share: float = 0.3
    at_least: int = 10


class Kind(StrEnum):
    """What it is that so many vanished."""

    UNCLEAR = "unclear"
    NOTHING = "nothing"
    RESTART = "restart"
    ACCOUNT = "account"


class Vanished(Struct, frozen=True, gc=False):
    """How many vanished, and how far they have returned: the evidence."""

    began_at: Timestamp
    asked: int
    """Those of the account that had a phone and were answered since."""
    awaited: int
    """Those that may come back yet."""
    returned: int = 0
    """Those that came back under new entries."""
    missing: int = 0
    """Those that were not back in time."""
    left_out: int = 0
    """Those that came back as they were: the PBX had only left them out."""

    @property
    def out(self) -> int:
        """Those that are not back."""
        return self.awaited + self.missing

    @property
    def gone(self) -> int:
        """All that vanished."""
        return self.out + self.returned + self.left_out

    @property
    def held(self) -> int:
        """Those that a share is a part of."""
        return max(self.asked, self.gone)

    @property
    def is_credible(self) -> bool:
        """Whether it looks like a restart still."""
        return self.missing < DISPROVED_BY or self.missing <= self.returned

    @property
    def has_returned(self) -> bool:
        """Whether some are back as after a restart, and most of those due."""
        return self.returned >= RETURNED_ENOUGH and self.is_credible

    def is_young(self, now: Timestamp) -> bool:
        """Whether it is looked at still."""
        return now < self.began_at + LOOKED_AT_SECONDS

    def is_large(self, policy: AccountPolicy | None) -> bool:
        """Whether they are a large part of the account; None: no part is."""
        if policy is None:
            return False
        return self.gone >= policy.at_least and self.gone >= policy.share * self.held

    @property
    def ended(self) -> str:
        """What is said when it is over."""
        words = f"{self.returned + self.left_out} of {self.gone} are back"
        if self.left_out > self.returned:
            words += ", as they were: the PBX had left them out"
        return f"{words}, {self.out} are still out" if self.out else words

    @property
    def final(self) -> Toll:
        """The same in numbers."""
        return Toll(self.out, self.gone, self.returned + self.left_out)


def judge(seen: Vanished, policy: AccountPolicy | None, *, now: Timestamp) -> Kind:
    """See the table above."""
    is_large = seen.is_large(policy)
    if seen.has_returned and (is_large or seen.gone >= HALF * seen.held):
        return Kind.RESTART
    if seen.is_young(now):
        return Kind.UNCLEAR
    return Kind.ACCOUNT if is_large else Kind.NOTHING


def goes_on(kind: Kind, seen: Vanished, policy: AccountPolicy | None) -> bool:
    """Whether what was concluded lasts."""
    match kind:
        case Kind.ACCOUNT:
            return seen.out > 0 and seen.out >= (policy or AccountPolicy()).share * seen.held
        case Kind.RESTART:
            return seen.awaited > 0 and seen.is_credible
    return kind is Kind.UNCLEAR and seen.awaited > 0
