"""What one step of the monitor brought."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.model import ExtensionId, Incident
from regwatch.core.phones.diff import Change
from regwatch.core.phones.memory import Loss

UNCHANGED = frozenset({Decision.NOTHING, Decision.HELD_DOWN, Decision.STILL})


class SetAside(Struct, frozen=True):
    """What a bug of ours kept from being taken in, so that the rest could be."""

    extension_id: ExtensionId | None
    """None: something of the account as a whole."""
    error: Exception


class Outcome(Struct, frozen=True):
    """What one step of the monitor brought."""

    changes: Sequence[Change] = ()
    steps: Sequence[Step] = ()
    """Every decision about an incident that changed it, with its reason."""
    losses: Sequence[Loss] = ()
    touched: Collection[ExtensionId] = ()
    """Extensions whose stored form is out of date now."""
    removed: Collection[ExtensionId] = ()
    doubted: Collection[ExtensionId] = ()
    """To be asked again before their answer is believed."""
    set_aside: Sequence[SetAside] = ()
    crowded: Collection[ExtensionId] = ()
    """With more registrations than are compared."""

    @property
    def incidents(self) -> list[Incident]:
        """The incidents as they are after it."""
        return [step.incident for step in self.steps if step.incident is not None]


class Gathered:
    """An outcome in the making."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.steps: list[Step] = []
        self.losses: list[Loss] = []
        self.touched: dict[ExtensionId, None] = {}
        self.removed: list[ExtensionId] = []
        self.set_aside: list[SetAside] = []
        self.crowded: list[ExtensionId] = []

    def add(self, steps: Iterable[Step]) -> None:
        """Keep the decisions that changed something."""
        self.steps.extend(step for step in steps if step.decision not in UNCHANGED)

    @contextmanager
    def guarding(self, extension_id: ExtensionId | None = None) -> Iterator[None]:
        """A bug met in here sets this one thing aside; what was decided before it stays."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the guard: whatever it was, the others go on
            self.set_aside.append(SetAside(extension_id, error))

    def undo(self, extension_id: ExtensionId, losses: Collection[Loss]) -> None:
        """Forget its changes and losses; decisions stand: they were kept."""
        self.changes = [change for change in self.changes if change.extension_id != extension_id]
        self.losses = [loss for loss in self.losses if loss not in losses]

    def outcome(self, doubted: Collection[ExtensionId] = ()) -> Outcome:
        """The whole of it."""
        return Outcome(
            self.changes,
            self.steps,
            self.losses,
            self.touched,
            self.removed,
            doubted,
            self.set_aside,
            self.crowded,
        )
