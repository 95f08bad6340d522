"""Registrations that somebody deletes through us: their absence is our doing, for a while.

An announcement is a promise that may not be kept: the PBX refuses, the network fails. It is
forgotten when the registration is seen to be there still, and in any case within the hour, so that
it never excuses a true loss later.
"""

from collections.abc import Container, Iterable

from regwatch.core.model import Answer, RegistrationId, Timestamp

SETTLING_SECONDS = 60.0
"""So long after an announcement a registration may be there still: the DELETE is under way."""
LONGEST_SECONDS = 3600.0
"""For where requests are so few that nobody is asked sooner."""


class Deletions:
    """What was announced, and when."""

    def __init__(self) -> None:
        self._announced_at: dict[RegistrationId, Timestamp] = {}
        """The oldest first."""

    def __len__(self) -> int:
        return len(self._announced_at)

    def announced(self, registrations: Iterable[RegistrationId], *, now: Timestamp) -> None:
        """Somebody is about to delete these."""
        self.ended(registrations := list(registrations))
        self._announced_at.update(dict.fromkeys(registrations, now))
        self._forget_old(now)

    def ended(self, registrations: Iterable[RegistrationId]) -> None:
        """They are gone as announced, or will not be."""
        for each in registrations:
            self._announced_at.pop(each, None)

    def excusing(self, answer: Answer) -> Container[RegistrationId]:
        """Whose absence from this answer is our doing; what it shows in spite of its announcement
        was not deleted.
        """
        if not self._announced_at:
            return ()
        now = answer.answered_at
        self._forget_old(now)
        for each in answer.registrations:
            announced_at = self._announced_at.get(each.id, now)
            if now > announced_at + SETTLING_SECONDS:
                self.ended([each.id])
        return self._announced_at.keys()

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds, or back if less than none."""
        shifted = {i: Timestamp(at + by) for i, at in self._announced_at.items()}
        self._announced_at = shifted

    def _forget_old(self, now: Timestamp) -> None:
        while self._announced_at:
            oldest = next(iter(self._announced_at))
            if now <= self._announced_at[oldest] + LONGEST_SECONDS:
                return
            del self._announced_at[oldest]
