"""The daemon dies at any moment that makes a difference: nothing is lost, nothing comes in
disorder, and what comes again bears the id that it had.

`python -m fakes.crash_points` tries every such moment and prints the table.
"""

from collections.abc import Sequence

import pytest
from fakes.crash_points import (
    Heard,
    Point,
    Step,
    distinct,
    each_crashed,
    in_a_loop,
    recorded,
    table,
)
from fakes.every_alert import TABLE

from regwatch.core.model import AlertName

OF_THE_FILE = {AlertName.MEMORY_LOST, AlertName.STORE_DAMAGED}
"""A database is damaged: `test_flipped_bits`."""
OF_THE_LIST = {AlertName.LIST_SHRANK, AlertName.UNANSWERED}
"""What the PBX leaves out for longer than this scenario lasts: tried beside their watches."""
SO_MANY = 7
"""Moments that CI has the time to try."""


def test_there_is_a_trouble_for_every_kind_of_alert() -> None:
    assert set(TABLE) | OF_THE_FILE | OF_THE_LIST == set(AlertName)


def check_undisturbed(heard: Heard, points: Sequence[Point]) -> None:
    """Every kind of alert began and ended, and there was trouble enough."""
    stories = heard.stories()
    told = {part for receiver, _, story in stories if receiver == "hook" for part in story}
    assert told >= {f"{alert.alertname} firing" for alert in TABLE}
    assert {story[-1].rpartition(" ")[2] for _, _, story in stories} == {"resolved"}
    assert heard.out_of_order() == 0
    assert heard.messages["spare"], "a receiver refused"
    assert heard.repeated(), "an answer was lost"
    assert {point.step for point in points} == set(Step)


@pytest.mark.long
@pytest.mark.parametrize("most", [SO_MANY, pytest.param(None, marks=pytest.mark.by_hand)])
def test_wherever_it_is_killed_nobody_misses_anything(most: int | None) -> None:
    heard, points = in_a_loop(recorded)
    check_undisturbed(heard, points)
    moments = distinct(points)
    stride = 1 if most is None else len(moments) // most
    verdicts = each_crashed(heard, moments[stride // 2 :: stride])
    print(table(points, verdicts))
    assert [verdict for verdict in verdicts if not verdict.is_sound] == []
