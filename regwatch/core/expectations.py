"""When an extension is expected to be registered: always, never, or at the hours of a schedule.

What is not expected is not missed: its absence is a fact, and nothing is concluded from it. Missing
when its hours begin, it is missed from then on.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from regwatch.core.matchers import names_extension
from regwatch.core.model import FAR_OFF, Extension, ExtensionId, Timestamp
from regwatch.core.schedules import Schedule, Stretch

EVER = Timestamp(0.0)
"""Before anything was seen: what is always expected has been so all the time."""

ExpectedHours = Schedule | bool
"""True: always; False: never."""


class Expectation(Struct, frozen=True):
    """Extensions that are expected at other hours than the rest."""

    extensions: tuple[str, ...]
    """Patterns, as sites have them."""
    hours: ExpectedHours


class Expectations:
    """The hours of every extension of an account: the first expectation that names it, else those
    of the rest.
    """

    def __init__(self, rest: ExpectedHours = True, particular: Sequence[Expectation] = ()) -> None:
        self._rest = rest
        self._particular = tuple(particular)
        self._known: dict[ExtensionId, tuple[Extension, ExpectedHours]] = {}

    def since(self, extension: Extension, *, now: Timestamp) -> Timestamp | None:
        """Since when it is expected without a break; None: it is not expected now."""
        hours = self._hours(extension)
        if isinstance(hours, bool):
            return EVER if hours else None
        stretch = hours.stretch_at(now)
        return None if stretch is None else stretch.begins_at

    def spans(self, extension: Extension, *, now: Timestamp) -> Iterator[Stretch]:
        """When it is expected, from now on; what has begun begins now."""
        hours = self._hours(extension)
        if isinstance(hours, bool):
            yield from [Stretch(now, Timestamp(FAR_OFF))] if hours else []
            return
        stretch = hours.stretch_at(now)
        if stretch is not None:
            yield Stretch(now, stretch.ends_at)
            now = stretch.ends_at
        while (coming := hours.next_after(Timestamp(now - 1.0))) is not None:
            yield coming
            now = coming.ends_at

    def why_not(self, extension: Extension) -> str:
        """In words, of one that is not expected now."""
        hours = self._hours(extension)
        of_schedule = f" by the schedule {hours.name}" if isinstance(hours, Schedule) else ""
        return f"not expected to be registered now{of_schedule}"

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        self._known.pop(extension_id, None)

    def _hours(self, extension: Extension) -> ExpectedHours:
        if not self._particular:
            return self._rest
        known = self._known.get(extension.id)
        if known is None or known[0] is not extension:  # renamed, or new
            known = self._known[extension.id] = (extension, self._find(extension))
        return known[1]

    def _find(self, extension: Extension) -> ExpectedHours:
        for each in self._particular:
            if any(names_extension(pattern, extension) for pattern in each.extensions):
                return each.hours
        return self._rest
