"""An incident in the words of Alertmanager, common to its API and to its webhook body; pure."""

import re
from collections.abc import Iterable, Mapping

from regwatch.core.model import Incident, IncidentState

NOT_IN_LABEL_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def labels(incident: Incident) -> dict[str, str]:
    """Its labels; without empty ones, which mean the same as absent there."""
    return {_label_name(name): value for name, value in incident.labels.items() if value}


def annotations(incident: Incident) -> dict[str, str]:
    """Its texts."""
    texts = {"summary": incident.summary, "description": incident.explanation}
    return {name: text for name, text in texts.items() if text}


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
