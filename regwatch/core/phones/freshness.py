"""Whether an answer is a new one, or the one before once more: from a cache, or from a replica that
stands still.

    every registration of it has as many seconds left as in the answer before, to the second, though
    5 s or more have passed; it shows three extensions at least; and seconds were seen to fall at
    this PBX within a day                                                        REPEATED
    else                                                                         FRESH

Where `expires` is a date, what is left falls in healthy answers and in frozen ones: nothing can be
told there. Where it is always the lease granted, it never falls: nothing is concluded from that.
Permanent registrations say nothing. Healthy phones that are asked right after their refresh look
alike one by one, never all of an answer.
"""

from collections.abc import Iterator, Mapping

from regwatch.core.model import Answer, ExtensionId, Timestamp, Watched

LEAST_SECONDS = 5.0
"""Between two answers that can be compared: `expires` counts whole seconds."""
LEAST_EXTENSIONS = 3
FALL = 1.0
"""So many seconds less are left: it counts down."""
ROUNDING = 0.01
DAY = 86_400.0


class Freshness:
    """The answers of one account."""

    def __init__(self) -> None:
        self._fell_at: Timestamp | None = None
        self.repeated_since: Timestamp | None = None
        """Since when its answers repeat; None: the latest one was fresh."""

    def is_repeated(
        self,
        answers: Mapping[ExtensionId, Answer],
        watched: Mapping[ExtensionId, Watched],
        *,
        now: Timestamp,
    ) -> bool:
        """Whether it is the answer before once more."""
        counted = 0
        for answer in answers.values():
            known = watched.get(answer.extension_id)
            is_like_before = None if known is None else self._is_like_before(answer, known)
            if is_like_before is False:
                self.repeated_since = None
                return False
            counted += is_like_before is True
        can_be_told = self._fell_at is not None and now - self._fell_at < DAY
        if counted < LEAST_EXTENSIONS or not can_be_told:
            return False
        self.repeated_since = self.repeated_since or now
        return True

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        if self._fell_at is not None:
            self._fell_at = Timestamp(self._fell_at + by)
        if self.repeated_since is not None:
            self.repeated_since = Timestamp(self.repeated_since + by)

    def _is_like_before(self, answer: Answer, known: Watched) -> bool | None:
        """None: it tells nothing."""
        before = known.answered_at
        if before is None or answer.answered_at - before < LEAST_SECONDS:
            return None
        if len(answer.registrations) != len(known.registrations):
            return False
        is_like = None
        for fallen in _fallen(answer, known, before):
            if fallen is None or abs(fallen) > ROUNDING:
                if fallen is not None and fallen > FALL:
                    self._fell_at = answer.answered_at
                return False
            is_like = True
        return is_like


def _fallen(answer: Answer, known: Watched, before: Timestamp) -> Iterator[float | None]:
    """By how many seconds less is left of each registration; None: it is another one."""
    held = {registration.id: registration.lease_ends_at for registration in known.registrations}
    for registration in answer.registrations:
        if registration.id not in held:
            yield None
            continue
        then, now = held[registration.id], registration.lease_ends_at
        if then is not None and now is not None:
            yield (then - before) - (now - answer.answered_at)
