"""Which ids go into one request, and what a batch that failed is made into. Pure."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from regwatch.core.model import ExtensionId, FailureReason
from regwatch.sources.ringme.errors import PbxError

LONGEST_URL = 8000
"""Characters; servers take request lines of 8 kB."""
PARAMETER = "extension_id="
MAX_EXTRA_REQUESTS = 32
"""For splitting refused batches, in one call."""
MAX_FRUITLESS_REQUESTS = 12
"""The same while nothing at all was answered: then it is hardly the ids."""
PROVISIONAL_SECONDS = 900.0
"""A smaller size learned from an ambiguous answer is forgotten after so long."""
PERMANENT_CODES = frozenset({"user_blocked", "user_access_type_deny", "app_access_type_deny"})
"""Statuses of a 403 that is about us, whatever ids are asked for."""


class Blame(StrEnum):
    """What a batch of several ids may have failed for."""

    IDS = "ids"
    SIZE = "size"
    IDS_OR_SIZE = "ids_or_size"
    SIZE_OR_OUTAGE = "size_or_outage"
    NEITHER = "neither"


BLAME_BY_STATUS = {
    400: Blame.IDS_OR_SIZE,
    403: Blame.IDS,
    404: Blame.IDS,
    413: Blame.SIZE,
    414: Blame.SIZE,
    502: Blame.SIZE_OR_OUTAGE,
}
ABOUT_IDS = frozenset({Blame.IDS, Blame.IDS_OR_SIZE})


def blame(error: PbxError) -> Blame:
    """What a batch may have failed for, by its HTTP status and string `status`."""
    if error.reason is FailureReason.BAD_ANSWER or error.code in PERMANENT_CODES:
        return Blame.NEITHER
    return BLAME_BY_STATUS.get(error.status or 0, Blame.NEITHER)


def query(ids: Sequence[ExtensionId]) -> str:
    """The ids as the API's query string."""
    return PARAMETER + f"&{PARAMETER}".join(map(str, ids))


def split(
    ids: Sequence[ExtensionId], *, limit: int, room: int
) -> Iterator[tuple[ExtensionId, ...]]:
    """The ids in batches of at most `limit`, whose query takes at most `room` characters."""
    batch: list[ExtensionId] = []
    length = 0
    for extension_id in ids:
        added = len(PARAMETER) + 1 + len(str(extension_id))
        if batch and (len(batch) >= limit or length + added > room):
            yield tuple(batch)
            batch, length = [], 0
        batch.append(extension_id)
        length += added
    if batch:
        yield tuple(batch)


def halves(ids: tuple[ExtensionId, ...]) -> tuple[tuple[ExtensionId, ...], ...]:
    """The ids in two parts."""
    middle = (len(ids) + 1) // 2
    return ids[:middle], ids[middle:]


class BatchSize:
    """How many ids the PBX takes at once, as far as was found out. `now` is the loop's time."""

    def __init__(self, configured: int) -> None:
        self._limit = max(1, configured)
        self._provisional: tuple[int, float] | None = None
        self._may_doubt = True

    def limit(self, *, now: float) -> int:
        """The most ids in a request, now."""
        if self._provisional is not None and now >= self._provisional[1]:
            self._provisional = None
        return min(self._limit, self._provisional[0]) if self._provisional else self._limit

    def shrink(self, size: int) -> None:
        """The PBX said plainly that more are too many."""
        self._limit = max(1, min(self._limit, size))

    def shrink_for_a_while(self, size: int, *, now: float) -> None:
        """More were refused and fewer were answered: size, or a passing fault."""
        size = max(1, min(size, self.limit(now=now)))
        self._provisional = (size, now + PROVISIONAL_SECONDS)

    def doubt(self) -> bool:
        """Whether the size may be to blame for a fault of the server: to be found out once per
        outage, not with each request of it.
        """
        may, self._may_doubt = self._may_doubt, False
        return may

    def trust(self) -> None:
        """A request was answered."""
        self._may_doubt = True
