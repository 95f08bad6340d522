"""When a place is out: a value with its evidence, judged by the tables below.

A place is a configured site or, where none names a phone, the public address it registers from
(IPv4 address, IPv6 /64). Its phones' signs are points in time: *h*, when each was last heard, and
*m*, when the next refresh of one that is silent was surely due. For a supposed begin T of an outage

* members are the silent with h < T <= m,
* heard are all with h > T, also if they are silent by now, and those that said good-bye after T,
* who was silent before T, and who is not due, says nothing.

The members are weighed against those heard, N is `at_least`, X is `share`:

    members        of members and heard   of all its phones, or votes        it is
    -------------  ---------------------  ---------------------------------  -------------
    fewer than N   any                    any                                NOTHING
    all unseen     any                    any                                NOTHING
    N or more      below X                any                                NOTHING
    N or more      X or more              X or more of all, without who was  OUT
                                          silent before T
    N or more      X or more              six votes ahead                    OUT
    N or more      X or more              neither                            VOTES_WANTING

    of one that is known to be out, at each answer:
    any            X or more              any                                STILL
    any            below X, or nobody     a member was heard again           BACK
    any            below X, or nobody     none was                           NOT_THE_PLACE

Unseen is a member that is gone, and whose end nobody saw: it may have said good-bye. Beside one
that is known to be silent it counts as silent.

Votes: phones of one switch or one DECT base refresh in step, and die together. So m and h are cut
into moments of ten seconds, and each moment has at most two votes, divided among its phones. A vote
of one that was heard counts X/(100-X)-fold: at that ratio both sides are even.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from msgspec import Struct

from regwatch.core.addresses import host_of
from regwatch.core.model import Registration, Timestamp

MOMENT_SECONDS = 10.0
VOTES_OF_A_MOMENT = 2.0
VOTES_AHEAD = 6.0
MOST_SHARE = 0.95
"""A share of everybody would make one vote against weigh more than any number for it."""
TINY = 1e-6
"""Votes are sums of fractions: so little is none."""


class OutagePolicy(Struct, frozen=True, gc=False):
    """When a place counts as out."""

    at_least: int = 3
    share: float = 0.5

    @property
    def fold(self) -> float:
        """How many times a vote counts of one that was heard."""
        share = min(self.share, MOST_SHARE)
        return share / (1.0 - share)


class OutagePolicies(Struct, frozen=True):
    """That of each place."""

    rest: OutagePolicy | None = None
    """None: places are not looked at."""
    particular: Mapping[str, OutagePolicy | None] = {}
    """Of those that are not as all others; None there: not looked at."""

    def of(self, place: str) -> OutagePolicy | None:
        """When this one counts as out; None: it is not looked at."""
        return self.particular.get(place, self.rest)

    @property
    def is_on(self) -> bool:
        """Whether any place is looked at at all."""
        return self.rest is not None or any(self.particular.values())


class Verdict(StrEnum):
    """What is thought of a place."""

    NOTHING = "nothing"
    VOTES_WANTING = "votes_wanting"
    OUT = "out"
    STILL = "still"
    BACK = "back"
    NOT_THE_PLACE = "not_the_place"


class Evidence(Struct, frozen=True, gc=False, kw_only=True):
    """What speaks for an outage of a place since T, and what against it."""

    began_at: Timestamp
    """T."""
    latest_at: Timestamp
    """When the last refresh was due that its members missed."""
    members: int
    heard: int
    """Those that left with a good-bye among them."""
    not_due: int
    """Its phones that say nothing: neither silent nor heard since."""
    departed: int = 0
    """Of those heard: they are no phones of the place any more."""
    unseen: int = 0
    """Of the members: they may have said good-bye."""
    returned: int = 0
    """Members that were heard again."""
    of: int = 0
    """All phones of the place, where it is about some that stand for them."""
    votes_for: float = 0.0
    votes_against: float = 0.0

    @property
    def phones(self) -> int:
        """All of the place, without those that were silent before."""
        return self.members + self.heard - self.departed + self.not_due

    @property
    def share(self) -> float:
        """Of the members among those that say something."""
        return self.members / max(1, self.members + self.heard)

    def lead(self, policy: OutagePolicy) -> float:
        """Votes by which the members are ahead."""
        return self.votes_for - policy.fold * self.votes_against


def judge(evidence: Evidence, policy: OutagePolicy, *, is_out: bool = False) -> Verdict:
    """By the tables above; `is_out`: it is known to be."""
    is_most = evidence.members > 0 and evidence.share >= policy.share
    if is_out:
        if is_most:
            return Verdict.STILL
        return Verdict.BACK if evidence.returned else Verdict.NOT_THE_PLACE
    enough = evidence.members >= policy.at_least and evidence.members > evidence.unseen
    if not (enough and is_most):
        return Verdict.NOTHING
    is_most_of_all = evidence.members >= policy.share * evidence.phones
    is_ahead = evidence.lead(policy) >= VOTES_AHEAD - TINY
    return Verdict.OUT if is_most_of_all or is_ahead else Verdict.VOTES_WANTING


def votes(members: int, heard: int) -> tuple[float, float]:
    """For an outage and against it, of so many phones in one moment."""
    each = VOTES_OF_A_MOMENT / max(VOTES_OF_A_MOMENT, members + heard)
    return members * each, heard * each


def place_by_address(registrations: Sequence[Registration]) -> str:
    """The public address a phone registers from, an IPv6 one by its /64; empty if unknown."""
    return _place_of_host(host_of(registrations[0].real_address)) if registrations else ""


@lru_cache(maxsize=16_384)
def _place_of_host(host: str) -> str:
    """Cached: phones of one place share the word for it, too."""
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
