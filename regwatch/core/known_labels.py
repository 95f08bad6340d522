"""Which labels alerts can have, and of some of them every value: what a matcher may say.

Another name, or a pattern that none of the known values fits, can never match: it is a slip of the
pen, and who wrote it believes that something is silenced, or told.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from regwatch.core.matchers import Matchers, names_alert, text_matches
from regwatch.core.model import AlertName, Severity
from regwatch.core.suggestions import did_you_mean

ALERT_LABELS = ("alert", "alertname")
CONFIGURED = ("severity", "account", "site", "receiver")
"""Labels whose values the configuration knows."""
UNKNOWN_BEFOREHAND = ("place", "extension", "extension_id", "device", "group")
"""Labels whose values only the PBX knows."""
TOLD_ONLY = ("registration_id", "instance")
"""Labels that messages carry, and nothing is matched by."""
OWN_LABELS = frozenset((*ALERT_LABELS, *CONFIGURED, *UNKNOWN_BEFOREHAND, *TOLD_ONLY))
"""All that are regwatch's own: no site may have one of these names."""
ABSENT = ""
"""What a label that an alert does not have is matched as."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something in a matcher that no alert can have."""

    label: str
    pattern: str | None
    """None: the label itself."""
    suggestion: str | None

    @property
    def message(self) -> str:
        """In plain words."""
        if self.pattern is None:
            return f"no alert has a label `{self.label}`"
        return f"no `{self.label}` matches `{self.pattern}`"

    def __str__(self) -> str:
        return f"{self.message} ({self.suggestion})" if self.suggestion else self.message


class KnownLabels:
    """The labels of one configuration."""

    def __init__(
        self,
        *,
        accounts: Collection[str],
        receivers: Collection[str],
        sites: Mapping[str, Mapping[str, str]],
    ) -> None:
        """`sites`: the labels of each."""
        severities = {severity.value for severity in Severity}
        configured = (severities, {ABSENT, *accounts}, {ABSENT, *sites}, {ABSENT, *receivers})
        self._values: dict[str, set[str] | None] = {
            **dict(zip(CONFIGURED, configured, strict=True)),
            **{label: set() for label in ALERT_LABELS},
            **dict.fromkeys(UNKNOWN_BEFOREHAND),
        }
        for labels in sites.values():
            for name, value in labels.items():
                values = self._values.setdefault(name, {ABSENT})
                if values is not None:
                    values.add(value)

    def mismatches(self, match: Mapping[str, Sequence[str]]) -> Iterator[Mismatch]:
        """Everything in it that can never match."""
        for label, patterns in match.items():
            if label not in self._values:
                yield self._unknown(label)
                continue
            yield from (
                Mismatch(label, pattern, self._nearest(label, pattern))
                for pattern in patterns
                if not self._may_match(label, pattern)
            )

    def mismatch(self, matchers: Matchers) -> Mismatch | None:
        """The first of them."""
        return next(self.mismatches(dict(matchers.clauses)), None)

    def unknown_names(self, names: Sequence[str]) -> Iterator[tuple[int, Mismatch]]:
        """Those that no alert has, each with its position."""
        for index, name in enumerate(names):
            if name not in self._values:
                yield index, self._unknown(name)

    def _unknown(self, label: str) -> Mismatch:
        return Mismatch(label, None, did_you_mean(label, self._values))

    def _may_match(self, label: str, pattern: str) -> bool:
        values = self._values[label]
        if values is None or any(text_matches(pattern, value) for value in values):
            return True
        return label in ALERT_LABELS and any(names_alert(pattern, a.alertname) for a in AlertName)

    def _nearest(self, label: str, pattern: str) -> str | None:
        known = set(self._values[label] or ()) - {ABSENT}
        if label in ALERT_LABELS:
            is_long = pattern.startswith("Regwatch")
            known |= {alert.alertname if is_long else alert.value for alert in AlertName}
        return did_you_mean(pattern, known)
