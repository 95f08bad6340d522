"""The first line: how bad, where and what, within what a lock screen shows."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    all_new,
    api_unavailable,
    lost,
    notification,
    overdue,
    phones_lost,
    resolved,
)
from msgspec.structs import replace

from regwatch.core.model import AlertName, Facts, Incident, NotifyReason, Timestamp, Toll
from regwatch.notify.words.first_line import SHORT, first_line, headline

SHOWN = 40
"""Characters."""


def dark(out: int, of: int, back: int = 0, names: tuple[str, ...] = ()) -> Incident:
    facts = Facts(account=lost().account, site="riga", reason="site_lost")
    toll = Toll(out=out, of=of, back=back, names=names)
    return replace(lost(), alert=AlertName.SITE_LOST, subject="site:riga", facts=facts, toll=toll)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (all_new([lost()]), "CRITICAL 101 lost at riga (Reception) since 03:12 UTC"),
        (phones_lost(3), "CRITICAL riga: 3 extensions lost since 03:12 UTC"),
        (all_new([dark(18, 20)]), "CRITICAL riga: 18 of 20 phones silent since 03:12 UTC"),
        (
            notification((RESOLVED, resolved(dark(2, 20, 18, ("102", "117"))))),
            "RESOLVED riga: 18 of 20 back after 2 h 5 min; still out: 102, 117",
        ),
        (all_new([api_unavailable()]), "CRITICAL acme: PBX API does not answer since 03:11 UTC"),
        (
            notification((NEW, lost()), (RESOLVED, resolved(lost(102)))),
            "CRITICAL 101 lost at riga (Reception) since 03:12 UTC (1 new, 1 resolved)",
        ),
        (all_new([]), "Nothing to report"),
    ],
)
def test_how_it_reads(said, line: str) -> None:
    assert headline(said) == line


def test_who_is_told_because_nobody_acknowledged_reads_so() -> None:
    said = replace(all_new([lost()]), unacknowledged_for=900.0)
    assert headline(said) == f"{headline(all_new([lost()]))} (not acknowledged for 15 min)"
    over = replace(notification((RESOLVED, resolved(lost()))), unacknowledged_for=900.0)
    assert "acknowledged" not in headline(over)


def test_times_are_those_of_the_zone_with_its_name() -> None:
    riga = ZoneInfo("Europe/Riga")
    assert headline(all_new([lost()]), zone=riga).endswith(" since 05:12 EET")


def test_a_reminder_says_that_it_is_one() -> None:
    said = all_new([lost()], reason=NotifyReason.REPEAT_DUE)
    assert headline(said) != headline(all_new([lost()]))


@pytest.mark.parametrize("alert", list(SHORT))
@pytest.mark.parametrize("made", [lost, overdue], ids=["critical", "warning"])
def test_forty_characters_say_who_or_where_and_what(
    alert: AlertName, made: Callable[[], Incident]
) -> None:
    """Of each kind: whatever stands behind them may be cut."""
    incident = replace(made(), alert=alert)
    begins = first_line(incident, now=NOW)[:SHOWN]
    assert begins.startswith(incident.severity.value.upper())
    assert any(word in begins for word in ("101", "riga", "acme"))
    assert SHORT[alert].is_so.split()[0] in begins
    over = replace(resolved(incident), alert=alert)
    assert first_line(over, now=Timestamp(NOW + 60)).startswith("RESOLVED ")
