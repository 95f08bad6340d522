"""Which routes an incident takes, and into which group."""

import pytest

from regwatch.core.dispatch.routing import Route, labels_of_group, route_per_receiver, routes_for
from regwatch.core.matchers import Matchers


def a_route(key: str, *receivers: str, continue_: bool = False, **match: str) -> Route:
    return Route(key=key, receivers=receivers, matchers=Matchers.of(match), continue_=continue_)


CRITICAL = a_route("critical", "pager", severity="critical")
AUDIT = a_route("audit", "hook", "chat", continue_=True, site="riga")
REST = a_route("rest", "chat")


@pytest.mark.parametrize(
    ("labels", "routes", "expected"),
    [
        ({"severity": "critical"}, [CRITICAL, REST], ["critical"]),
        ({"severity": "info"}, [CRITICAL, REST], ["rest"]),
        ({"severity": "info", "site": "riga"}, [AUDIT, CRITICAL, REST], ["audit", "rest"]),
        ({"severity": "critical", "site": "riga"}, [AUDIT, CRITICAL, REST], ["audit", "critical"]),
        ({"severity": "critical", "site": "riga"}, [CRITICAL, AUDIT, REST], ["critical"]),
        ({"site": "riga"}, [CRITICAL, AUDIT], ["audit"]),
        ({"severity": "info"}, [AUDIT, CRITICAL], ["critical"]),
        ({}, [], []),
    ],
    ids=[
        "the first match wins",
        "the last one catches all",
        "a continuing route lets others follow",
        "after a continuing one the first match wins again",
        "a continuing route behind the first match is not reached",
        "a continuing last route is enough",
        "nothing is dropped though none matches",
        "no routes, no answer",
    ],
)
def test_routes_for(labels: dict[str, str], routes: list[Route], expected: list[str]) -> None:
    assert [route.key for route in routes_for(labels, routes)] == expected


def test_a_receiver_named_by_two_routes_goes_by_the_first() -> None:
    labels = {"severity": "info", "site": "riga"}
    chosen = route_per_receiver(labels, [AUDIT, CRITICAL, REST])
    assert chosen == {"hook": AUDIT, "chat": AUDIT}


LABELS = {
    "account": "acme",
    "alertname": "RegwatchExtensionLost",
    "site": 'ri"ga:{x',
    "team": "ops",
}


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        ((), {}),
        (("account", "alert"), {"account": "acme", "alertname": "RegwatchExtensionLost"}),
        (("alertname",), {"alertname": "RegwatchExtensionLost"}),
        (("site", "extension"), {"site": 'ri"ga:{x'}),
    ],
)
def test_a_group_is_named_by_the_labels_it_is_made_by(
    group_by: tuple[str, ...], expected: dict[str, str]
) -> None:
    route = Route(key="routes[0]", receivers=("chat",), group_by=group_by)
    assert route.group_labels(LABELS) == expected
    assert labels_of_group(route.group_key(LABELS)) == expected


def test_a_group_key_is_readable_and_does_not_depend_on_order() -> None:
    route = Route(key="critical", receivers=("chat",), group_by=("site", "account"))
    turned = Route(key="critical", receivers=("chat",), group_by=("account", "site"))
    labels = {"account": "acme", "site": "Rīga"}
    assert route.group_key(labels) == 'critical:{"account": "acme", "site": "Rīga"}'
    assert turned.group_key(labels) == route.group_key(labels)


@pytest.mark.parametrize("key", ["", "x", "x:{nonsense", 'x:{"a": 1'])
def test_a_foreign_group_key_has_no_labels(key: str) -> None:
    assert labels_of_group(key) == {}


def test_a_route_key_that_would_garble_group_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="must not contain"):
        Route(key="a:{b", receivers=("chat",))


def test_a_route_tells_which_labels_it_depends_on() -> None:
    route = Route(
        key="a", receivers=(), matchers=Matchers.of({"extension": "1*"}), group_by=("site",)
    )
    assert route.label_names == {"extension", "site"}
