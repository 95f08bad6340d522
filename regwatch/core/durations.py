"""Durations in words."""

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def humanise(seconds: float) -> str:
    """The two largest units that matter: `2 h 5 min`, `45 s`; never negative."""
    left = max(0, round(seconds))
    for index, (unit, size) in enumerate(UNITS[:-1]):
        if left >= size:
            smaller, its_size = UNITS[index + 1]
            rest = left % size // its_size
            return f"{left // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{left} s"
