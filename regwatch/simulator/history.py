"""The vendor's history: when extensions came on and went off, as a person at the PBX saw it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from regwatch.simulator.registrar import Registrar

FORMAT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Edge:
    """An extension came on or went off."""

    at: float
    name: str
    is_on: bool

    def entry(self) -> dict[str, str]:
        """As the API shows it: by the short number."""
        return {
            "status": "on" if self.is_on else "off",
            "date_gmt": datetime.fromtimestamp(self.at, tz=UTC).strftime(FORMAT),
            "short_ext_name": self.name.rpartition("*")[2],
        }


def read_time(text: str) -> float:
    """Seconds since the epoch; raises `ValueError`."""
    return datetime.strptime(text, FORMAT).replace(tzinfo=UTC).timestamp()


def edges(registrar: Registrar, *, started_at: float, now: float) -> list[Edge]:
    """In the order of time. A reboot, or a device of several, is none."""
    was: dict[int, bool] = {}
    found = []
    for at, extension_id in sorted(_moments(registrar, now)):
        before = was.setdefault(extension_id, _is_on(registrar, extension_id, started_at))
        after = was[extension_id] = _is_on(registrar, extension_id, at)
        if after is not before:
            found.append(Edge(at, registrar.phones[extension_id].name, after))
    return found


def _moments(registrar: Registrar, now: float) -> Iterator[tuple[float, int]]:
    """When something may have changed, and for whom."""
    for event in registrar.truth.since(0):
        if event.visible_at is None or event.visible_at > now:
            continue
        concerned = registrar.phones if event.extension_id is None else (event.extension_id,)
        yield from ((event.visible_at, extension_id) for extension_id in concerned)


def _is_on(registrar: Registrar, extension_id: int, at: float) -> bool:
    found = registrar.answer(extension_id, at)
    return found is not None and found[0]
