"""Whose turn it is: the watched extensions in the order in which asking them pays.

* **Firm appointments** first: answers that somebody waits for, such as a confirmation, or the end
  of a lease whose refresh did not come. The hurried ones among them may run ahead of the pace.
* Then those **never asked**.
* Then the **starved**, unasked for longer than anybody's patience, with up to half of a request;
  those of them who are **overdue**, passed over by too many requests, with all of it.
* Then by **rank**: the time since an extension was last asked, times the boost once its appointment
  has come: its lease has ended as far as we know, or its usual refresh has passed, so that the next
  answer tells whether the device still lives.

The boost makes losses seen at once where there are requests to spare. Where leases are short and
requests few, the ended leases alone would fill every request, and who left with a good-bye would
not be missed for long: so the boost is as large as leaves nobody unasked beyond that patience. It
finds its size by itself, request by request. O(log n) per extension.
"""

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import chain, islice, takewhile

from msgspec import Struct

from regwatch.core.model import FAR_OFF, LONG_AGO, ExtensionId, Instant

ALWAYS_DUE, NEVER_DUE = Instant(LONG_AGO), Instant(FAR_OFF)
LEAST_BOOST, MOST_BOOST = 1.5, 100.0
"""From hardly more than a plain sweep, which would be 1, to next to nothing but appointments."""
BOOST_STEP = 1.1
"""By which it grows or shrinks with each request."""
BEFORE_STARVING = 0.9
"""Of the patience: beyond it the boost shrinks, so that hardly anybody ever starves."""


class Purpose(StrEnum):
    """What an extension is asked for; the metric label."""

    SWEEP = "sweep"
    """It was not for long."""
    LEASE_END = "lease_end"
    REFRESH = "refresh"
    """Its usual refresh is late."""
    CONFIRMATION = "confirmation"
    """What the last answer said of it is not believed yet, it failed, or it may be back."""
    PLACE = "place"
    """Whether its place is out."""


class Appointment(Struct, frozen=True, gc=False):
    """When the next answer about an extension will tell something."""

    at: Instant
    is_firm: bool = False
    """Whether it is kept before all else."""
    is_hurried: bool = True
    """Whether a firm one is worth a request ahead of the pace, and not only a place in the next."""
    purpose: Purpose = Purpose.LEASE_END


class Choice(Struct, frozen=True, gc=False):
    """Whom to ask now."""

    ids: tuple[ExtensionId, ...]
    purposes: Mapping[Purpose, int]
    """How many are asked for what; in turn, and not by appointment, for a sweep."""

    @property
    def in_turn(self) -> int:
        """How many of them are asked because they were not for long."""
        return self.purposes.get(Purpose.SWEEP, 0)


class Alarms:
    """When each extension is due. One that is put off keeps its place until that comes up, so that
    leases that are renewed over and over leave nothing behind.
    """

    def __init__(self) -> None:
        self._due: dict[ExtensionId, Instant] = {}
        self._places: dict[ExtensionId, Instant] = {}
        self._heap: list[tuple[Instant, ExtensionId]] = []

    def set(self, extension_id: ExtensionId, at: Instant) -> None:
        """It is due then, and no other time."""
        self._due[extension_id] = at
        if at < self._places.get(extension_id, NEVER_DUE):
            self._places[extension_id] = at
            heapq.heappush(self._heap, (at, extension_id))

    def clear(self, extension_id: ExtensionId) -> None:
        """It is not due."""
        self._due.pop(extension_id, None)

    def has_come(self, extension_id: ExtensionId, now: Instant) -> bool:
        """Whether it is due by now."""
        return self._due.get(extension_id, NEVER_DUE) <= now

    def next_at(self) -> Instant:
        """When the first is due; infinitely far off if none is."""
        while self._heap:
            at, extension_id = self._heap[0]
            due_at = self._due.get(extension_id)
            if self._places.get(extension_id) != at:  # it was moved forward, and has another place
                heapq.heappop(self._heap)
            elif due_at is None:
                heapq.heappop(self._heap)
                del self._places[extension_id]
            elif due_at > at:
                self._places[extension_id] = due_at
                heapq.heapreplace(self._heap, (due_at, extension_id))
            else:
                return at
        return NEVER_DUE

    def come(self, now: Instant) -> Iterator[ExtensionId]:
        """Those that are due by now; each leaves its place, and is due until it is cleared."""
        while self.next_at() <= now:
            _, extension_id = heapq.heappop(self._heap)
            del self._places[extension_id]
            yield extension_id


class Agenda:
    """The order of one account's extensions."""

    def __init__(self) -> None:
        self._boost = MOST_BOOST
        self._never_asked: dict[ExtensionId, None] = {}
        self._asked_at: dict[ExtensionId, Instant] = {}  # longest ago first
        self._withheld: set[ExtensionId] = set()
        self._hurried = Alarms()
        self._next = Alarms()
        """Firm ones that are kept with the next request of the pace."""
        self._soft = Alarms()
        self._purposes: dict[ExtensionId, Purpose] = {}
        """Of the appointments."""
        self._ripe: dict[ExtensionId, Instant] = {}
        """Soft appointments that have come."""
        self._ripe_queue: list[tuple[Instant, ExtensionId]] = []
        """The same by when the extension was asked. What is taken back stays until it comes up."""

    def __len__(self) -> int:
        return len(self._never_asked) + len(self._asked_at)

    def __contains__(self, extension_id: ExtensionId) -> bool:
        return extension_id in self._asked_at or extension_id in self._never_asked

    # --- who is in it --------------------------------------------------------------------------

    def add(self, extension_id: ExtensionId, answered_at: Instant | None) -> None:
        """Put a new one in line: longest ago is to be added first."""
        if answered_at is None:
            self._never_asked[extension_id] = None
        else:
            self._asked_at[extension_id] = answered_at

    def forget(self, extension_id: ExtensionId) -> None:
        """Take one out, if it is in."""
        self.appoint(extension_id, None)
        self._never_asked.pop(extension_id, None)
        self._asked_at.pop(extension_id, None)
        self._withheld.discard(extension_id)

    def withhold(self, ids: Iterable[ExtensionId]) -> None:
        """Leave these out until they are released: they are being asked."""
        self._withheld.update(ids)

    def release(self, ids: Iterable[ExtensionId]) -> None:
        """These may be asked again."""
        self._withheld.difference_update(ids)

    @property
    def askable(self) -> int:
        """How many may be asked."""
        return len(self) - len(self._withheld)

    @property
    def never_asked(self) -> int:
        """How many were never asked."""
        return len(self._never_asked)

    # --- when they are to be asked -------------------------------------------------------------

    def appoint(self, extension_id: ExtensionId, appointment: Appointment | None) -> None:
        """When to ask it next, other than in its turn; replaces what was appointed before."""
        self._ripe.pop(extension_id, None)
        for alarms in (self._hurried, self._next, self._soft):
            alarms.clear(extension_id)
        if appointment is not None and extension_id in self:
            self._alarms_of(appointment).set(extension_id, appointment.at)
            self._purposes[extension_id] = appointment.purpose
        else:
            self._purposes.pop(extension_id, None)

    def _alarms_of(self, appointment: Appointment) -> Alarms:
        if not appointment.is_firm:
            return self._soft
        return self._hurried if appointment.is_hurried else self._next

    def hurried_at(self) -> Instant:
        """When the next is that is worth a request ahead of the pace; infinitely far off if none
        is.
        """
        return self._hurried.next_at()

    def due_at(self) -> Instant:
        """When the next of the others is; long ago if one waits that has come already."""
        return ALWAYS_DUE if self._ripe else min(self._soft.next_at(), self._next.next_at())

    def oldest_asked_at(self) -> Instant:
        """When the one asked longest ago was; infinitely far off if there is none."""
        return next((at for at, _ in self._waiting()), NEVER_DUE)

    def _waiting(self) -> Iterator[tuple[Instant, ExtensionId]]:
        """Those that may be asked again, longest ago first."""
        return ((at, i) for i, at in self._asked_at.items() if i not in self._withheld)

    # --- who is next ---------------------------------------------------------------------------

    def choose(
        self,
        most: int,
        *,
        patience: float,
        overdue_before: Instant = ALWAYS_DUE,
        now: Instant,
    ) -> Choice:
        """Those to ask now, so many at most; they count as asked and are withheld. `patience`: for
        how many seconds an extension may go unasked; `overdue_before`: who was asked before that
        waits no longer.
        """
        self._ripen(now)
        chosen: dict[ExtensionId, None] = {}
        sources = (
            self._due_firmly(now),
            self._unseen(),
            (i for i in self._asked_before(overdue_before) if i not in chosen),
            islice(self._asked_before(Instant(now - patience)), most // 2),
            self._by_rank(chosen, now),
        )
        for extension_id in islice(chain(*sources), most):
            chosen[extension_id] = None
        purposes = Counter(self._purpose(i, now) for i in chosen)
        self._take(chosen, now)
        self._adapt(Instant(now - BEFORE_STARVING * patience))
        return Choice(tuple(chosen), purposes)

    def _purpose(self, extension_id: ExtensionId, now: Instant) -> Purpose:
        is_by_appointment = self._has_come(extension_id, now)
        return self._purposes[extension_id] if is_by_appointment else Purpose.SWEEP

    def _adapt(self, longest_ago: Instant) -> None:
        if self.oldest_asked_at() > longest_ago:
            self._boost = min(self._boost * BOOST_STEP, MOST_BOOST)
        else:
            self._boost = max(self._boost / BOOST_STEP, LEAST_BOOST)

    def _has_come(self, extension_id: ExtensionId, now: Instant) -> bool:
        firm = (self._hurried, self._next)
        return extension_id in self._ripe or any(a.has_come(extension_id, now) for a in firm)

    def _ripen(self, now: Instant) -> None:
        for extension_id in self._soft.come(now):
            asked_at = self._asked_at.get(extension_id, now)
            self._ripe[extension_id] = asked_at
            heapq.heappush(self._ripe_queue, (asked_at, extension_id))

    def _due_firmly(self, now: Instant) -> Iterator[ExtensionId]:
        come = chain(self._hurried.come(now), self._next.come(now))
        return (i for i in come if i not in self._withheld)

    def _unseen(self) -> Iterator[ExtensionId]:
        return (i for i in self._never_asked if i not in self._withheld)

    def _asked_before(self, before: Instant) -> Iterator[ExtensionId]:
        return (i for _, i in takewhile(lambda each: each[0] < before, self._waiting()))

    def _by_rank(self, chosen: Collection[ExtensionId], now: Instant) -> Iterator[ExtensionId]:
        """Both queues are ordered by when their extensions were asked: merging them is enough."""
        plain = self._waiting()
        at, extension_id = next(plain, (NEVER_DUE, None))
        while True:
            while extension_id in chosen:
                at, extension_id = next(plain, (NEVER_DUE, None))
            ripe_at = self._next_ripe_at()
            if ripe_at != NEVER_DUE and self._boost * (now - ripe_at) >= now - at:
                _, ripe = heapq.heappop(self._ripe_queue)
                if ripe not in chosen and ripe not in self._withheld:
                    yield ripe
            elif extension_id is not None:
                yield extension_id
            else:
                return

    def _next_ripe_at(self) -> Instant:
        queue = self._ripe_queue
        while queue and self._ripe.get(queue[0][1]) != queue[0][0]:
            heapq.heappop(queue)
        return queue[0][0] if queue else NEVER_DUE

    def _take(self, ids: Iterable[ExtensionId], now: Instant) -> None:
        for extension_id in ids:
            self._never_asked.pop(extension_id, None)
            self._asked_at.pop(extension_id, None)
            self._asked_at[extension_id] = now
            self.appoint(extension_id, None)
            self._withheld.add(extension_id)
