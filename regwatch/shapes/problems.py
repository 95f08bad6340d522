"""What is wrong with a configuration, said so that it can be mended at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regwatch.core.outside import made_safe

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
    excerpt: Sequence[str] = ()
    """The place in the file, as lines; without secrets."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line is not None else str(self.file)
        path = f"{self.path}: " if self.path else ""
        advice = f" ({self.suggestion})" if self.suggestion else ""
        return made_safe(f"{where}: {path}{self.message}{advice}")


class ConfigError(Exception):
    """The configuration cannot be used; carries everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(line for each in self.problems for line in lines_of(each)))


def lines_of(problem: Problem) -> Sequence[str]:
    """It, and below it the place."""
    return [str(problem), *(f"    {made_safe(line)}" for line in problem.excerpt)]


def written(location: Location) -> str:
    """A location as people write it."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else step
    return path
