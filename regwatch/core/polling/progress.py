"""Whether polls come and end in their time: what the service manager's watchdog is told of, and the
dead-man's switch.
"""

from regwatch.core.model import LONG_AGO, Instant

GRACE_SECONDS = 180.0
"""How much later than planned a poll may come to its end before polling counts as stalled. Far
above any sum of timeouts: beyond it something hangs that should not."""


class Progress:
    """How far an account's polling has got."""

    def __init__(self) -> None:
        self._due_at: Instant | None = None
        self.whole_poll_at: Instant | None = None
        """When the PBX last answered a request for all that was asked."""

    def expect(self, at: Instant) -> None:
        """The next poll is to come then, or the last one came to its end then."""
        self._due_at = Instant(at + GRACE_SECONDS)

    def expect_nothing(self) -> None:
        """There is nobody to be asked."""
        self._due_at = None

    def lose(self) -> None:
        """The next poll is planned too far ahead: the plan has lost its way."""
        self._due_at = Instant(LONG_AGO)

    def slept(self, seconds: float) -> None:
        """Nobody looked for so long: what was due then is late by that."""
        if self._due_at is not None:
            self._due_at = Instant(self._due_at + seconds)

    def is_stalled(self, *, now: Instant) -> bool:
        """Whether neither a poll ended nor one was planned for far too long."""
        return self._due_at is not None and now > self._due_at
