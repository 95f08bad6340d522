"""What may be wrong with regwatch's own database, in words."""

from collections.abc import Mapping

from msgspec import Struct

from regwatch.core.alerts.conditions import NO_ACCOUNT, Condition
from regwatch.core.model import AlertName, Facts, Timestamp

MEMORY, DAMAGE = "store:memory", "store:damage"
SHOWN = {
    "extensions": "extensions",
    "incidents": "incidents",
    "outbox": "messages",
    "history": "lines of the history",
}
"""Of what was kept, by table."""


class DatabaseSetAside(Struct, frozen=True):
    """A database that was damaged, and that another one was begun for."""

    file: str
    """Where it lies now."""
    reason: str
    kept: Mapping[str, int]
    """How much of it could be read and is in the new one, by table."""
    is_running: bool
    """Whether it was found while running, so that what mattered was known in memory."""


def memory_lost(that: DatabaseSetAside, *, since: Timestamp) -> Condition:
    """At the start the database was found damaged: what could not be read of it is forgotten."""
    return Condition(
        alert=AlertName.MEMORY_LOST,
        subject=MEMORY,
        since=since,
        summary="regwatch's database was damaged: a part of what it knew may be forgotten",
        explanation=f"It begins a new one. {_what_was_kept(that)} Phones that are not among them "
        "are as if seen for the first time: who of them is away now is not told as lost. "
        f"{_where(that.file, that.reason)}",
        facts=Facts(account=NO_ACCOUNT, reason="memory_lost", detected=since),
    )


def store_damaged(that: DatabaseSetAside, *, since: Timestamp) -> Condition:
    """The database was found damaged while running, and another one was begun."""
    return Condition(
        alert=AlertName.STORE_DAMAGED,
        subject=DAMAGE,
        since=since,
        summary="regwatch's database was damaged while it was running: look at the disk",
        explanation="It goes on with a new one: phones, open incidents and messages that wait are "
        f"stored again, nothing of them is lost. {_what_was_kept(that)} "
        f"{_where(that.file, that.reason)}",
        facts=Facts(account=NO_ACCOUNT, reason="store_damaged", detected=since),
    )


def store_unusable(damage: str, *, since: Timestamp) -> Condition:
    """The same, and it could not be set aside."""
    return Condition(
        alert=AlertName.STORE_DAMAGED,
        subject=DAMAGE,
        since=since,
        summary="regwatch's database is damaged and cannot be set aside: nothing is stored",
        explanation=f"The reason: {damage[:200]}. Phones are watched and alerts go out all the "
        "same, but a restart would forget them. Look at the disk and at the rights to its folder.",
        facts=Facts(account=NO_ACCOUNT, reason="store_damaged", detected=since),
    )


def _what_was_kept(that: DatabaseSetAside) -> str:
    counts = [f"{that.kept[table]} {words}" for table, words in SHOWN.items() if table in that.kept]
    return f"Of the old one could be read: {', '.join(counts) if counts else 'nothing'}."


def _where(file: str, reason: str) -> str:
    return f"The old one lies at {file[:200]}, with the reason beside it: {reason[:200]}."
