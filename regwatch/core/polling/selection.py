"""Which extensions of an account are watched."""

from collections.abc import Container
from dataclasses import dataclass

from regwatch.core.matchers import names_extension
from regwatch.core.model import Extension, ExtensionId


@dataclass(frozen=True, slots=True)
class Discovery:
    """What is taken of the PBX's own list, and how often it is read."""

    type: str | None = "phone"
    status: str | None = "active"
    every_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Selection:
    """Explicit ids, the PBX's own list, or both; less the excluded ones."""

    ids: frozenset[ExtensionId] = frozenset()
    discovery: Discovery | None = None
    exclude: tuple[str, ...] = ()

    def wants(self, extension: Extension) -> bool:
        """Whether an extension of the PBX's list is watched."""
        return extension.id in self.ids or not any(
            names_extension(pattern, extension) for pattern in self.exclude
        )

    def unlisted(self, listed: Container[ExtensionId]) -> list[Extension]:
        """The explicit ids that a list does not name: they are watched all the same."""
        return [Extension(i, "") for i in sorted(self.ids) if i not in listed]
