"""That polling is slow is said when it turns."""

from regwatch.core.polling.pace import Pace, PaceTurn


def test_it_turns_slow_well_above_the_interval_and_back_only_at_it() -> None:
    pace = Pace(60.0)
    turns = {seconds: pace.look(seconds) for seconds in (60.0, 89.0, 91.0, 80.0, 200.0, 61.0)}
    assert [seconds for seconds, turn in turns.items() if turn] == [91.0]
    assert turns[91.0] == PaceTurn(is_slow=True, sweep_seconds=91.0, interval=60.0)
    assert pace.look(60.0) == PaceTurn(is_slow=False, sweep_seconds=60.0, interval=60.0)
    assert pace.look(60.0) is None


def test_how_long_a_sweep_takes_is_the_interval_at_first_and_then_the_last_look() -> None:
    pace = Pace(60.0)
    assert pace.sweep_seconds == 60.0
    pace.look(75.0)
    assert pace.sweep_seconds == 75.0
