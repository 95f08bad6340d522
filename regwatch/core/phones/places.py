"""Who is where, when each was last heard, who is silent, which place is out since when: the state
by which `outages` judges.

Costs little per answer: whether an answer means silence is one look at a time that stands there,
and what an outage counts is kept up phone by phone. Only a phone newly silent is a reason to look
for the begin of an outage, by all that the phones of its place showed. In a place of more than
`MOST_COMPARED`, so many of them stand for all until one is found: the shares are the same, and the
votes as many, since a moment never has more than two.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice, takewhile

from msgspec import Struct

from regwatch.core.clock_steps import move_all, moved
from regwatch.core.model import LONG_AGO, ExtensionId, Timestamp
from regwatch.core.phones.last_refresh import LastRefresh
from regwatch.core.phones.outage_begins import Shown, Signs, Supposed, supposed
from regwatch.core.phones.outages import Evidence, OutagePolicy

MOST_COMPARED = 1000
"""Phones of a place by which the begin of an outage is looked for: some 5 ms."""
MOST_DEPARTED = 100
"""Those that left a place with a good-bye, who are remembered as heard."""
MOST_ASKED = 250
"""Phones of a place asked before it is called out: five requests of fifty tell as much as all."""
ANSWERED_SECONDS = 10.0
"""Who was answered so lately need not be asked again."""


class Phone(Struct, gc=False):
    """One extension, where it was last heard."""

    place: str
    heard_at: Timestamp
    due_at: Timestamp
    silent_from: Timestamp
    found_at: Timestamp
    """When the last of this was shown, or restored."""
    is_silent: bool = False
    is_unseen: bool = False
    """Whether it is silent because it is gone, and nobody saw how it ended."""
    device: str = ""
    """Its model, as it calls itself."""
    address: str = ""
    """The public one it was last at."""

    def shows(self, refresh: LastRefresh, now: Timestamp) -> None:
        """An answer told this of its last refresh."""
        self.heard_at, self.due_at = refresh.heard_at, refresh.due_at
        self.silent_from, self.found_at = refresh.silent_from, now
        self.is_silent, self.is_unseen = self.is_silent and now >= refresh.silent_from, False

    @property
    def signs(self) -> Signs:
        """As the begin of an outage is looked for by them."""
        return Signs(self.heard_at, self.due_at if self.is_silent else None, self.is_unseen)


class Outage(Struct):
    """A place that is out, and what came of its phones since."""

    began_at: Timestamp
    latest_at: Timestamp
    members: dict[ExtensionId, None] = {}
    returned: dict[ExtensionId, None] = {}
    """Members that were heard again."""
    before: set[ExtensionId] = set()
    """Who was silent before it began."""
    heard: int = 0
    departed: int = 0
    resumed: set[ExtensionId] = set()
    """Members of before a restart of ours that are not yet restored."""

    def take(self, extension_id: ExtensionId, phone: Phone, *, was_member: bool = False) -> None:
        """Count a phone, as it is now."""
        if phone.heard_at > self.began_at:
            self.heard += 1
            self.before.discard(extension_id)
            if was_member:
                self.returned[extension_id] = None
        elif phone.is_silent and extension_id not in self.before:
            self.members[extension_id] = None
            self.returned.pop(extension_id, None)
            self.latest_at = max(self.latest_at, phone.due_at)

    def drop(self, extension_id: ExtensionId, phone: Phone) -> bool:
        """Count it no more; whether it was a member."""
        if phone.heard_at > self.began_at:
            self.heard -= 1
            return False
        return self.members.pop(extension_id, self) is None

    def left(self, extension_id: ExtensionId, heard_at: Timestamp, *, was_member: bool) -> None:
        """It is no phone of the place any more, and was last heard then."""
        self.before.discard(extension_id)
        self.returned.pop(extension_id, None)
        if heard_at > self.began_at:
            self.heard += 1
            self.departed += 1
            if was_member:
                self.returned[extension_id] = None

    def evidence(self, phones: int) -> Evidence:
        """What speaks for it still, and what against it; of a place with so many phones."""
        others = self.heard - self.departed + len(self.before)
        return Evidence(
            began_at=self.began_at,
            latest_at=self.latest_at,
            members=len(self.members),
            heard=self.heard,
            not_due=max(0, phones - len(self.members) - others),
            departed=self.departed,
            returned=len(self.returned),
        )


class Place:
    """The phones of one place."""

    __slots__ = ("_some", "departed", "ended_at", "outage", "phones", "silent")

    def __init__(self) -> None:
        self.phones: dict[ExtensionId, Phone] = {}  # whose registration was seen longest ago first
        self.silent: dict[ExtensionId, Phone] = {}  # found so longest ago first
        self._some: dict[ExtensionId, Phone] | None = None
        self.departed: deque[Timestamp] | None = None
        self.outage: Outage | None = None
        self.ended_at = Timestamp(LONG_AGO)
        """When its latest outage did."""

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds; `phones` move with all of them."""
        self.ended_at = Timestamp(self.ended_at + by)
        if self.departed is not None:
            self.departed = deque((Timestamp(at + by) for at in self.departed), MOST_DEPARTED)
        if self.outage is not None:
            self.outage = moved(self.outage, by)

    @property
    def members(self) -> Collection[ExtensionId]:
        """Who is silent because it is out."""
        return () if self.outage is None else self.outage.members

    @property
    def returned(self) -> Collection[ExtensionId]:
        """Who of them was heard again."""
        return () if self.outage is None else self.outage.returned

    @property
    def evidence(self) -> Evidence | None:
        """What speaks for its outage, and what against it; None: it is not known to be out."""
        return None if self.outage is None else self.outage.evidence(len(self.phones))

    def supposed(self, policy: OutagePolicy) -> Supposed | None:
        """The outage that most speaks for, while it is not known to be out."""
        if self.outage is not None or len(self.silent) < policy.at_least:
            return None
        return supposed(self._shown(), policy)

    def to_ask(
        self,
        began_at: Timestamp,
        *,
        answered_at: Callable[[ExtensionId], Timestamp],
        now: Timestamp,
    ) -> list[ExtensionId]:
        """Who may have been heard since then, as far as is known."""
        lately, found = now - ANSWERED_SECONDS, list[ExtensionId]()
        for extension_id, phone in self.compared.items():
            was_silent = phone.is_silent and phone.due_at < began_at
            if was_silent or phone.heard_at > began_at or answered_at(extension_id) > lately:
                continue
            found.append(extension_id)
            if len(found) == MOST_ASKED:
                break
        return found

    @property
    def compared(self) -> Mapping[ExtensionId, Phone]:
        """Those by which the begin of an outage is looked for: all, or some that stand for them."""
        if len(self.phones) <= MOST_COMPARED:
            self._some = None
            return self.phones
        if self._some is None or len(self._some) < MOST_COMPARED / 2:  # many of them left
            each = -(-len(self.phones) // MOST_COMPARED)
            self._some = {i: self.phones[i] for i in islice(self.phones, None, None, each)}
        return self._some

    def forget(self, extension_id: ExtensionId) -> None:
        """It is no phone of the place any more."""
        self.phones.pop(extension_id, None)
        self.silent.pop(extension_id, None)
        if self._some is not None:
            self._some.pop(extension_id, None)

    def _shown(self) -> Shown:
        signs = [phone.signs for phone in self.compared.values()]
        return Shown(signs, self.departed or (), since=self.ended_at, of=len(self.phones))


class Places:
    """All places of an account."""

    def __init__(self) -> None:
        self.phones: dict[ExtensionId, Phone] = {}
        """Changed here only."""
        self._places: dict[str, Place] = {}

    def clock_set(self, by: float) -> Iterator[None]:
        """The wall clock was set forward by so many seconds; in pieces."""
        yield from move_all(self.phones, Phone, by)
        for place in self._places.values():
            place.clock_set(by)
            yield

    # --- what is known -------------------------------------------------------------------------

    def place_of(self, extension_id: ExtensionId) -> str:
        """Where it was last heard of; empty if nowhere."""
        phone = self.phones.get(extension_id)
        return "" if phone is None else phone.place

    def is_late(self, extension_id: ExtensionId, now: Timestamp) -> bool:
        """Whether an answer at this time that shows nothing new means that it is silent."""
        phone = self.phones.get(extension_id)
        return phone is not None and now >= phone.silent_from and not phone.is_silent

    def held(self, place: str) -> Place | None:
        """A place by its name; None: nobody is there."""
        return self._places.get(place)

    def is_member(self, extension_id: ExtensionId) -> bool:
        """Whether it is silent because its place is out."""
        held = self._places.get(self.place_of(extension_id))
        outage = None if held is None else held.outage
        return outage is not None and extension_id in outage.members

    # --- what answers show ---------------------------------------------------------------------

    def shows(
        self, extension_id: ExtensionId, place: str, refresh: LastRefresh, *, now: Timestamp
    ) -> Phone:
        """It is registered there, and its registrations tell this of its last refresh."""
        phone = self.phones.get(extension_id)
        if phone is None or phone.place != place:
            if phone is not None:
                self.leave(extension_id, refresh.heard_at, is_elsewhere=True)
            phone = Phone(place, refresh.heard_at, refresh.due_at, refresh.silent_from, now)
            self._enter(extension_id, phone)
            return phone
        held = self._places[place]
        was_member = held.outage is not None and held.outage.drop(extension_id, phone)
        phone.shows(refresh, now)
        held.phones.pop(extension_id)  # to the end of the row
        held.phones[extension_id] = phone
        self._noted(held, extension_id, phone, was_member=was_member)
        return phone

    def _enter(self, extension_id: ExtensionId, phone: Phone) -> None:
        held = self._places.setdefault(phone.place, Place())
        self.phones[extension_id] = held.phones[extension_id] = phone
        self._noted(held, extension_id, phone)

    def silent(self, extension_id: ExtensionId, *, is_unseen: bool = False, now: Timestamp) -> bool:
        """It missed its refresh, or is gone; whether that is new."""
        phone = self.phones.get(extension_id)
        if phone is None or phone.is_silent:
            return False
        held = self._places[phone.place]
        if held.outage is not None:
            held.outage.drop(extension_id, phone)
        phone.due_at = min(phone.due_at, now)
        phone.is_silent, phone.is_unseen, phone.found_at = True, is_unseen, now
        self._noted(held, extension_id, phone)
        return True

    def _noted(
        self, held: Place, extension_id: ExtensionId, phone: Phone, *, was_member: bool = False
    ) -> None:
        held.silent.pop(extension_id, None)
        if phone.is_silent:
            held.silent[extension_id] = phone
        if held.outage is not None:
            held.outage.take(extension_id, phone, was_member=was_member)

    def leave(
        self,
        extension_id: ExtensionId,
        heard_at: Timestamp | None,
        *,
        is_elsewhere: bool = False,
    ) -> None:
        """It is no phone of its place any more. `heard_at`: its last sign of life, with its
        good-bye; None: nothing is known of it. `is_elsewhere`: it lives on at another place, which
        tells only of a member that this one has others that were silent for themselves.
        """
        phone = self.phones.pop(extension_id, None)
        if phone is None:
            return
        held = self._places[phone.place]
        is_compared = extension_id in held.compared
        held.forget(extension_id)
        outage = held.outage
        was_member = outage is not None and outage.drop(extension_id, phone)
        counts = heard_at is not None and (was_member or not is_elsewhere)
        if outage is not None:
            at = heard_at if heard_at is not None and counts else Timestamp(LONG_AGO)
            outage.left(extension_id, at, was_member=was_member)
        elif heard_at is not None and counts and is_compared:
            held.departed = deque(held.departed or (), MOST_DEPARTED)
            held.departed.append(heard_at)
        if not held.phones and outage is None:
            del self._places[phone.place]

    # --- outages -------------------------------------------------------------------------------

    def begin(self, place: str, evidence: Evidence) -> Place:
        """The place is out."""
        held = self._places[place]
        held.outage = _outage(held, evidence)
        return held

    def end(self, place: str, *, now: Timestamp) -> Collection[ExtensionId]:
        """It is out no longer; the next outage begins after now. Returns who is silent still."""
        held = self._places[place]
        members = held.members
        held.outage, held.ended_at = None, now
        if not held.phones:
            del self._places[place]
        return members

    def resume(self, place: str, began_at: Timestamp, members: set[ExtensionId]) -> None:
        """An outage goes on that was found before a restart of ours: with these members."""
        held = self._places.setdefault(place, Place())
        held.outage = Outage(began_at, began_at, resumed=members)

    def restore(self, extension_id: ExtensionId, phone: Phone) -> None:
        """It was there before a restart of ours, by its last answer."""
        held = self._places.setdefault(phone.place, Place())
        outage = held.outage
        if outage is not None and extension_id in outage.resumed:
            outage.resumed.discard(extension_id)
            phone.is_silent, phone.heard_at = True, min(phone.heard_at, outage.began_at)
        elif outage is not None and phone.is_silent and phone.due_at < outage.began_at:
            outage.before.add(extension_id)
        self.phones[extension_id] = held.phones[extension_id] = phone
        self._noted(held, extension_id, phone)


def _outage(held: Place, evidence: Evidence) -> Outage:
    """In one step, however many phones there are: what was found before it began is skipped."""
    began_at = evidence.began_at
    outage = Outage(began_at, evidence.latest_at, before=set(held.silent))
    for extension_id, phone in takewhile(
        lambda each: each[1].found_at > began_at, reversed(held.silent.items())
    ):
        outage.before.discard(extension_id)
        if phone.due_at < began_at:
            outage.before.add(extension_id)
        elif phone.heard_at <= began_at:
            outage.members[extension_id] = None
    outage.members = dict(reversed(outage.members.items()))  # who was found first, first
    shown = takewhile(lambda phone: phone.found_at > began_at, reversed(held.phones.values()))
    outage.departed = sum(at > began_at for at in held.departed or ())
    outage.heard = outage.departed + sum(phone.heard_at > began_at for phone in shown)
    return outage
