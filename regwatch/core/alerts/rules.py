"""Which alert policies hold for a subject: those of the config, with its overrides by site or
extension.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from regwatch.core.alerts.incidents import AlertPolicies, AlertPolicy
from regwatch.core.matchers import Matchers
from regwatch.core.model import AlertName, Facts

REMEMBERED = 10_000
"""How many subjects' rules stay at hand; bounds memory, not correctness."""


class Rules(Struct, frozen=True):
    """What holds for a subject."""

    policies: AlertPolicies
    recover_after: float = 0.0
    """Seconds it must be well again before it is resolved."""


class Override(Struct, frozen=True):
    """Other policies for what the matchers match."""

    matchers: Matchers
    policies: Mapping[AlertName, AlertPolicy | None]
    """None: switched off there. An alert that is absent is as everywhere else."""
    recover_after: float | None = None


class AlertRules:
    """The rules of every subject. Of several overrides that match, the first to say something of
    an alert is followed.
    """

    def __init__(self, rest: Rules, overrides: Sequence[Override] = ()) -> None:
        self._rest = rest
        self._overrides = tuple(overrides)
        self._known: dict[tuple[object, ...], Rules] = {}

    def of(self, facts: Facts) -> Rules:
        """What holds for a subject with these facts."""
        if not self._overrides:
            return self._rest
        key = (facts.account, facts.site, facts.extension_id, facts.extension)
        rules = self._known.get(key)
        if rules is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            rules = self._known[key] = self._find(facts)
        return rules

    def _find(self, facts: Facts) -> Rules:
        labels = _labels(facts)
        policies: dict[AlertName, AlertPolicy | None] = {}
        recover_after: float | None = None
        for each in self._overrides:
            if each.matchers.matches(labels):
                policies = {**each.policies, **policies}
                recover_after = each.recover_after if recover_after is None else recover_after
        merged = {**self._rest.policies, **policies}
        on = {alert: policy for alert, policy in merged.items() if policy is not None}
        return Rules(on, self._rest.recover_after if recover_after is None else recover_after)


def _labels(facts: Facts) -> dict[str, str]:
    labels = {"account": str(facts.account), "site": facts.site}
    if facts.extension_id is not None:
        labels |= {"extension_id": str(facts.extension_id), "extension": facts.extension}
    return labels
