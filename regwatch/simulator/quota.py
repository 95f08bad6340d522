"""The hourly quota, counted by clock hour and shared by all of the customer's applications."""

from collections.abc import Mapping

HOUR = 3600.0


class HourlyQuota:
    """Requests counted against a limit."""

    def __init__(self, limit: int, used_by_others: int) -> None:
        self.limit = limit
        self.used_by_others = used_by_others
        self._hour = -1
        self._used = 0

    def take(self, now: float) -> bool:
        """Count one request; False if none is left."""
        self._roll(now)
        if self._used >= self.limit:
            return False
        self._used += 1
        return True

    def use(self, used: int, now: float) -> None:
        """Set how many are used in this hour."""
        self._roll(now)
        self._used = used

    def used(self, now: float) -> int:
        """How many are used in this hour."""
        self._roll(now)
        return self._used

    def _roll(self, now: float) -> None:
        hour = int(now // HOUR)
        if hour != self._hour:
            self._hour, self._used = hour, self.used_by_others

    def headers(self, form: str, now: float, lower_limit: int = 0) -> Mapping[str, str]:
        """As they come with every answer."""
        if form == "missing":
            return {}
        if form == "garbage":
            names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
            return dict.fromkeys(names, "many")
        limit = min(self.limit, lower_limit) if lower_limit else self.limit
        reset = (now // HOUR + 1) * HOUR
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - self.used(now))),
            "X-RateLimit-Reset": str(int(reset if form == "epoch" else reset - now)),
        }
