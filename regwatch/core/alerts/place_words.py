"""Says of the places of one account what they are called, who their phones are, and what those that
are silent have in common.
"""

from collections.abc import Container, Iterable, Sequence
from itertools import islice

from regwatch.core.alerts.conditions import Condition, name_of
from regwatch.core.alerts.place_conditions import MOST_NAMED, evidence_words, site_lost
from regwatch.core.model import (
    AccountName,
    Extension,
    ExtensionId,
    ExtensionState,
    Timestamp,
)
from regwatch.core.phones.outages import Evidence
from regwatch.core.phones.places import Phone
from regwatch.core.phones.roster import Roster
from regwatch.core.sites import Sites

MISSING = (ExtensionState.LOST, ExtensionState.OVERDUE)
WHOLE_SHARE, ENOUGH_ELSEWHERE = 0.8, 3
"""Of the phones elsewhere: so many missing, and at least so many, and it is not the place."""
MOST_COMPARED = 200
"""Phones among which something in common is looked for."""


class PlaceWords:
    """What is said of places."""

    def __init__(self, account: AccountName, sites: Sites, roster: Roster) -> None:
        self._account = account
        self._sites = sites
        self._roster = roster

    def condition(
        self, place: str, evidence: Evidence, silent: Iterable[Phone], *, now: Timestamp
    ) -> Condition:
        """What is told of one that is out; `silent`: its members."""
        site, cause = self._site(place), self._cause(evidence, silent)
        return site_lost(self._account, place, evidence, site=site, cause=cause, detected=now)

    def evidence(self, place: str, evidence: Evidence) -> str:
        """What speaks for its outage."""
        return evidence_words(place, evidence, site=self._site(place))

    def names(self, ids: Iterable[ExtensionId]) -> Sequence[str]:
        """The first of them, as people call them."""
        return [name_of(extension) for extension in self._first(ids)]

    def numbers(self, ids: Iterable[ExtensionId]) -> Sequence[str]:
        """The first of them, by number alone."""
        return [extension.number or f"id {extension.id}" for extension in self._first(ids)]

    def _first(self, ids: Iterable[ExtensionId]) -> Sequence[Extension]:
        by_id = self._roster.by_id
        known = (by_id[i].extension for i in ids if i in by_id)
        return list(islice(known, MOST_NAMED))

    def _site(self, place: str) -> str:
        return place if place in self._sites.names else ""

    def _cause(self, evidence: Evidence, silent: Iterable[Phone]) -> str:
        elsewhere = self._count(MISSING) - evidence.members
        others = self._count((*MISSING, ExtensionState.REGISTERED)) - evidence.members
        if elsewhere >= ENOUGH_ELSEWHERE and elsewhere >= WHOLE_SHARE * others:
            return "the whole account, most phones elsewhere are missing too"
        return in_common(silent)

    def _count(self, states: Container[ExtensionState]) -> int:
        return sum(number for (_, s), number in self._roster.states.items() if s in states)


def in_common(phones: Iterable[Phone]) -> str:
    """What may be the cause: the narrowest thing that all of them share."""
    compared = list(islice(phones, MOST_COMPARED))
    addresses = {each.address for each in compared if each.address}
    devices = {each.device for each in compared if each.device}
    found = [f"the public address {each}" for each in addresses if len(addresses) == 1]
    if len(compared) > 1:
        found += [f"the device model {each}" for each in devices if len(devices) == 1]
    return " and ".join(found) or "the site alone"
