"""What really happened, for those who check whether it was found."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; times in virtual seconds since the epoch."""

    seq: int
    at: float
    visible_at: float | None
    """When it shows at the API, as things stand; None if it does not."""
    kind: str
    extension_id: int | None
    name: str = ""
    registration_id: str = ""
    device: str = ""
    address: str = ""
    place: str = ""
    """Of something that happens to several: a line, a switch, a base."""
    until: float | None = None
    want: str = ""
    """Of what a person would want to be told."""
    whom: tuple[int, ...] = ()

    def line(self) -> str:
        """As a line of JSON."""
        return json.dumps(asdict(self))


class Truth:
    """The events in order; the last so many are kept."""

    KEPT = 100_000

    def __init__(self, tell: Callable[[Event], None] | None = None) -> None:
        self._events: list[Event] = []
        self._next = 1
        self._tell = tell

    def add(self, **fields: object) -> Event:
        """Note what happened."""
        event = Event(seq=self._next, **fields)  # type: ignore[arg-type]
        self._next += 1
        self._events.append(event)
        if len(self._events) > self.KEPT:
            del self._events[: self.KEPT // 10]
        if self._tell is not None:
            self._tell(event)
        return event

    def since(self, seq: int) -> list[Event]:
        """What happened after the event with that number."""
        return [event for event in self._events if event.seq > seq]
