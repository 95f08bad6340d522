"""Extensions that come and go: a state of their own, which their losses no longer interrupt.

* A loss is a change, and so is the return from it. A reboot is neither; nor is what a site's outage
  or the registrar's restart explains.
* So many changes within the window: it is flapping, since the first of them.
* It is over once nothing has changed for the time of calm, whether it stayed there or away.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct

from regwatch.core.clock_steps import pieces
from regwatch.core.model import ChangeKind, ExtensionId, Timestamp
from regwatch.core.phones.diff import BEGINNINGS, Change
from regwatch.core.phones.memory import Lately

LOSSES = (ChangeKind.EXPIRED, ChangeKind.ENDED_UNSEEN, ChangeKind.UNREGISTERED)


class FlappingPolicy(Struct, frozen=True, gc=False):
    """When an extension counts as flapping; times in seconds."""

    changes: int = 6
    window: float = 1800.0
    calm: float = 1800.0


class Flaps(Struct, frozen=True, gc=False):
    """An extension that is flapping."""

    since: Timestamp
    changes: int
    """Within the window, or since it began."""
    latest_at: Timestamp


class Record:
    """What an extension did lately."""

    def __init__(self, most: int) -> None:
        self.times: deque[Timestamp] = deque(maxlen=most)
        self.is_away = False
        """Whether the last change was a loss."""
        self.count = 0
        self.since: Timestamp | None = None
        self.latest_at: Timestamp | None = None

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        for index, at in enumerate(self.times):
            self.times[index] = Timestamp(at + by)
        self.since = None if self.since is None else Timestamp(self.since + by)
        self.latest_at = None if self.latest_at is None else Timestamp(self.latest_at + by)

    def counts(self, policy: FlappingPolicy | None, now: Timestamp) -> bool:
        """Whether it flaps, is away, or changed within the window."""
        if policy is None or self.since is not None or self.is_away or self.latest_at is None:
            return True
        return self.latest_at >= now - policy.window


class Flapping:
    """All extensions of an account that changed lately; costs O(1) per change."""

    def __init__(self, policy: FlappingPolicy | None) -> None:
        self._policy = policy
        self._records: dict[ExtensionId, Record] = {}

    def count(
        self, extension_id: ExtensionId, changes: Iterable[Change], *, is_explained: bool
    ) -> None:
        """What an answer showed. `is_explained`: something else than the extension explains it."""
        if self._policy is None:
            return
        for change in changes:
            record = self._records.get(extension_id)
            if record is None:
                self._forget_calm(change.at)
            if change.kind in LOSSES and not is_explained:
                if record is None:
                    record = self._records[extension_id] = Record(self._policy.changes)
                if not record.is_away:
                    _count(record, change.at)
                record.is_away = True
            elif record is not None and record.is_away and change.kind in (*BEGINNINGS, *LOSSES):
                record.is_away = False
                if is_explained:
                    # The loss itself may have come before its explanation was found.
                    record.times.pop()
                    record.count -= 1
                else:
                    _count(record, change.at)

    def _forget_calm(self, now: Timestamp) -> None:
        """Drop two of the oldest records, if nothing that they hold counts any more: so there are
        never many more than extensions that changed lately.
        """
        for extension_id in tuple(islice(self._records, 2)):
            record = self._records.pop(extension_id)
            if record.counts(self._policy, now):
                self._records[extension_id] = record

    def resume(self, extension_id: ExtensionId, since: Timestamp) -> None:
        """It was flapping before a restart of ours; its calm begins anew with the next answer."""
        record = Record(self._policy.changes if self._policy is not None else 0)
        record.since = since
        self._records[extension_id] = record

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        for piece in pieces(self._records.values()):
            for record in piece:
                record.clock_set(by)
            yield

    def lately(self, extension_id: ExtensionId) -> Lately | None:
        """What is to be stored of it; None: nothing."""
        record = self._records.get(extension_id)
        if record is None or not record.times:
            return None
        return Lately(tuple(record.times), record.is_away)

    def restore(self, extension_id: ExtensionId, lately: Lately) -> None:
        """It did so before a restart of ours, and was not flapping."""
        if self._policy is None:
            return
        record = self._records[extension_id] = Record(self._policy.changes)
        for at in lately.times:
            _count(record, at)
        record.is_away = lately.is_away

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        self._records.pop(extension_id, None)

    def judge(self, extension_id: ExtensionId, *, now: Timestamp) -> Flaps | None:
        """Whether it is flapping; None if it is not, or no longer."""
        record, policy = self._records.get(extension_id), self._policy
        if record is None or policy is None:
            return None
        latest_at = record.latest_at = now if record.latest_at is None else record.latest_at
        if record.since is None:
            times = record.times
            if len(times) < policy.changes or times[0] < now - policy.window:
                return None
            record.since, record.count = times[0], len(times)
        elif now - latest_at >= policy.calm:
            del self._records[extension_id]
            return None
        return Flaps(record.since, record.count, latest_at)


def _count(record: Record, at: Timestamp) -> None:
    record.times.append(at)
    record.latest_at = at
    record.count += 1
