"""What is seen of the whole daemon."""

from types import SimpleNamespace
from typing import Any

import pytest
from fakes.notifications import lost, resolved

from regwatch.app.daemon_view import DaemonSight
from regwatch.core.model import Instant


def account(name: str, *, stalled: bool = False) -> Any:
    return SimpleNamespace(
        settings=SimpleNamespace(name=name),
        sight=f"sight of {name}",
        is_stalled=lambda *, now: stalled and now == 7.0,
    )


def sight(*accounts: Any, trouble: str = "", store_problem: str = "") -> DaemonSight:
    engine: Any = SimpleNamespace(
        parts=SimpleNamespace(accounts=accounts),
        bugs=SimpleNamespace(trouble=trouble, latest=lambda: ["one"], kept=3),
        store_problem=store_problem,
        incidents=lambda: [lost()],
        exchange=SimpleNamespace(resolved=[resolved(lost())]),
        backlog={"hook": (0, None)},
    )
    return DaemonSight(engine, steady=lambda: Instant(7.0))


def test_it_shows_what_the_engine_holds() -> None:
    it = sight(account("acme"), account("bolt"))
    assert list(it.accounts()) == ["sight of acme", "sight of bolt"]
    assert list(it.incidents()) == [lost()]
    assert list(it.recently_resolved()) == [resolved(lost())]
    assert it.set_aside() == (["one"], 3)
    assert it.outbox_backlog() == {"hook": (0, None)}


@pytest.mark.parametrize(
    ("stalled", "trouble", "live", "health"),
    [
        pytest.param(False, "", None, None, id="all is well"),
        pytest.param(False, "dispatch died", None, "dispatch died", id="one died: begun again"),
        pytest.param(
            True,
            "dispatch died",
            "polling stands still for bolt",
            "polling stands still for bolt",
            id="one stands still: a start anew helps",
        ),
    ],
)
def test_what_is_wrong_and_what_a_start_anew_would_mend(
    stalled: bool, trouble: str, live: str | None, health: str | None
) -> None:
    it = sight(account("acme"), account("bolt", stalled=stalled), trouble=trouble)
    assert (it.live_problem(), it.health_problem()) == (live, health)


def test_a_store_that_is_away_makes_it_ill_and_not_dead() -> None:
    it = sight(account("acme"), store_problem="nothing can be stored: disk full")
    assert it.live_problem() is None
    assert it.health_problem() == "nothing can be stored: disk full"
