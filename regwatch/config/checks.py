"""What only the whole file can tell: names that must be unique, names that must exist."""

from collections.abc import Iterable, Iterator, Sequence

from regwatch.config.top import Config
from regwatch.core.suggestions import did_you_mean
from regwatch.shapes.problems import Location

ALWAYS_KNOWN = ("always", "never")
"""Hours that need no schedule."""
Finding = tuple[Location, str, str | None]
"""Place, message, suggestion."""


def findings(config: Config) -> Iterator[Finding]:
    """Everything that does not fit together."""
    yield from _twice("accounts", [account.name for account in config.accounts])
    yield from _twice("sites", [site.name for site in config.sites])
    yield from _twice("receivers", [receiver.name for receiver in config.receivers])
    yield from _unknown_receivers(config)
    yield from _fallback_circles(config)
    yield from _routes(config)
    yield from _unknown_schedules(config)


def without_effect(config: Config) -> Iterator[Finding]:
    """What was right once and says nothing any more: worth a word, no error."""
    message, advice = "is ignored: a place is judged by what its phones missed", "take it out"
    alerts = config.alerts
    if alerts.site_lost is not None and "window" in alerts.site_lost.model_fields_set:
        yield ("alerts", "site_lost", "window"), message, advice
    for index, each in enumerate(alerts.overrides):
        if each.site_lost is not None and "window" in each.site_lost.model_fields_set:
            yield ("alerts", "overrides", index, "site_lost", "window"), message, advice


def _twice(section: str, names: Sequence[str]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        first = names.index(name)
        if first != index:
            yield (section, index, "name"), f"`{name}` is the name of {section}[{first}] too", None


def _unknown_receivers(config: Config) -> Iterator[Finding]:
    known = [receiver.name for receiver in config.receivers]
    for place, name in _receiver_references(config):
        if name not in known:
            yield place, f"no receiver is named `{name}`", did_you_mean(name, known)
    for index, receiver in enumerate(config.receivers):
        if receiver.fallback is not None and receiver.fallback not in known:
            message = f"no receiver is named `{receiver.fallback}`"
            yield ("receivers", index, "fallback"), message, did_you_mean(receiver.fallback, known)


def _receiver_references(config: Config) -> Iterator[tuple[Location, str]]:
    for index, route in enumerate(config.routes):
        for position, name in enumerate(route.receivers):
            yield ("routes", index, "receivers", position), name
        for position, name in enumerate(route.escalate.receivers if route.escalate else ()):
            yield ("routes", index, "escalate", "receivers", position), name


def _unknown_schedules(config: Config) -> Iterator[Finding]:
    for place, name in _schedule_references(config):
        if name not in config.schedules:
            known = (
                (*ALWAYS_KNOWN, *config.schedules) if place[0] == "accounts" else config.schedules
            )
            yield place, f"no schedule is named `{name}`", did_you_mean(name, known)


def _schedule_references(config: Config) -> Iterator[tuple[Location, str]]:
    for index, account in enumerate(config.accounts):
        place: Location = ("accounts", index, "extensions")
        named = [((*place, "expected"), account.extensions.expected)]
        for position, each in enumerate(account.extensions.overrides):
            named.append(((*place, "overrides", position, "expected"), each.expected))
        yield from (each for each in named if each[1] not in ALWAYS_KNOWN)
    for index, window in enumerate(config.maintenance):
        if window.schedule is not None:
            yield ("maintenance", index, "schedule"), window.schedule
    for index, route in enumerate(config.routes):
        if route.active is not None:
            yield ("routes", index, "active"), route.active


def _fallback_circles(config: Config) -> Iterator[Finding]:
    next_of = {receiver.name: receiver.fallback for receiver in config.receivers}
    for index, receiver in enumerate(config.receivers):
        seen, name = [receiver.name], receiver.fallback
        while name is not None and name not in seen:
            seen.append(name)
            name = next_of.get(name)
        if name == receiver.name:
            yield ("receivers", index, "fallback"), "leads back to itself", None


def _routes(config: Config) -> Iterator[Finding]:
    if config.receivers and not config.routes:
        yield ("routes",), "receivers without a route get nothing", "add `- receivers: [NAME]`"
    yield from _vain_escalations(config)
    is_limited = [bool(route.match or route.active is not None) for route in config.routes]
    gone_on = [route.continue_ for route in config.routes]
    catch_all = _first_catch_all(zip(is_limited, gone_on, strict=True))
    if config.routes and catch_all is None:
        yield _not_for_all(config)
    elif catch_all is not None and catch_all < len(config.routes) - 1:
        message = f"never reached: routes[{catch_all}] catches all before it"
        yield ("routes", catch_all + 1), message, "put the route without `match` last"


def _not_for_all(config: Config) -> Finding:
    last = len(config.routes) - 1
    if config.routes[last].active is not None:
        message = "the last route must catch all, at all hours"
        return ("routes", last, "active"), message, "add one without `active` and `match` after it"
    advice = "leave out its `match` and `continue`"
    return ("routes", last), "the last route must catch all", advice


def _vain_escalations(config: Config) -> Iterator[Finding]:
    for index, route in enumerate(config.routes):
        for position, name in enumerate(route.escalate.receivers if route.escalate else ()):
            if name in route.receivers:
                place: Location = ("routes", index, "escalate", "receivers", position)
                yield place, f"`{name}` is told by this route at once", "name somebody else"


def _first_catch_all(routes: Iterable[tuple[bool, bool]]) -> int | None:
    for index, (has_match, goes_on) in enumerate(routes):
        if not has_match and not goes_on:
            return index
    return None
