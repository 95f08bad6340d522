"""How much an object holds, by the way that leads there: what grows for ever shows by name."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any

OURS = "regwatch."


def holdings(root: object) -> Counter[str]:
    """How many values the containers of each attribute hold, below this object; what is held by
    two ways is counted on the first.
    """
    found: Counter[str] = Counter()
    seen: set[int] = set()
    waiting: deque[tuple[str, Any]] = deque([("", root)])
    while waiting:
        path, value = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Mapping):
            found[path] += len(value)
            waiting += ((f"{path}{{}}", each) for each in (*value.keys(), *value.values()))
        elif isinstance(value, (list, set, frozenset, tuple, deque)):
            found[path] += len(value)
            waiting += ((f"{path}[]", each) for each in value)
        elif type(value).__module__.startswith(OURS):
            waiting += ((f"{path}.{name}", each) for name, each in attributes(value))
    return found


def attributes(value: object) -> Iterator[tuple[str, Any]]:
    """All that an object has, by name."""
    yield from getattr(value, "__dict__", {}).items()
    slots = (kind.__dict__.get("__slots__", ()) for kind in type(value).__mro__)
    names = {name for each in slots for name in each if not name.startswith("__")}
    for name in sorted(names.union(getattr(type(value), "__struct_fields__", ()))):
        if hasattr(value, name):
            yield name, getattr(value, name)


def grown(before: Counter[str], after: Counter[str], *, share: float = 0.02) -> dict[str, str]:
    """What holds more by more than that share, and by more than a few."""
    return {
        path: f"{before[path]} -> {number}"
        for path, number in after.items()
        if number > before[path] * (1 + share) + 5
    }
