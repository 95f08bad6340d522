"""What is accepted in the file though this version does not act on it: said, never passed over.

Take a line out of the table when the version learns to act on it.
"""

from collections.abc import Iterator, Mapping

from regwatch.config.problems import Problem
from regwatch.config.source import Source

NOT_YET = "accepted, but this version does not act on it yet"
TOP = ("schedules", "maintenance", "heartbeat")
ALERTS = ("overrides",)
EXTENSIONS = ("expected", "overrides")


def notices(source: Source) -> Iterator[Problem]:
    """A notice for each such key that the file sets."""
    top = source.values if isinstance(source.values, Mapping) else {}
    for key in TOP:
        if key in top:
            yield source.problem((key,), NOT_YET)
    for key in ALERTS:
        if isinstance(alerts := top.get("alerts"), Mapping) and key in alerts:
            yield source.problem(("alerts", key), NOT_YET)
    for index, account in enumerate(top.get("accounts") or ()):
        extensions = account.get("extensions") if isinstance(account, Mapping) else None
        for key in EXTENSIONS:
            if isinstance(extensions, Mapping) and key in extensions:
                yield source.problem(("accounts", index, "extensions", key), NOT_YET)
    for index, receiver in enumerate(top.get("receivers") or ()):
        if isinstance(receiver, Mapping) and "fallback" in receiver:
            yield source.problem(("receivers", index, "fallback"), NOT_YET)
