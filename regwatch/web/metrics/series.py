"""The per-extension families, rendered by hand: prometheus_client takes 10-20 times longer, and
would hold up the loop for a second at 100,000 extensions.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from regwatch.core.bugs import Where
from regwatch.core.model import ExtensionState, Watched
from regwatch.guard import Bugs
from regwatch.web.views import AccountView

PerExtension = Literal["auto"] | bool | int
"""The setting `metrics.per_extension`. "auto": all, unless they are more than `AUTO_LIMIT`, then
none; a number: that many, in the order they are watched."""

AUTO_LIMIT = 2000
"""Three series each: whether more are wanted, whoever runs the Prometheus has to say."""
CHUNK_LINES = 1000
"""1000 lines take 1-2 ms; between chunks the loop may do other work."""


def shown(total: int, setting: PerExtension) -> int:
    """How many of `total` extensions get series of their own."""
    if setting == "auto":
        return total if total <= AUTO_LIMIT else 0
    if isinstance(setting, bool):
        return total if setting else 0
    return max(0, min(total, setting))


def dropped(total: int, setting: PerExtension) -> int:
    """How many are left out by a limit; none if series were turned off on purpose."""
    return 0 if setting is False else total - shown(total, setting)


def escape(value: str) -> str:
    r"""A label value as both text formats want it: `\`, `"` and line feeds escaped."""
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return value


async def render_series(
    accounts: Sequence[AccountView], setting: PerExtension, bugs: Bugs
) -> AsyncIterator[str]:
    """The families' text in chunks, with the gauge of how many extensions were left out; the loop
    runs between chunks. A series that a bug keeps from being told is left out.
    """
    total = sum(len(account.watched()) for account in accounts)
    yield _dropped_text(dropped(total, setting))
    rows = await _labelled(accounts, shown(total, setting), bugs)
    if not rows.labels:
        return
    for family in FAMILIES:
        yield family.heading
        for start in range(0, len(rows.labels), CHUNK_LINES):
            await asyncio.sleep(0)
            yield _text(family, rows.part(start, start + CHUNK_LINES), bugs)


def _dropped_text(count: int) -> str:
    name = "regwatch_extension_series_dropped"
    help_text = "Extensions left without series of their own by metrics.per_extension."
    return f"# HELP {name} {help_text}\n# TYPE {name} gauge\n{name} {count}\n"


@dataclass(frozen=True, slots=True)
class _Family:
    name: str
    help_text: str
    value: Callable[[Watched], str | None]

    @property
    def heading(self) -> str:
        return f"# HELP {self.name} {self.help_text}\n# TYPE {self.name} gauge\n"


@dataclass(frozen=True, slots=True)
class _Rows:
    """Two lists rather than one of pairs: pairs would wake the garbage collector."""

    labels: list[str]
    watched: list[Watched]

    def part(self, start: int, end: int) -> "_Rows":
        return _Rows(self.labels[start:end], self.watched[start:end])


async def _labelled(accounts: Sequence[AccountView], limit: int, bugs: Bugs) -> _Rows:
    rows = _Rows([], [])
    for account in accounts:
        # A copy: extensions may come and go while the loop runs between chunks.
        watched = list(account.watched().values())[: limit - len(rows.watched)]
        prefix = f'{{account="{escape(account.name)}",site="'
        for start in range(0, len(watched), CHUNK_LINES):
            _label(prefix, watched[start : start + CHUNK_LINES], rows, bugs)
            await asyncio.sleep(0)
    return rows


def _label(prefix: str, watched: Sequence[Watched], rows: _Rows, bugs: Bugs) -> None:
    try:
        labels = list(_label_texts(prefix, watched))
    except Exception as error:  # noqa: BLE001 - a guard: the others are told
        if len(watched) == 1:
            _left_out("labels of an extension", error, bugs)
        else:
            for one in watched:
                _label(prefix, [one], rows, bugs)
    else:
        rows.labels.extend(labels)
        rows.watched.extend(watched)


def _left_out(what: str, error: Exception, bugs: Bugs) -> None:
    bugs.met("metric_left_out", Where.METRICS, what, error, family=what)


def _label_texts(prefix: str, watched: Sequence[Watched]) -> Iterator[str]:
    for one in watched:
        extension = one.extension
        yield (
            f'{prefix}{escape(one.site)}",extension_id="{extension.id}",'
            f'extension="{escape(extension.name)}"}} '
        )


def _text(family: _Family, rows: _Rows, bugs: Bugs) -> str:
    try:
        return "".join(_lines(family, rows))
    except Exception as error:  # noqa: BLE001 - a guard: the others are told
        if len(rows.labels) == 1:
            _left_out(f"series of extension {rows.watched[0].extension.id}", error, bugs)
            return ""
    alone = (_Rows([labels], [one]) for labels, one in zip(rows.labels, rows.watched, strict=True))
    return "".join(_text(family, each, bugs) for each in alone)


def _lines(family: _Family, rows: _Rows) -> Iterator[str]:
    name, value_of = family.name, family.value
    for labels, watched in zip(rows.labels, rows.watched, strict=True):
        value = value_of(watched)
        if value is not None:
            yield f"{name}{labels}{value}\n"


_VALUES = {
    ExtensionState.REGISTERED: "1",
    ExtensionState.OVERDUE: "1",
    ExtensionState.LOST: "0",
    ExtensionState.SIGNED_OFF: "0",
    ExtensionState.UNREGISTERED: "0",
}


def _registered(watched: Watched) -> str | None:
    return _VALUES.get(watched.state)


def _registrations(watched: Watched) -> str | None:
    return str(len(watched.registrations)) if watched.state in _VALUES else None


def _lease_end(watched: Watched) -> str | None:
    """The end of the lease that ends last: then the extension is lost."""
    if watched.state not in _VALUES:
        return None
    latest = -math.inf
    for registration in watched.registrations:
        if registration.lease_ends_at is None:
            return None
        latest = max(latest, registration.lease_ends_at)
    return repr(float(latest)) if math.isfinite(latest) else None


FAMILIES = (
    _Family(
        "regwatch_extension_registered",
        "Whether the extension is registered; absent while that is unknown.",
        _registered,
    ),
    _Family(
        "regwatch_extension_registrations",
        "Active registrations of the extension; absent while they are unknown.",
        _registrations,
    ),
    _Family(
        "regwatch_extension_lease_end_timestamp_seconds",
        "When the last of the extension's leases ends; absent if one is permanent or unknown.",
        _lease_end,
    ),
)
