"""An incident in the words of Alertmanager, common to its API and to its webhook body; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from regwatch import runbooks
from regwatch.core.model import Incident, IncidentState, Timestamp
from regwatch.notify.words.first_line import first_line
from regwatch.notify.words.links import help_url

NOT_IN_LABEL_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def labels(incident: Incident) -> dict[str, str]:
    """Its labels; without empty ones, which mean the same as absent there."""
    return {_label_name(name): value for name, value in incident.labels.items() if value}


@dataclass(frozen=True, slots=True)
class Around:
    """What an incident's texts depend on besides itself."""

    external_url: str
    """Where people find regwatch's pages; may be empty."""
    zone: tzinfo
    """Of the times in texts."""
    now: Timestamp


def annotations(incident: Incident, around: Around) -> dict[str, str]:
    """Its texts: the first line of a message about it alone, what was concluded and why, what to do
    and where that stands.
    """
    is_over = is_resolved(incident)
    summary = first_line(incident, now=around.now, zone=around.zone)
    texts = {
        "summary": summary,
        "description": described(incident),
        "what_to_do": "" if is_over else runbooks.advice(incident.alert),
        "runbook_url": help_url(incident.alert, around.external_url),
    }
    return {name: text for name, text in texts.items() if text}


def described(incident: Incident) -> str:
    """What it is, in a sentence, and why that was concluded."""
    parts = (incident.summary and f"{incident.summary.rstrip('.')}.", incident.explanation)
    return " ".join(part for part in parts if part)


def is_resolved(incident: Incident) -> bool:
    """Whether it is over."""
    return incident.state is IncidentState.RESOLVED


def common(mappings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What all of them have, with the same value."""
    shared: dict[str, str] | None = None
    for mapping in mappings:
        if shared is None:
            shared = dict(mapping)
        shared = {k: v for k, v in shared.items() if mapping.get(k) == v}
    return shared or {}


def _label_name(name: str) -> str:
    cleaned = NOT_IN_LABEL_NAMES.sub("_", name)
    return f"_{cleaned}" if cleaned[:1].isdigit() else cleaned
