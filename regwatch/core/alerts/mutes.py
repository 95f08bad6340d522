"""What is not to be told for now: silences that people set, and maintenance windows of the config.

Both match incidents by their labels, and both have an end. They delay what is told, they never
decide what is true. One in which a bug is met mutes nothing: better told than never known.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.bugs import SetAside, Where
from regwatch.core.matchers import Matchers
from regwatch.core.model import FAR_OFF, Timestamp
from regwatch.core.schedules import Schedule, Stretch, turns_at


class Silence(Struct, frozen=True, kw_only=True):
    """Set by a person, for a time."""

    id: str
    matchers: Matchers
    starts_at: Timestamp
    ends_at: Timestamp
    author: str
    comment: str
    created_at: Timestamp

    def is_over(self, *, now: Timestamp) -> bool:
        """Whether it ended, by itself or by hand."""
        return self.ends_at <= now

    def ended(self, *, now: Timestamp) -> "Silence":
        """The same, ended by hand."""
        return replace(self, ends_at=now)

    @property
    def when(self) -> Stretch:
        """Its time."""
        return Stretch(self.starts_at, self.ends_at)

    @property
    def reference(self) -> str:
        """How an incident names it."""
        return f"silence {self.id}"

    @property
    def words(self) -> str:
        """How a person is told of it."""
        return f"{self.reference} of {self.author}: {self.comment}"


class Maintenance(Struct, frozen=True, kw_only=True):
    """A window of the config: once, or week by week."""

    name: str
    matchers: Matchers
    when: Stretch | Schedule

    @property
    def reference(self) -> str:
        """How an incident names it."""
        return f"maintenance {self.name}"

    @property
    def words(self) -> str:
        """How a person is told of it."""
        return self.reference


Mute = Silence | Maintenance


class Mutes:
    """All of them, and which are in force now; shared by all that have incidents."""

    def __init__(
        self, maintenance: Iterable[Maintenance] = (), silences: Iterable[Silence] = ()
    ) -> None:
        self._maintenance = tuple(maintenance)
        self._silences = tuple(silences)
        self._active: tuple[Mute, ...] = ()
        self._turns_at = Timestamp(0.0)
        self._since = Timestamp(FAR_OFF)
        self.version = 0
        """Grows whenever others are in force than before."""
        self._met: dict[str, SetAside] = {}

    @property
    def silences(self) -> Sequence[Silence]:
        """Those set by people."""
        return self._silences

    def replace_silences(self, silences: Iterable[Silence]) -> None:
        """These are set now."""
        self._silences = tuple(silences)
        self._turns_at = Timestamp(0.0)

    def replace_maintenance(self, maintenance: Iterable[Maintenance]) -> None:
        """These windows are configured now; what people set stays."""
        self._maintenance = tuple(maintenance)
        self._turns_at = Timestamp(0.0)

    def active(self, *, now: Timestamp) -> Sequence[Mute]:
        """Those in force."""
        if not self._since <= now < self._turns_at:
            self._turn(now)
        return self._active

    def turns_at(self, *, now: Timestamp) -> Timestamp:
        """When others will be in force; the end of time, if never."""
        self.active(now=now)
        return self._turns_at

    def of(self, labels: Mapping[str, str], *, kept: str = "", now: Timestamp) -> Mute | None:
        """The one that mutes an incident with these labels; that named `kept`, if it still does."""
        found = [mute for mute in self.active(now=now) if self._matches(mute, labels)]
        return next((mute for mute in found if mute.reference == kept), found[0] if found else None)

    def met(self) -> Sequence[SetAside]:
        """The bugs met since this was asked last, one of each silence or window."""
        met, self._met = self._met, {}
        return tuple(met.values())

    def _matches(self, mute: Mute, labels: Mapping[str, str]) -> bool:
        try:
            return mute.matchers.matches(labels)
        except Exception as error:  # noqa: BLE001 - a guard: the others mute what they match
            self._aside(mute, error)
            return False

    def _aside(self, mute: Mute, error: Exception) -> None:
        self._met[mute.reference] = SetAside(None, error, Where.SILENCE, mute.reference)

    def _turn(self, now: Timestamp) -> None:
        everything: tuple[Mute, ...] = (*self._silences, *self._maintenance)
        sound = [mute for mute in everything if self._is_sound(mute, now)]
        active = tuple(mute for mute in sound if mute.when.stretch_at(now) is not None)
        if active != self._active:
            self.version += 1
        self._active, self._since = active, now
        self._turns_at = Timestamp(min(_turns(sound, now), default=FAR_OFF))

    def _is_sound(self, mute: Mute, now: Timestamp) -> bool:
        """Whether its times can be known."""
        try:
            list(_turns([mute], now))
        except Exception as error:  # noqa: BLE001 - a guard, as above
            self._aside(mute, error)
            return False
        return True


def _turns(mutes: Iterable[Mute], now: Timestamp) -> Iterator[Timestamp]:
    for mute in mutes:
        if (at := turns_at(mute.when, now)) is not None:
            yield at
