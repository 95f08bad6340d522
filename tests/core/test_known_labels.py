"""What a matcher may say: a closed set of labels, and of some of them every value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.known_labels import KnownLabels
from regwatch.core.matchers import Matchers
from regwatch.core.model import AlertName

KNOWN = KnownLabels(
    accounts=["acme"],
    receivers=["chat", "pager"],
    sites={"riga": {"team": "ops"}, "tallinn": {"alert": "loud"}},
)


@pytest.mark.parametrize(
    ("label", "pattern"),
    [
        ("alert", "extension_lost"),
        ("alert", "RegwatchExtensionLost"),
        ("alert", "extension_*"),
        ("alert", "loud"),
        ("alertname", "RegwatchExtensionLost"),
        ("alertname", "extension_lost"),
        ("severity", "crit*"),
        ("account", "acme"),
        ("account", ""),
        ("site", "r?ga"),
        ("site", ""),
        ("site", "*"),
        ("receiver", "chat"),
        ("team", "ops"),
        ("team", ""),
        ("place", "203.0.113.7"),
        ("extension", "000*1??"),
        ("extension_id", "7"),
        ("device", "Yealink*"),
        ("group", "sales"),
    ],
)
def test_what_an_alert_may_have_passes(label: str, pattern: str) -> None:
    assert list(KNOWN.mismatches({label: [pattern]})) == []


@pytest.mark.parametrize(
    ("label", "pattern", "said"),
    [
        ("sevrity", "critical", "no alert has a label `sevrity` (did you mean `severity`?)"),
        ("site!", "riga", "no alert has a label `site!` (did you mean `site`?)"),
        ("zone", "riga", "no alert has a label `zone`"),
        ("alert", "site_losst", "no `alert` matches `site_losst` (did you mean `site_lost`?)"),
        ("alert", "Regwatch*Loss", "no `alert` matches `Regwatch*Loss`"),
        ("severity", "CRITICAL", "no `severity` matches `CRITICAL` (did you mean `critical`?)"),
        ("severity", "", "no `severity` matches `` (one of `critical`, `info`, `warning`)"),
        ("site", "rga", "no `site` matches `rga` (did you mean `riga`?)"),
        ("site", "~riga", "no `site` matches `~riga` (did you mean `riga`?)"),
        ("site", "lon*", "no `site` matches `lon*` (one of `riga`, `tallinn`)"),
        ("team", "dev", "no `team` matches `dev` (one of `ops`)"),
    ],
)
def test_what_can_never_match_is_said_with_what_was_meant(
    label: str, pattern: str, said: str
) -> None:
    mismatch = KNOWN.mismatch(Matchers.of({label: pattern}))
    assert mismatch is not None
    assert str(mismatch).startswith(said)


def test_each_pattern_of_a_list_is_looked_at() -> None:
    found = KNOWN.mismatches({"site": ["riga", "rga", "r*", "x"], "sevrity": ["a", "b"]})
    assert [(each.label, each.pattern) for each in found] == [
        ("site", "rga"),
        ("site", "x"),
        ("sevrity", None),
    ]


@given(
    st.fixed_dictionaries(
        {"severity": st.sampled_from(["critical", "warning", "info"])},
        optional={
            "account": st.just("acme"),
            "site": st.sampled_from(["riga", "tallinn"]),
            "receiver": st.sampled_from(["chat", "pager"]),
            "team": st.just("ops"),
        },
    ),
    st.sampled_from(AlertName),
    st.dictionaries(
        st.sampled_from(["alert", "alertname", "severity", "account", "site", "receiver", "team"]),
        st.sampled_from(["", "*", "acme", "r*", "riga", "ops", "info", "site_lost", "Regwatch*"]),
    ),
)
def test_nothing_that_matches_an_alert_is_called_a_mismatch(
    labels: dict[str, str], alert: AlertName, match: dict[str, str]
) -> None:
    matchers = Matchers.of(match)
    if matchers.matches({"alertname": alert.alertname, **labels}):
        assert KNOWN.mismatch(matchers) is None
