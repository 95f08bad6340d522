"""Whether everybody was asked for since the start: until then, what is shown is what was stored."""

from collections.abc import Iterable

from regwatch.core.model import ExtensionId


class FirstSweep:
    """Who is still to be asked for. Done once the list is known and nobody is left; what is watched
    later is no part of it.
    """

    def __init__(self) -> None:
        self.is_done = False
        self.list_is_known = False
        self._awaited: set[ExtensionId] = set()

    def wait_for(self, ids: Iterable[ExtensionId]) -> None:
        """These are watched now."""
        if not self.is_done:
            self._awaited.update(ids)

    def cross_off(self, ids: Iterable[ExtensionId]) -> None:
        """These were asked for, or are watched no more."""
        self._awaited.difference_update(ids)

    def ends(self) -> bool:
        """Whether it is done with this; said once."""
        if self.is_done or self._awaited or not self.list_is_known:
            return False
        self.is_done = True
        return True
