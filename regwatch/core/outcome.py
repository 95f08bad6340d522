"""What one step of the monitor brought."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.bugs import SetAside, Where
from regwatch.core.model import ExtensionId, Incident, Watched
from regwatch.core.phones.answer_times import is_beyond, is_learned, is_remembered_otherwise
from regwatch.core.phones.diff import Change
from regwatch.core.phones.memory import Loss
from regwatch.core.phones.observation import Observation
from regwatch.core.polling.pace import PaceTurn
from regwatch.core.remarks import Remark

UNCHANGED = frozenset({Decision.NOTHING, Decision.HELD_DOWN, Decision.STILL})


class Listed(Struct, frozen=True, gc=False):
    """What became of the PBX's list."""

    watched: int
    """So many of it are."""
    complete: bool
    """Whether nothing of it was missing."""


class Outcome(Struct, frozen=True):
    """What one step of the monitor brought."""

    changes: Sequence[Change] = ()
    steps: Sequence[Step] = ()
    """Every decision about an incident that changed it, with its reason."""
    remarks: Sequence[Remark] = ()
    """Why nobody is told of something that was seen."""
    losses: Sequence[Loss] = ()
    moved: Sequence[Incident] = ()
    """Open incidents of which nothing changed but their times: the clock was set."""
    touched: Collection[ExtensionId] = ()
    """Extensions whose stored form is out of date now, by more than the times of their answer."""
    learned: Collection[ExtensionId] = ()
    """Those of whose habits something new is known: to be stored within minutes."""
    refreshed: Collection[ExtensionId] = ()
    """Those whose habits are only smoother than before: to be stored some time."""
    removed: Collection[ExtensionId] = ()
    doubted: Collection[ExtensionId] = ()
    """To be asked again before their answer is believed."""
    wanted: Collection[ExtensionId] = ()
    """To be asked before all others: their answers decide whether their place is out."""
    set_aside: Sequence[SetAside] = ()
    crowded: Collection[ExtensionId] = ()
    """With more registrations than are compared."""
    quarantined: Collection[ExtensionId] = ()
    """Of whom the PBX refuses to speak, as it did not before: left out for a while."""
    pace: PaceTurn | None = None
    """Polling has become slow, or has ceased to be."""
    listed: Listed | None = None
    """With this a list was taken over."""
    is_swept: bool = False
    """With this everybody was asked for since the start."""

    @property
    def incidents(self) -> list[Incident]:
        """The incidents as they are after it."""
        return [*self.moved, *(step.incident for step in self.steps if step.incident is not None)]


NOTHING_CAME = Outcome()


class Gathered:
    """An outcome in the making."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.steps: list[Step] = []
        self.remarks: list[Remark] = []
        self.losses: list[Loss] = []
        self.touched: dict[ExtensionId, None] = {}
        self.learned: dict[ExtensionId, None] = {}
        self.refreshed: dict[ExtensionId, None] = {}
        self.removed: list[ExtensionId] = []
        self.wanted: dict[ExtensionId, None] = {}
        self.set_aside: list[SetAside] = []
        self.crowded: list[ExtensionId] = []
        self.doubted: list[ExtensionId] = []

    def add(self, steps: Iterable[Step | SetAside | Remark]) -> None:
        """Keep the decisions that changed something, and what was set aside or remarked between
        them.
        """
        for each in steps:
            if isinstance(each, SetAside):
                self.set_aside.append(each)
            elif isinstance(each, Remark):
                self.remarks.append(each)
            elif each.decision not in UNCHANGED:
                self.steps.append(each)

    def want(self, ids: Iterable[ExtensionId]) -> None:
        """These are to be asked before all others."""
        self.wanted.update(dict.fromkeys(ids))

    @contextmanager
    def guarding(self, extension_id: ExtensionId | None = None) -> Iterator[None]:
        """A bug met in here sets this one thing aside; what was decided before it stays."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the guard: whatever it was, the others go on
            where = Where.MONITOR if extension_id is None else Where.ANSWER
            self.set_aside.append(SetAside(extension_id, error, where))

    def saw(self, watched: Watched, seen: Observation) -> None:
        """Take over what an answer showed; `watched` as it is with it."""
        extension_id = seen.extension_id
        if seen.changes:
            self.changes.extend(seen.changes)
            self.losses.extend(seen.losses)
        if is_beyond(seen.before, watched) or is_remembered_otherwise(seen.remembered, seen.memory):
            self.touched[extension_id] = None
        elif seen.memory is not seen.remembered:
            news = self.learned if is_learned(seen.remembered, seen.memory) else self.refreshed
            news[extension_id] = None

    def put_aside(
        self, extension_id: ExtensionId, losses: Collection[Loss], error: Exception
    ) -> None:
        """A bug was met by its answer: forget its changes and losses. Decisions stand: they were
        kept.
        """
        self.changes = [change for change in self.changes if change.extension_id != extension_id]
        self.losses = [loss for loss in self.losses if loss not in losses]
        self.set_aside.append(SetAside(extension_id, error, Where.ANSWER))
        self.touched[extension_id] = None

    def outcome(self) -> Outcome:
        """The whole of it."""
        return Outcome(
            changes=self.changes,
            steps=self.steps,
            remarks=self.remarks,
            losses=self.losses,
            touched=self.touched,
            learned=self.learned,
            refreshed=self.refreshed,
            removed=self.removed,
            wanted=self.wanted,
            set_aside=self.set_aside,
            crowded=self.crowded,
            doubted=self.doubted,
        )
