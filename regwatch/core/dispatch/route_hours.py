"""Which routes are open at a moment, and when that changes next."""

from collections.abc import Sequence

from regwatch.core.dispatch.routing import Route
from regwatch.core.model import FAR_OFF, LONG_AGO, Timestamp
from regwatch.core.schedules import turns_at


class RouteHours:
    """Of all routes, in order; those without hours are always open."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)
        self.open: tuple[Route, ...] = tuple(each for each in routes if each.active is None)
        """Those that match, as was looked last."""
        self.turns_at = Timestamp(FAR_OFF if len(self.open) == len(self._routes) else LONG_AGO)
        self._since = Timestamp(LONG_AGO)

    @property
    def any(self) -> bool:
        """Whether any route has hours."""
        return any(route.active is not None for route in self._routes)

    def at(self, at: Timestamp) -> Sequence[Route]:
        """Those that match at that moment."""
        return tuple(route for route in self._routes if route.is_open(now=at))

    def look(self, now: Timestamp) -> bool:
        """Whether others are open now than when this was asked last."""
        if self._since <= now < self.turns_at:
            return False
        former, self.open = self.open, tuple(self.at(now))
        hours = (route.active for route in self._routes if route.active is not None)
        turns = (at for each in hours if (at := turns_at(each, now)) is not None)
        self.turns_at, self._since = min(turns, default=Timestamp(FAR_OFF)), now
        return list(map(id, former)) != list(map(id, self.open))
