"""Whether the PBX's API can be seen through at all, and what is said if not."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.alerts.conditions import (
    Condition,
    api_unavailable,
    credentials_refused,
    quota_exhausted,
)
from regwatch.core.clock_steps import moved
from regwatch.core.model import AccountName, FailureReason, Timestamp

REFUSALS = frozenset({FailureReason.CREDENTIALS_REFUSED, FailureReason.ACCESS_DENIED})


class Trouble(Struct, frozen=True, gc=False):
    """Requests that bring nothing."""

    reason: FailureReason
    detail: str
    since: Timestamp


class Shortage(Struct, frozen=True, gc=False):
    """No quota left to us."""

    since: Timestamp
    until: Timestamp
    answer_age: float
    remaining: int = 0
    """Kept for other applications."""
    pause: float | None = None
    """Seconds between the requests that are made all the same; None: none is."""


class ApiHealth:
    """What the last requests of an account told about the API itself."""

    def __init__(self, account: AccountName) -> None:
        self._account = account
        self._stale_since: Timestamp | None = None
        self._repeated_since: Timestamp | None = None
        self.trouble: Trouble | None = None
        self.shortage: Shortage | None = None
        self.is_up: bool | None = None
        """Whether the last request succeeded; None before the first."""

    @property
    def is_blind(self) -> bool:
        """Whether nothing may be concluded of extensions now."""
        is_silent = self.shortage is not None and self.shortage.pause is None
        return self.trouble is not None or is_silent

    def answered(self) -> None:
        """A request brought an answer."""
        self.trouble = None
        self.is_up = True
        self._repeated_since = None

    def repeated(self, since: Timestamp) -> None:
        """A request brought the answer before once more, as others did since then."""
        self.trouble = None
        self.is_up = True
        self._repeated_since = since

    def failed(self, reason: FailureReason, detail: str, now: Timestamp) -> None:
        """A request brought nothing."""
        same = self.trouble is not None and _kind(self.trouble.reason) == _kind(reason)
        since = self.trouble.since if same and self.trouble else now
        self.trouble = Trouble(reason, detail, since)
        self.is_up = False

    def quota(self, shortage: Shortage | None) -> None:
        """The quota leaves us so little; None: enough again."""
        if shortage is not None and self.shortage is not None:
            shortage = replace(shortage, since=self.shortage.since)
        self.shortage = shortage

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds."""
        self.trouble, self.shortage = moved(self.trouble, by), moved(self.shortage, by)
        if self._stale_since is not None:
            self._stale_since = Timestamp(self._stale_since + by)
        if self._repeated_since is not None:
            self._repeated_since = Timestamp(self._repeated_since + by)

    def conditions(
        self, *, stale: int, unconfirmed: int = 0, now: Timestamp
    ) -> Iterator[tuple[str, Condition | None]]:
        """What holds of the three conditions of the API. Each explains the ones after it: who
        is refused, or has no quota left, is not told besides that nothing is answered. What is not
        known yet is left out: a start in the midst of an outage does not end it.
        """
        if self.is_up is None and self.shortage is None:
            return
        refused = self._refused()
        short = None if refused else self._short()
        # Answers that grew old for a known cause say nothing of the API: once that is over, they
        # are renewed within a sweep.
        is_unexplained = bool(stale) and not refused and not short
        self._stale_since = (self._stale_since or now) if is_unexplained else None
        yield "credentials", refused
        if short or not self._is_used_up:  # until when, is found out next
            yield "quota", short
        yield "api", None if refused or short else self._unavailable(stale, unconfirmed)

    @property
    def _is_used_up(self) -> bool:
        trouble = self.trouble
        return trouble is not None and trouble.reason is FailureReason.QUOTA_EXHAUSTED

    def _refused(self) -> Condition | None:
        trouble = self.trouble
        if trouble is None or trouble.reason not in REFUSALS:
            return None
        return credentials_refused(
            self._account, since=trouble.since, reason=trouble.reason, detail=trouble.detail
        )

    def _short(self) -> Condition | None:
        if self.shortage is None:
            return None
        return quota_exhausted(
            self._account,
            since=self.shortage.since,
            until=self.shortage.until,
            answer_age=self.shortage.answer_age,
            remaining=self.shortage.remaining,
            pause=self.shortage.pause,
        )

    def _unavailable(self, stale: int, unconfirmed: int) -> Condition | None:
        trouble = self.trouble
        if trouble is not None and not self._is_used_up:
            return api_unavailable(
                self._account,
                since=trouble.since,
                reason=trouble.reason,
                stale=stale,
                unconfirmed=unconfirmed,
            )
        if self._stale_since is None:
            return None
        reason = trouble.reason if trouble else FailureReason.BAD_ANSWER
        since = self._stale_since
        if self._repeated_since is not None:
            reason, since = FailureReason.FROZEN_ANSWERS, self._repeated_since
        return api_unavailable(self._account, since=since, reason=reason, stale=stale)


def _kind(reason: FailureReason) -> str:
    """Reasons that are one outage for a person: it does not begin anew as its symptom changes."""
    if reason in REFUSALS:
        return "refused"
    return "exhausted" if reason is FailureReason.QUOTA_EXHAUSTED else "unavailable"
