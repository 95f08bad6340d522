"""Which incidents or extensions a pattern names: exact text, or a glob (`?`, `*`, `[…]`).

A full name such as `000*101` holds a literal `*`. Hence exact equality always matches first, and in
an extension's pattern the first `*` that has something on both sides is that separator, and no
wildcard: `000*1??` names `000*101` but not `000*2101`. Any other `*` is one: `000*`, `*101`, `*`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from regwatch.core.model import Extension, ExtensionId

WILDCARDS = frozenset("*?[")


def text_matches(pattern: str, text: str) -> bool:
    """Whether a pattern, exact or glob, names this text; case matters."""
    return pattern == text or (not WILDCARDS.isdisjoint(pattern) and fnmatchcase(text, pattern))


def is_named(extension: Extension, reference: str) -> bool:
    """Whether a person means this one, by its id, full name or short number; no pattern."""
    wanted = reference.split("@", 1)[0]
    name = extension.name.split("@", 1)[0]
    return bool(wanted) and wanted in (str(extension.id), name, extension.number)


def names_extension(pattern: str, extension: Extension) -> bool:
    """Whether a pattern names an extension by its id, full name or short number.

    `@domain` is ignored on both sides; globs apply to names and numbers, never to ids.
    """
    if is_named(extension, pattern):
        return True
    wanted, name = pattern.split("@", 1)[0], extension.name.split("@", 1)[0]
    if WILDCARDS.isdisjoint(wanted) or not name:
        return False
    glob = _with_separator(wanted)
    return fnmatchcase(name, glob) or fnmatchcase(extension.number, glob)


def _with_separator(pattern: str) -> str:
    """Escape the `*` that divides a full name, so that a glob takes it literally."""
    head, star, tail = pattern.partition("*")
    return f"{head}[*]{tail}" if head and star and tail else pattern


@dataclass(frozen=True, slots=True)
class Matchers:
    """Conditions on labels, all of which must hold; none at all match everything."""

    clauses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Label name, and the patterns of which one must match."""

    @classmethod
    def of(cls, match: Mapping[str, str | Sequence[str]]) -> "Matchers":
        """From a `match:` of the config; `alert` and `alertname` match by either spelling."""
        clauses = ((name, (v,) if isinstance(v, str) else tuple(v)) for name, v in match.items())
        return cls(tuple(sorted(clauses)))

    @property
    def label_names(self) -> frozenset[str]:
        """The labels that are looked at."""
        return frozenset(name for name, _ in self.clauses)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether all conditions hold; a missing label counts as empty text."""
        return all(
            any(_label_matches(name, pattern, labels) for pattern in patterns)
            for name, patterns in self.clauses
        )

    def __str__(self) -> str:
        return ", ".join(f"{name}={'|'.join(patterns)}" for name, patterns in self.clauses)


def _label_matches(name: str, pattern: str, labels: Mapping[str, str]) -> bool:
    if name == "extension":
        return _names_labelled_extension(pattern, labels)
    if name == "alertname" or (name == "alert" and "alert" not in labels):
        return names_alert(pattern, labels.get("alertname", ""))
    return text_matches(pattern, labels.get(name, ""))


def _names_labelled_extension(pattern: str, labels: Mapping[str, str]) -> bool:
    name = labels.get("extension", "")
    if pattern == name:
        return True
    number = labels.get("extension_id", "")
    if not number.isdecimal():
        return text_matches(pattern, name)
    return names_extension(pattern, Extension(id=ExtensionId(int(number)), name=name))


def names_alert(pattern: str, alertname: str) -> bool:
    """`alert: extension_lost`, the config's own word, beside `RegwatchExtensionLost`."""
    words = "".join(
        f"_{c.lower()}" if c.isupper() else c for c in alertname.removeprefix("Regwatch")
    )
    return text_matches(pattern, words.removeprefix("_")) or text_matches(pattern, alertname)
