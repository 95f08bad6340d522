"""Recorded answers through the real core: what would have been sent, and when. Nothing is stored,
and nobody is told.
"""

import sys
from collections.abc import Iterable, Iterator

from regwatch.app.settings.clients import selection
from regwatch.app.settings.policies import expectations, maintenance, monitor_policy, routes, sites
from regwatch.config import Config
from regwatch.config.sections import AccountShape
from regwatch.core.account import Account
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.model import (
    AccountName,
    BatchAnswer,
    Extension,
    Instant,
    Listing,
    Notification,
    Now,
    Timestamp,
)
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy
from regwatch.core.polling.selection import Selection
from regwatch.core.recording import Recorded
from regwatch.core.steps import Failure

TICK_SECONDS = 5.0
AFTERMATH = 60.0
"""Seconds after the last answer in which what was held back is still told."""


class UnknownAccountError(Exception):
    """The record speaks of an account that the configuration does not have."""


AS_RECORDED = PollingPolicy(interval=0.0, batch_size=sys.maxsize)
"""Nobody is asked: who was, and when, stands in the record. So no pace makes an answer old."""


class Replay:
    """One pass over a record."""

    def __init__(self, config: Config) -> None:
        self._grouping = Grouping(routes(config))
        self._selections = {AccountName(a.name): selection(a) for a in config.accounts}
        mutes = Mutes(maintenance(config))
        accounts = (_account(config, shape, mutes) for shape in config.accounts)
        self._accounts = {account.name: account for account in accounts}
        self._now: Timestamp | None = None

    def play(self, records: Iterable[Recorded]) -> Iterator[Notification]:
        """The messages in their order; raises `UnknownAccountError`."""
        for recorded in records:
            yield from self._let_pass(recorded.at)
            self._take(recorded)
        if self._now is not None:
            yield from self._let_pass(Timestamp(self._now + AFTERMATH))

    def _let_pass(self, until: Timestamp) -> Iterator[Notification]:
        now = until if self._now is None else self._now
        while now < until:
            due_at = self._grouping.next_due_at() or until
            now = Timestamp(min(until, max(due_at, now + 0.001), now + TICK_SECONDS))
            yield from self._tick(now)
        self._now = until

    def _tick(self, now: Timestamp) -> Iterator[Notification]:
        for account in self._accounts.values():
            self._note(account.tick(now=_on_both_clocks(now)), now)
        for message in self._grouping.due(now=now):
            self._grouping.queued(message, now=now)
            yield message

    def _take(self, recorded: Recorded) -> None:
        account, at = self._accounts.get(recorded.account), recorded.at
        if account is None:
            raise UnknownAccountError(recorded.account)
        for outcome in self._outcomes(account, recorded, _on_both_clocks(at)):
            self._note(outcome, at)

    def _outcomes(self, account: Account, recorded: Recorded, now: Now) -> Iterator[Outcome]:
        if recorded.listing is not None:
            chosen = _chosen(recorded.listing, self._selections[account.name], account)
            yield from account.listed(chosen, now=now)
        if recorded.batch is not None:
            yield from account.listed(_unlisted(recorded.batch, account), now=now)
            yield account.answered(recorded.batch, now=now)
        if recorded.failure is not None:
            failure = Failure(recorded.failure, recorded.detail)
            yield account.failed(Ask(()), failure, now=now)

    def _note(self, outcome: Outcome, now: Timestamp) -> None:
        for incident in {i.id: i for i in outcome.incidents}.values():
            self._grouping.take(incident, now=now)


def _account(config: Config, shape: AccountShape, mutes: Mutes) -> Account:
    monitor = Monitor(
        AccountName(shape.name),
        monitor_policy(config, shape),
        sites(config.sites),
        expectations=expectations(config, shape),
        mutes=mutes,
    )
    return Account(monitor, Planner(AS_RECORDED), Selection())


def _on_both_clocks(at: Timestamp) -> Now:
    """Nobody sets the clock of a record."""
    return Now(Instant(at), at)


def _chosen(listing: Listing, selection: Selection, account: Account) -> Listing:
    """What of a list is watched. An explicit id that it does not name is, if it was asked for: one
    that the configuration has and the record has not would only grow old.
    """
    known = account.monitor.roster.by_id
    unlisted = selection.unlisted({extension.id for extension in listing.extensions})
    asked = (known[each.id].extension for each in unlisted if each.id in known)
    wanted = (extension for extension in listing.extensions if selection.wants(extension))
    return Listing((*wanted, *asked), listing.complete)


def _unlisted(batch: BatchAnswer, account: Account) -> Listing:
    """A record may begin after the list was read: who is asked for is watched."""
    known = account.monitor.roster.by_id
    new = (Extension(i, "") for i in batch.asked if i not in known)
    return Listing(tuple(new), complete=False)
