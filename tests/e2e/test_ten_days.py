"""Whether anything of the daemon grows: over a few hours in every run, over ten days by hand."""

from collections import Counter, deque
from pathlib import Path

import pytest
from fakes.holdings import grown
from fakes.soak import DAY, Soak, growth, run, table
from fakes.tracing import untraced

from regwatch.app.daemon import Begun, Daemon
from regwatch.app.surroundings import Surroundings

pytestmark = [pytest.mark.e2e, pytest.mark.long]

MOST_GROWTH = 0.02
ACCOUNT = "account."
"""What is learned of phones grows for hours; `tests/core/test_growth.py` looks at that."""
CACHE = "._targets_seen"
"""Bounded, and not full after hours."""
NAMES = "._set._known"
"""Names of messages that are over: kept as long as the history."""
OF_PHONES = "._keeper._times."
"""Phones, each at most once."""
LEAK = ".engine.exchange.resolved"


class Leaky(Daemon):
    """Keeps all incidents that ended, as if nobody had bounded them."""

    async def _load(self, around: Surroundings) -> Begun:
        begun = await super()._load(around)
        begun.engine.exchange.resolved = deque()
        return begun


def beside_the_phones(held: Counter[str]) -> Counter[str]:
    left_out = (ACCOUNT, CACHE, NAMES, OF_PHONES)
    return Counter({p: n for p, n in held.items() if not any(each in p for each in left_out)})


def test_within_hours_nothing_grows_but_what_was_made_to(tmp_path: Path) -> None:
    soak = Soak(tmp_path, daemon=Leaky, events={}, keeps_held=True)
    with untraced():
        run(soak, 4)
    _, second, *_, last = map(beside_the_phones, soak.held)
    found = grown(second, last)
    assert LEAK in found
    assert [path for path in found if not path.startswith(LEAK)] == []
    # A poll, a save or the writer may be at work at that moment.
    assert soak.samples[-1].tasks <= soak.samples[1].tasks + 3
    assert max(sample.message for sample in soak.samples) < 100


@pytest.mark.by_hand
def test_ten_days(tmp_path: Path) -> None:
    soak = Soak(tmp_path)
    with untraced():
        run(soak, 10 * DAY, lambda said: print(said, flush=True))
    print(table(soak.samples))
    assert {
        name: share for name, share in growth(soak.samples).items() if share > MOST_GROWTH
    } == {}
