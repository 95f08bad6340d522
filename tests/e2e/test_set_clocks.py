"""Somebody sets the wall clock: it costs no poll, no message and no false word."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import looptime
import pytest
from fakes.faked_time import HAPPENINGS, Happening, happening
from fakes.set_clocks import GROUP_WAIT, SETTINGS, UNDISTURBED, Setting, Told, lived
from structlog.testing import capture_logs

HOURS = 1.1
(FOR_A_MINUTE,) = (each for each in SETTINGS if each.name == "-1 day for a minute")


def in_virtual_time(setting: Setting) -> Told:
    with capture_logs(), closing(looptime.new_event_loop()) as loop:
        return loop.run_until_complete(lived(setting, phones=30, hours=HOURS))


def test_what_is_asked_and_told_is_the_same_as_if_nobody_had_set_the_clock() -> None:
    """Here it goes wrong all the time, and is set back by a day for a minute besides."""
    setting = replace(FOR_A_MINUTE, drift=1.0)
    calm, told = in_virtual_time(UNDISTURBED), in_virtual_time(setting)
    assert 0 < calm.late < 60
    assert calm.news.total() > 8
    assert told.steps > 50 * HOURS
    assert len(told.polls) == len(calm.polls)
    assert told.news == calm.news
    at = [at for at, _ in told.messages]
    # A second's difference decides whether a message waits for its group or goes with the last one.
    assert at == pytest.approx([at for at, _ in calm.messages], abs=1.0 + GROUP_WAIT)
    since = {round(since) for _, since in told.losses}
    assert since <= {round(calm.visible_at) + by for by in range(-3, 3)}, "by any clock"


@pytest.mark.long
@pytest.mark.by_hand
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_however_it_is_set(setting: Setting) -> None:
    calm, told = in_virtual_time(UNDISTURBED), in_virtual_time(setting)
    assert (len(told.polls), told.news) == (len(calm.polls), calm.news)


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.by_hand
@pytest.mark.needs_debian
@pytest.mark.parametrize("what", HAPPENINGS, ids=lambda what: what.name)
async def test_whatever_becomes_of_a_process(what: Happening, tmp_path: Path) -> None:
    came = await happening(what, tmp_path)
    assert came.wrong == []


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.needs_debian
async def test_a_daemon_whose_clock_is_set_asks_on_and_tells_the_truth_alone(
    tmp_path: Path,
) -> None:
    came = await happening(Happening("-1 h", ((0.5, -3600.0),)), tmp_path, lease=8.0)
    assert came.wrong == []
    assert came.steps
    assert came.polls > 5
