"""Answers that took long: `expires` was counted when the PBX wrote it, and is read later. A lease
that seems longer by no more than that is the one that was known, and was not refreshed.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from regwatch.core.model import Answer, Registration, RegistrationId, Timestamp, Watched
from regwatch.core.phones.diff import LEASE_SLACK

QUICK = LEASE_SLACK / 2
"""Seconds that an answer may take without making a difference."""


def steadied(answer: Answer, before: Watched) -> Answer:
    """The answer, with leases that are known already as they are known."""
    if answer.took <= QUICK:
        return answer
    known = {held.id: held.lease_ends_at for held in before.registrations}
    found = tuple(_as_known(each, known, answer.took) for each in answer.registrations)
    return replace(answer, registrations=found)


def _as_known(
    shown: Registration, known: Mapping[RegistrationId, Timestamp | None], took: float
) -> Registration:
    ends_at, was = shown.lease_ends_at, known.get(shown.id)
    if ends_at is None or was is None or not LEASE_SLACK < ends_at - was <= LEASE_SLACK + took:
        return shown
    return replace(shown, lease_ends_at=was)
