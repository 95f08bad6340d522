"""Who is gone from the PBX's list of extensions, and whether that is believed.

    missing from a complete list        what becomes of them
    ----------------------------------  ----------------------------------------------------------
    few                                 removed once they are missing from two in a row
    many at once: the list shrank       doubted: told as one incident, and watched on
    doubted, and in the list again      doubted no more
    doubted, and answered by its id     watched on: it is there
    doubted, and twice not spoken of    removed: the PBX does not know it any more
    by its id

It is over when nobody is doubted. Whom the list names and the configuration does not want is no
matter of doubt.
"""

from collections.abc import Collection, Container, Sequence

from msgspec import Struct

from regwatch.core.alerts.conditions import list_shrank
from regwatch.core.alerts.incidents import Step
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.model import AccountName, BatchAnswer, ExtensionId, Timestamp
from regwatch.core.phones.roster import Roster

LISTINGS_TO_REMOVE = 2
"""Complete listings in a row without an extension before it counts as removed."""
REFUSALS_TO_REMOVE = 2
"""Questions for a doubted one that the PBX does not answer, before it counts as removed."""
SUBJECT = "list"


class ListPolicy(Struct, frozen=True, gc=False):
    """When a list has shrunk."""

    share: float = 0.2
    at_least: int = 5


class ListWatch:
    """The list of one account."""

    def __init__(
        self,
        account: AccountName,
        policy: ListPolicy | None,
        roster: Roster,
        incidents: OpenIncidents,
    ) -> None:
        """`policy`: None: a list that shrinks is believed."""
        self._account = account
        self._policy = policy
        self._roster = roster
        self._incidents = incidents
        self._missing: dict[ExtensionId, int] = {}
        self._doubted: dict[ExtensionId, int] = {}
        """And how often in a row the PBX did not speak of it."""
        self._is_read = False
        self._since: Timestamp | None = None

    def watched(self, extension_id: ExtensionId) -> None:
        """It is in the list."""
        self._missing.pop(extension_id, None)
        self._doubted.pop(extension_id, None)

    forget = watched

    def listed(
        self, ids: Container[ExtensionId], named: Container[ExtensionId], *, now: Timestamp
    ) -> Sequence[ExtensionId]:
        """Take in a complete list. `ids`: who of it is to be watched; `named`: whom it names at
        all. Returns who is removed.
        """
        self._is_read = True
        active = list(self._roster.active_ids())
        gone = [i for i in active if i not in ids and i not in self._doubted]
        absent = [i for i in gone if i not in named]
        if self._has_shrunk(absent, of=len(active)):
            self._since = self._since or now
            self._doubted.update(dict.fromkeys(absent, 0))
            gone = [i for i in gone if i in named]
        return [i for i in gone if self._is_removed(i)]

    def _has_shrunk(self, absent: Collection[ExtensionId], *, of: int) -> bool:
        policy = self._policy
        if policy is None:
            return False
        return len(absent) >= policy.at_least and len(absent) >= policy.share * of

    def _is_removed(self, extension_id: ExtensionId) -> bool:
        self._missing[extension_id] = self._missing.get(extension_id, 0) + 1
        if self._missing[extension_id] < LISTINGS_TO_REMOVE:
            return False
        del self._missing[extension_id]
        return True

    def answered(self, batch: BatchAnswer) -> Sequence[ExtensionId]:
        """Those of an answer; returns who is removed by it."""
        if not self._doubted:
            return ()
        removed = []
        spoken_of = set(batch.answers)
        for extension_id in spoken_of & self._doubted.keys():
            self._doubted[extension_id] = 0
        unspoken = batch.refused if batch.failure else {*batch.refused, *batch.unanswered}
        for extension_id in unspoken & self._doubted.keys() if spoken_of or batch.refused else ():
            self._doubted[extension_id] += 1
            if self._doubted[extension_id] >= REFUSALS_TO_REMOVE:
                removed.append(extension_id)
        return removed

    def judge(self, *, now: Timestamp) -> Step | None:
        """What is to be told of it now; None: the list was not read yet."""
        if not self._is_read:
            return None
        condition = None
        if self._doubted:
            names = [self._roster.by_id[i].extension for i in self._doubted]
            since = self._since or now
            condition = list_shrank(self._account, names, of=len(self._roster.by_id), since=since)
        else:
            self._since = None
        return self._incidents.apply(SUBJECT, condition, now=now)

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        if self._since is not None:
            self._since = Timestamp(self._since + by)
