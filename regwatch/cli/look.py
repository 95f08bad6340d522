"""How what is printed is looked at: how wide, at what time, by whose clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from regwatch.cli.errors import RemoteError
from regwatch.clock import wall_clock

NONE = "–"


@dataclass(frozen=True, slots=True)
class Look:
    """What is printed depends on this alone, besides what is to be said."""

    width: int | None
    """Columns of the terminal; None: no terminal, where a record is a line, whole."""
    now: datetime
    zone: tzinfo | None = None
    """In which times are shown; None: this machine's."""

    @property
    def zone_name(self) -> str:
        """As people call it now: `EET`, or `UTC+03` where it has no name."""
        return _name(self.now.astimezone(self.zone))

    def titled(self, title: str) -> str:
        """The title of a column of times, with their zone."""
        return f"{title} ({self.zone_name})"

    def cell(self, at: str | None) -> str:
        """A time of the API under a title that names the zone: as short as it can be told apart.
        In a pipe it names its zone itself.
        """
        if at is None:
            return NONE
        moment = self.moment(at)
        if self.width is None:
            return moment.isoformat(timespec="seconds")
        name = _name(moment)
        return _short(moment, self.now) + ("" if name == self.zone_name else f" {name}")

    def shown(self, at: str | None) -> str:
        """The same with its zone, in a sentence."""
        if at is None or self.width is None:
            return self.cell(at)
        moment = self.moment(at)
        return f"{_short(moment, self.now)} {_name(moment)}"

    def age(self, at: str) -> float:
        """Seconds since a time of the API."""
        return (self.now - self.moment(at)).total_seconds()

    def moment(self, at: str) -> datetime:
        """Of a time of the API; raises `RemoteError`."""
        try:
            # By this machine's clock, too: there must be a year before and after it.
            return datetime.fromisoformat(at).astimezone(self.zone)
        except (ValueError, OverflowError) as error:
            raise RemoteError(f"`{at}` is no time: no regwatch answers so") from error


def looked_at_now(width: int | None) -> Look:
    """By this machine's clock."""
    return Look(width, datetime.fromtimestamp(wall_clock(), UTC))


def _name(moment: datetime) -> str:
    name = moment.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" else name


def _short(moment: datetime, now: datetime) -> str:
    today = now.astimezone(moment.tzinfo)
    if moment.date() == today.date():
        return f"{moment:%H:%M:%S}"
    if moment.year == today.year:
        return f"{moment.day} {moment:%b %H:%M}"
    return f"{moment:%Y-%m-%d %H:%M}"
