"""The JSON Schema with a description at each key, from the reference of the configuration."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from regwatch.config.schema import json_schema
from regwatch.core.model import AlertName

ROW = re.compile(
    r"^\| `(?P<path>[^`]+)` \| (?P<default>.*?) \| ?(?P<meaning>.*?) ?\|$", re.MULTILINE
)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
SECTIONS = {
    "accounts": "The PBX accounts that are watched.",
    "sites": "Places, by networks or extensions.",
    "alerts": "Which alerts there are, and how severe they are.",
    "receivers": "Where messages go.",
    "routes": "Who is told of what: the first that matches.",
    "schedules": "Hours, by name.",
    "maintenance": "Windows in which nothing is told of what matches.",
    "heartbeat": "A dead-man's switch, pinged while regwatch can see and tell.",
    "http": "Where metrics, API and pages are served.",
    "storage": "Where the state is kept.",
    "metrics": "What Prometheus scrapes.",
    "log": "What is logged, and how.",
    "extensions": "Which extensions are watched.",
    "discover": "The PBX's own list of extensions; `false` turns it off.",
    "polling": "How often, and how many at once.",
    "overrides": "Other settings for some sites or extensions.",
    "basic_auth": "A user and a password.",
    "escalate": "Whom to tell if nobody acknowledges it in time.",
    "priorities": "How loud each severity is.",
    "labels": "Names and values that its alerts carry.",
    "match": "Labels and patterns; all must match.",
    "$schema": "Where an editor finds this schema.",
}
USUAL = {
    "severity": "`critical`, `warning` or `info`.",
    "for": "How long it must hold before it fires.",
    "timeout": "For one message.",
    "url": "Where it is sent to.",
    "warning": "Of what is less urgent.",
    "info": "Of what is good to know.",
    "recover_after": "How long it must be back before it is resolved.",
    "after": "How long after it appeared.",
    "at_least": "So many at the least.",
    "share": "Of all that could be.",
    "username": "Who asks.",
    "password": "With which password.",
}


def described(reference: str) -> str:
    """The schema as text; `reference` is the page that tells of each key."""
    schema = json_schema()
    meanings = {
        row["path"]: LINK.sub(r"\1", row["meaning"]).strip() for row in ROW.finditer(reference)
    }
    for path, node in _keys(schema, schema, "", ()):
        if not node.get("description"):
            node["description"] = meanings.get(path) or _usual(path)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _usual(path: str) -> str:
    key = path.rpartition(".")[2].removesuffix("[]")
    kind = path.removeprefix("receivers[].")
    if path != kind and "." not in kind:
        return f"Messages by {key}."
    if key in set(AlertName):
        return f"The alert `{key}`; `false` turns it off."
    return SECTIONS.get(key) or USUAL.get(key, "")


def _keys(
    schema: Mapping[str, Any], shape: Mapping[str, Any], prefix: str, around: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key with its path, those of shapes that are used in several places at each of them."""
    for key, node in shape.get("properties", {}).items():
        path = prefix + key
        yield path, node
        for inner, suffix in _inner(node):
            if inner not in around:
                mapping = schema["$defs"][inner]
                yield from _keys(schema, mapping, f"{path}{suffix}.", (*around, inner))


def _inner(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The shapes that a key may hold, and how its path goes on."""
    if "$ref" in node:
        yield node["$ref"].rpartition("/")[2], ""
    for variant in node.get("anyOf", []):
        yield from _inner(variant)
    if isinstance(items := node.get("items"), dict):
        yield from ((name, "[]") for name, _ in _inner(items))
    if isinstance(more := node.get("additionalProperties"), dict):
        yield from ((name, ".*") for name, _ in _inner(more))
