"""Which extensions of an account are watched."""

from dataclasses import dataclass

from regwatch.core.matchers import names_extension
from regwatch.core.model import Extension, ExtensionId, Listing
from regwatch.core.roster import Roster


@dataclass(frozen=True, slots=True)
class Discovery:
    """What is taken of the PBX's own list, and how often it is read."""

    type: str | None = "phone"
    status: str | None = "active"
    every_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Selection:
    """Explicit ids, the PBX's own list, or both; less the excluded ones."""

    ids: tuple[ExtensionId, ...] = ()
    discovery: Discovery | None = None
    exclude: tuple[str, ...] = ()

    def of(self, listing: Listing, roster: Roster) -> Listing:
        """What is watched of a list. The explicit ids are, whether it names them or not."""
        listed = {extension.id: extension for extension in listing.extensions}
        chosen = {i: e for i, e in listed.items() if not self._excludes(e)}
        for extension_id in self.ids:
            chosen[extension_id] = listed.get(extension_id) or _known(extension_id, roster)
        return Listing(tuple(chosen.values()), listing.complete)

    def _excludes(self, extension: Extension) -> bool:
        return any(names_extension(pattern, extension) for pattern in self.exclude)


def _known(extension_id: ExtensionId, roster: Roster) -> Extension:
    watched = roster.by_id.get(extension_id)
    return watched.extension if watched else Extension(extension_id, "")
