"""Whether what stands under `match` can match at all: names and values that no alert has."""

from collections.abc import Iterator, Mapping, Sequence

from regwatch.config.checks import Finding
from regwatch.config.hours import MaintenanceShape
from regwatch.config.top import Config
from regwatch.core.known_labels import KnownLabels
from regwatch.core.model import Timestamp
from regwatch.shapes.problems import Location
from regwatch.shapes.single import is_several, quoted_parts


def known_labels(config: Config) -> KnownLabels:
    """What this configuration's alerts can be labelled with."""
    return KnownLabels(
        accounts=[account.name for account in config.accounts],
        receivers=[receiver.name for receiver in config.receivers],
        sites={site.name: site.labels for site in config.sites},
    )


def label_findings(config: Config, *, now: Timestamp) -> Iterator[Finding]:
    """What can never match. Windows that are over are none of it: they were right once."""
    known = known_labels(config)
    for index, route in enumerate(config.routes):
        yield from _of_match(known, ("routes", index, "match"), route.match)
        for position, unknown in known.unknown_names(route.group_by):
            place = ("routes", index, "group_by", position)
            yield place, unknown.message, unknown.suggestion
    for index, override in enumerate(config.alerts.overrides):
        yield from _of_match(known, ("alerts", "overrides", index, "match"), override.match)
    for index, window in enumerate(config.maintenance):
        if not _is_over(window, now):
            yield from _of_match(known, ("maintenance", index, "match"), window.match)


def windows_that_are_over(config: Config, *, now: Timestamp) -> Iterator[Finding]:
    """Worth a word, no error."""
    known = known_labels(config)
    for index, window in enumerate(config.maintenance):
        if _is_over(window, now):
            yield ("maintenance", index), "is over", "it may be taken out"
            yield from _of_match(known, ("maintenance", index, "match"), window.match)


def _is_over(window: MaintenanceShape, now: Timestamp) -> bool:
    return window.once is not None and window.once.ends_at <= now


def _of_match(
    known: KnownLabels, place: Location, match: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    for found in known.mismatches(match):
        where = (*place, found.label)
        patterns = match[found.label]
        if found.pattern is not None and len(patterns) > 1:
            where = (*where, patterns.index(found.pattern))
        yield where, found.message, found.suggestion
    for pattern in match.get("extension", ()):
        if is_several(pattern):
            advice = f"write a list: [{', '.join(quoted_parts(pattern))}]"
            yield (*place, "extension"), f"`{pattern}` holds several extensions", advice
