"""What an answer that took long says of leases."""

from collections.abc import Sequence

import pytest
from fakes.values import ACME, EVERY_ALERT, answer, at, batch, extension, registration
from msgspec.structs import replace

from regwatch.core.model import (
    AlertName,
    ChangeKind,
    ExtensionState,
    Registration,
    Watched,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.phones.slow_answers import steadied
from regwatch.core.sites import Sites

HELD = registration(ends=600)


def watched(*held: Registration) -> Watched:
    return Watched(extension(1), state=ExtensionState.REGISTERED, registrations=held)


@pytest.mark.parametrize(
    ("ends", "took", "seen"),
    [
        pytest.param(606, 5.0, 600, id="as much later as the answer"),
        pytest.param(601, 5.0, 601, id="rounded"),
        pytest.param(609, 5.0, 609, id="later than the answer explains: refreshed"),
        pytest.param(606, 0.9, 606, id="a quick answer"),
        pytest.param(595, 5.0, 595, id="earlier: nothing to explain"),
        pytest.param(None, 5.0, None, id="permanent"),
    ],
)
def test_a_lease_is_as_it_was_known_where_the_delay_explains_the_rest(
    ends: float | None, took: float, seen: float | None
) -> None:
    slow = replace(answer(1, registration(ends=ends), when=60), took=took)
    (found,) = steadied(slow, watched(HELD)).registrations
    assert found.lease_ends_at == (None if seen is None else at(seen))


def test_one_that_is_new_is_taken_as_it_is() -> None:
    slow = replace(answer(1, registration("b", ends=606), when=60), took=5.0)
    assert steadied(slow, watched(HELD)) == slow


def test_a_dead_phone_does_not_live_on_by_answers_that_take_longer_now_and_then() -> None:
    """Two entries after a reboot: the old one is not refreshed, and its end is no loss."""
    made = Monitor(ACME, MonitorPolicy(EVERY_ALERT), Sites())
    made.watch([extension(1)], now=at(0))
    told: list[AlertName] = []

    def see(when: float, took: float, *entries: tuple[str, float]) -> Sequence[ChangeKind]:
        held = [registration(name, ends=ends + took) for name, ends in entries]
        slow = replace(answer(1, *held, when=when), took=took)
        outcome = made.observe(batch(slow), now=at(when))
        told.extend(s.incident.alert for s in outcome.steps if s.incident is not None)
        return [change.kind for change in outcome.changes]

    see(0, 0.2, ("old", 600))
    see(120, 0.2, ("old", 600), ("new", 720))
    for n in range(1, 8):
        kinds = see(120 + 60 * n, (0.2, 5.0)[n % 2], ("old", 600), ("new", 720))
        assert kinds == [], n
    see(610, 0.2, ("new", 1200))
    assert told == []
