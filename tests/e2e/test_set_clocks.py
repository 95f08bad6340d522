"""Somebody sets the wall clock, in virtual time: it costs no poll, no message and no false word."""

import pytest
from fakes.set_clocks import SETTINGS, UNDISTURBED, Setting, Told, lived
from structlog.testing import capture_logs

pytestmark = pytest.mark.looptime

HOURS = 1.3
SOME = [each for each in SETTINGS if each.name in {"-1 day for a minute", "+1 s per minute"}]


async def in_silence(setting: Setting) -> Told:
    with capture_logs():
        return await lived(setting, phones=45, hours=HOURS)


async def test_what_is_asked_and_told_is_the_same_as_if_nobody_had_set_the_clock() -> None:
    calm = await in_silence(UNDISTURBED)
    assert 0 < calm.late < 60
    assert calm.news.total() > 10
    for setting in SOME:
        told = await in_silence(setting)
        assert told.steps >= 2
        assert len(told.polls) == len(calm.polls)
        assert told.news == calm.news, setting.name
        at = [at for at, _ in told.messages]
        assert at == pytest.approx([at for at, _ in calm.messages], abs=1.0)
        since = {round(since) for _, since in told.losses}
        assert since <= {round(calm.visible_at + by) for by in range(-3, 3)}, "by any clock"
