"""What is accepted in the file though this version does not act on it: said, never passed over.

Take a line out of the table when the version learns to act on it.
"""

from collections.abc import Iterator, Mapping

from regwatch.config.problems import Problem
from regwatch.config.source import Source

NOT_YET = "accepted, but this version does not act on it yet"
TOP = ("heartbeat",)


def notices(source: Source) -> Iterator[Problem]:
    """A notice for each such key that the file sets."""
    top = source.values if isinstance(source.values, Mapping) else {}
    for key in TOP:
        if key in top:
            yield source.problem((key,), NOT_YET)
    for index, receiver in enumerate(top.get("receivers") or ()):
        if isinstance(receiver, Mapping) and "fallback" in receiver:
            yield source.problem(("receivers", index, "fallback"), NOT_YET)
