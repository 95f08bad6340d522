"""What the HTTP side sees of the parts that run."""

from collections.abc import Mapping, Sequence

from regwatch.clock import Clock
from regwatch.core.account import Account
from regwatch.core.alerts.conditions import API_WORDS, quota_words
from regwatch.core.model import (
    AccountName,
    ExtensionId,
    ExtensionState,
    Quota,
    Timestamp,
    Watched,
)
from regwatch.core.phones.warned import Outcomes
from regwatch.core.polling.agenda import Purpose
from regwatch.sources.source import Connection


class AccountSight:
    """One account, as `web.views.AccountView` wants it."""

    def __init__(self, account: Account, client: Connection, *, clock: Clock) -> None:
        self._account = account
        self._client = client
        self._clock = clock

    @property
    def name(self) -> AccountName:
        """The account's name."""
        return self._account.monitor.account

    def watched(self) -> Mapping[ExtensionId, Watched]:
        """All extensions, as the monitor holds them."""
        return self._account.monitor.roster.by_id

    def counts(self) -> Mapping[tuple[str, ExtensionState], int]:
        """How many extensions by site and state."""
        return self._account.monitor.roster.states

    def registration_counts(self) -> Mapping[str, int]:
        """How many active registrations by site."""
        return self._account.monitor.roster.registrations

    @property
    def sites(self) -> Sequence[str]:
        """The configured sites, and none."""
        return ("", *self._account.monitor.sites.names)

    @property
    def quota(self) -> Quota | None:
        """The quota as the last answer's headers told it."""
        return self._client.quota

    @property
    def api_up(self) -> bool | None:
        """Whether the last request succeeded."""
        return self._account.monitor.health.is_up

    @property
    def oldest_answer_at(self) -> Timestamp | None:
        """When the longest-unanswered extension was last answered."""
        return self._account.monitor.roster.oldest_answer_at()

    @property
    def sweep_seconds(self) -> float:
        """How long a sweep takes at the present pace."""
        return self._account.sweep_seconds

    @property
    def ids_asked(self) -> Mapping[Purpose, int]:
        """For what extensions were asked since the start, how often."""
        return self._account.ids_asked

    @property
    def warnings(self) -> Outcomes:
        """What became of the last warnings of a missing refresh."""
        return self._account.monitor.record.outcomes

    def expects(self, watched: Watched) -> bool:
        """Whether it is expected to be registered at this hour."""
        expectations = self._account.monitor.expectations
        return expectations.since(watched.extension, now=self._clock()) is not None

    @property
    def first_sweep_done(self) -> bool:
        """Whether every extension was asked for since the start."""
        return self._account.first_sweep_done

    @property
    def api_problem(self) -> str:
        """What is wrong with the API, in one line."""
        health = self._account.monitor.health
        if health.shortage is not None:
            return f"the request quota is {quota_words(health.shortage.remaining)}"
        if health.trouble is None:
            return ""
        detail = health.trouble.detail
        words = API_WORDS[health.trouble.reason]
        return f"{words}: {detail}" if detail else words
