"""What only the whole file can tell: names that must be unique, names that must exist."""

import pytest
import yaml
from fakes.configured import SMALL

from regwatch.config import Config
from regwatch.config.checks import findings

HOOK = "webhook: {url: 'http://x'}"
CATCH_ALL = "routes: [{receivers: [a]}]\n"
NIGHT = "schedules: {night: {timezone: UTC}}\n"
ONE = f"receivers: [{{name: a, {HOOK}}}]\n"
TWO = f"receivers: [{{name: a, {HOOK}, fallback: b}}, {{name: b, {HOOK}}}]\n"


def found(text: str) -> list[tuple[tuple[str | int, ...], str, str | None]]:
    return list(findings(Config.model_validate(yaml.safe_load(text))))


@pytest.mark.parametrize(
    "text",
    [
        SMALL,
        SMALL + TWO + CATCH_ALL,
        SMALL + ONE + "routes: [{match: {site: x}, receivers: [a]}, {receivers: [a]}]",
        SMALL + ONE + "routes: [{receivers: [a], continue: true}, {receivers: [a]}]",
        SMALL + ONE + NIGHT + "routes: [{receivers: [a], active: night}, {receivers: [a]}]",
        SMALL + TWO + "routes: [{receivers: [a], escalate: {receivers: b}}]",
    ],
    ids=[
        "nothing to tell",
        "a fallback",
        "a catch-all at last",
        "one that goes on",
        "hours",
        "who is called",
    ],
)
def test_what_fits_together(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "place", "message", "advice"),
    [
        (
            SMALL + "sites: [{name: x}, {name: y}, {name: x}]",
            ("sites", 2, "name"), "`x` is the name of sites[0] too", None,
        ),
        (
            SMALL + ONE + "routes: [{receivers: [b]}]",
            ("routes", 0, "receivers", 0), "no receiver is named `b`", "one of `a`",
        ),
        (
            SMALL + TWO.replace("fallback: b", "fallback: c") + CATCH_ALL,
            ("receivers", 0, "fallback"), "no receiver is named `c`", "one of `a`, `b`",
        ),
        (SMALL + ONE, ("routes",), "receivers without a route get nothing",
         "add `- receivers: [NAME]`"),
        (
            SMALL + ONE + "routes: [{match: {site: x}, receivers: [a]}]",
            ("routes", 0), "the last route must catch all", "leave out its `match` and `continue`",
        ),
        (
            SMALL + ONE + "routes: [{receivers: [a]}, {match: {site: x}, receivers: [a]}]",
            ("routes", 1), "never reached: routes[0] catches all before it",
            "put the route without `match` last",
        ),
        (
            SMALL + ONE + NIGHT + "routes: [{receivers: [a], active: night}]",
            ("routes", 0, "active"), "the last route must catch all, at all hours",
            "add one without `active` and `match` after it",
        ),
        (
            SMALL + ONE + NIGHT + "routes: [{receivers: [a], active: nigt}, {receivers: [a]}]",
            ("routes", 0, "active"), "no schedule is named `nigt`", "did you mean `night`?",
        ),
        (
            SMALL + TWO + "routes: [{receivers: [a], escalate: {receivers: [c]}}]",
            ("routes", 0, "escalate", "receivers", 0), "no receiver is named `c`",
            "one of `a`, `b`",
        ),
        (
            SMALL + TWO + "routes: [{receivers: [a, b], escalate: {receivers: [b]}}]",
            ("routes", 0, "escalate", "receivers", 0), "`b` is told by this route at once",
            "name somebody else",
        ),
        (
            SMALL + "maintenance: [{schedule: nigt}]\n"
            "schedules: {night: {timezone: UTC}}",
            ("maintenance", 0, "schedule"), "no schedule is named `nigt`",
            "did you mean `night`?",
        ),
        (
            SMALL + "maintenance: [{schedule: always}]",
            ("maintenance", 0, "schedule"), "no schedule is named `always`", None,
        ),
        (
            SMALL.replace("t0ken", "t, extensions: {expected: alwys}"),
            ("accounts", 0, "extensions", "expected"), "no schedule is named `alwys`",
            "did you mean `always`?",
        ),
        (
            SMALL.replace(
                "t0ken", "t, extensions: {overrides: [{extensions: ['1'], expected: x}]}"
            ),
            ("accounts", 0, "extensions", "overrides", 0, "expected"),
            "no schedule is named `x`", "one of `always`, `never`",
        ),
    ],
)  # fmt: skip
def test_what_does_not(
    text: str, place: tuple[str | int, ...], message: str, advice: str | None
) -> None:
    assert found(text) == [(place, message, advice)]


@pytest.mark.parametrize(
    ("fallbacks", "circles"),
    [
        ({"a": "a"}, [0]),
        ({"a": "b", "b": "a"}, [0, 1]),
        ({"a": "b", "b": "c", "c": "b"}, [1, 2]),
        ({"a": "b", "b": "c"}, []),
    ],
    ids=["itself", "each other", "one that leads into a circle is in none", "a chain ends"],
)
def test_no_fallback_leads_back_to_itself(fallbacks: dict[str, str], circles: list[int]) -> None:
    listed = ", ".join(
        f"{{name: {name}, {HOOK}, fallback: {other}}}" for name, other in fallbacks.items()
    )
    listed += "" if "c" in fallbacks else f", {{name: c, {HOOK}}}"
    listed += "" if "b" in fallbacks else f", {{name: b, {HOOK}}}"
    told = found(SMALL + f"receivers: [{listed}]\n" + CATCH_ALL)
    assert told == [
        (("receivers", index, "fallback"), "leads back to itself", None) for index in circles
    ]
