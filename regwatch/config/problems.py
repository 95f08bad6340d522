"""What is wrong with a configuration, said so that it can be mended at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

Location = tuple[str | int, ...]
"""Where in the file: keys and list positions from the top."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, or worth saying, at one place."""

    file: Path
    line: int | None
    """Counted from 1; None if it concerns the file as a whole."""
    path: str
    """`accounts[0].polling.interval`; empty for the file as a whole."""
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line is not None else str(self.file)
        path = f"{self.path}: " if self.path else ""
        advice = f" ({self.suggestion})" if self.suggestion else ""
        return f"{where}: {path}{self.message}{advice}"


class ConfigError(Exception):
    """The configuration cannot be used; carries everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def written(location: Location) -> str:
    """A location as people write it."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else step
    return path


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The nearest of the known words; all of them if none is near and they are few."""
    known = sorted(known)
    if near := get_close_matches(word, known, n=1, cutoff=0.6):
        return f"did you mean `{near[0]}`?"
    if known and len(known) <= 12:
        return "one of " + ", ".join(f"`{each}`" for each in known)
    return None
