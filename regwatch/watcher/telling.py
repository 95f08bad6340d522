"""What is logged of an account's steps, incidents apart: those are logged with their counting."""

from collections.abc import Collection, Mapping

import structlog

from regwatch.core.bugs import Where
from regwatch.core.durations import humanise
from regwatch.core.model import AccountName, ExtensionId
from regwatch.core.outcome import Outcome
from regwatch.core.phones.crowds import MOST_REGISTRATIONS
from regwatch.core.phones.doubt import AT_LEAST
from regwatch.core.polling.pace import PaceTurn
from regwatch.guard import Bugs
from regwatch.watcher.setbacks import LISTED_IN_A_LOG_LINE, Setbacks

log = structlog.get_logger(__name__)


class Telling:
    """The log of one account."""

    def __init__(self, account: AccountName, bugs: Bugs) -> None:
        self._account = account
        self._bugs = bugs
        self._log = log.bind(account=account)
        self._setbacks = Setbacks(account, bugs)

    def tell(self, outcome: Outcome, *, answered: Collection[ExtensionId] = ()) -> None:
        """Say what is worth a line; `answered`: who was, if it came of a poll."""
        if outcome.quarantined:
            self._log.warning("extensions_quarantined", **_first_of(outcome.quarantined))
        self._setbacks.tell(outcome, answered=answered)
        self._setbacks.forget(outcome.removed)
        if outcome.crowded:
            crowded = _first_of(outcome.crowded)
            self._log.warning("registrations_too_many", **crowded, compared=MOST_REGISTRATIONS)
        if len(outcome.doubted) >= AT_LEAST:
            self._log.warning("mass_loss_doubted", extensions=len(outcome.doubted))
        if outcome.pace is not None:
            self._tell_pace(outcome.pace)
        if outcome.listed is not None:
            watched, complete = outcome.listed.watched, outcome.listed.complete
            self._log.info("extensions_listed", watched=watched, complete=complete)

    def tell_bug(self, event: str, where: Where, error: Exception) -> None:
        """Of something that is no single extension."""
        self._bugs.met(event, where, self._account, error, account=self._account)

    def tell_well(self, where: Where) -> None:
        """What met a bug there before did not this time."""
        self._bugs.mended(where, self._account)

    def _tell_pace(self, turn: PaceTurn) -> None:
        if not turn.is_slow:
            self._log.info("polling_at_full_pace", interval=humanise(turn.interval))
            return
        self._log.warning(
            "polling_slowed",
            answers_up_to=humanise(turn.sweep_seconds),
            interval=humanise(turn.interval),
            reason="the hourly request quota leaves too few requests",
        )


def _first_of(ids: Collection[ExtensionId]) -> Mapping[str, object]:
    """How many, and not more of them than a line is for."""
    return {"count": len(ids), "extension_ids": sorted(ids)[:LISTED_IN_A_LOG_LINE]}
