"""In which words a person is told of a place that is out, and why that was concluded."""

from collections.abc import Sequence
from datetime import UTC, datetime

from regwatch.core.alerts.conditions import Condition
from regwatch.core.model import AccountName, AlertName, Facts, Timestamp, Toll
from regwatch.core.phones.outages import VOTES_AHEAD, Evidence, OutagePolicy
from regwatch.core.phones.places import MOST_COMPARED
from regwatch.core.subjects import site_subject

MOST_NAMED = 5
"""Phones named in a line."""


def site_lost(
    account: AccountName,
    place: str,
    evidence: Evidence,
    *,
    site: str,
    cause: str,
    detected: Timestamp,
) -> Condition:
    """Many phones of a place are silent. `site`: its name, empty for a place that is known by its
    address only; `cause`: what the members have in common.
    """
    told = evidence_words(place, evidence, site=site)
    return Condition(
        alert=AlertName.SITE_LOST,
        subject=site_subject(place),
        since=evidence.began_at,
        summary=told,
        explanation=f"Of {evidence.members + evidence.heard} phones that should have been heard "
        f"since it began {percent(evidence.share)} were not. What the silent ones have in common: "
        f"{cause}. Calls to them do not ring. They are told of one by one only if they stay silent "
        "when the others are back, or if so many others are heard that it cannot be the place.",
        facts=Facts(
            account=account,
            site=site,
            place="" if site else place,
            reason="site_lost",
            detected=detected,
        ),
        is_retold=True,
        toll=Toll(evidence.members, evidence.of or evidence.phones, evidence.returned),
    )


def evidence_words(place: str, evidence: Evidence, *, site: str) -> str:
    """How many of how many are silent since when, and who else says what."""
    where = f"at {site}" if site else f"behind {place}"
    phones = f"{evidence.phones} phones {where}"
    if evidence.of > MOST_COMPARED:
        phones = f"{evidence.phones} that were compared of the {evidence.of} phones {where}"
    return (
        f"{evidence.members} of {phones} silent since "
        f"{_between(evidence.began_at, evidence.latest_at)}, {evidence.heard} heard since, "
        f"{evidence.not_due} not due yet"
    )


def reasons(evidence: Evidence, policy: OutagePolicy) -> str:
    """By what of the rule a place is out, or what of it is wanting."""
    at_least, share = f"at least {policy.at_least} silent", percent(policy.share)
    if evidence.members >= policy.share * evidence.phones:
        return f"{at_least}, {share} or more of all its phones"
    lead = evidence.lead(policy)
    return (
        f"{at_least}, {share} or more of those that say something, "
        f"{lead:.1f} votes ahead of {VOTES_AHEAD:.0f} wanted"
    )


def final_toll(evidence: Evidence, numbers: Sequence[str]) -> Toll:
    """How many came back, and who did not; `numbers`: of the first of those."""
    out = evidence.members
    return Toll(out, out + evidence.returned, evidence.returned, tuple(numbers[:out]))


def back(evidence: Evidence, *, came_back: Sequence[str], still_out: Sequence[str]) -> str:
    """Why it is over: its phones are heard again. The names of those, and of who is not."""
    words = f"the place is back: {_named(evidence.returned, came_back)} heard again"
    if not evidence.members:
        return f"{words}, nobody is silent any more"
    return f"{words}; still silent: {_named(evidence.members, still_out)}"


def not_the_place(evidence: Evidence, *, still_out: Sequence[str]) -> str:
    """Why it is over though nobody came back."""
    if not evidence.members:
        return "nobody of those that were silent is a phone of the place any more"
    return (
        f"it was not the place: {evidence.heard} others there were heard since, and who is silent "
        f"still is told alone: {_named(evidence.members, still_out)}"
    )


def percent(share: float) -> str:
    """In whole percents."""
    return f"{100 * share:.0f} %"


def _named(number: int, names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    more = ", …" if number > len(names[:MOST_NAMED]) else ""
    return f"{number} ({shown}{more})" if shown else f"{number}"


def _between(one: Timestamp, other: Timestamp) -> str:
    first, last = (f"{datetime.fromtimestamp(at, UTC):%H:%M}" for at in (one, other))
    return f"{first} UTC" if first == last else f"{first}–{last} UTC"
