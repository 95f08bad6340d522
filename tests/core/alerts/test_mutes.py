"""Silences and maintenance windows: which mute what, and when that changes."""

from datetime import UTC

from fakes.values import at
from msgspec.structs import replace

from regwatch.core.alerts.mutes import Maintenance, Mutes, Silence
from regwatch.core.bugs import Where
from regwatch.core.matchers import Matchers
from regwatch.core.schedules import Hours, Schedule, Stretch

RIGA = {"account": "acme", "site": "riga", "alertname": "RegwatchExtensionLost"}
TALLINN = {**RIGA, "site": "tallinn"}


def silence(name: str = "ab12", begins: float = 0, ends: float = 100, **match: str) -> Silence:
    return Silence(
        id=name,
        matchers=Matchers.of(match or {"site": "riga"}),
        starts_at=at(begins),
        ends_at=at(ends),
        author="anna",
        comment="new router",
        created_at=at(0),
    )


def window(begins: float, ends: float) -> Maintenance:
    stretch = Stretch(at(begins), at(ends))
    return Maintenance(name="2", matchers=Matchers.of({"site": "riga"}), when=stretch)


def muted(mutes: Mutes, when: float, labels: dict[str, str] = RIGA, kept: str = "") -> str:
    by = mutes.of(labels, kept=kept, now=at(when))
    return "" if by is None else by.words


def test_a_silence_mutes_what_it_matches_while_it_lasts() -> None:
    mutes = Mutes(silences=[silence(begins=10)])
    assert [muted(mutes, when) for when in (9, 10, 99, 100)] == [
        "", "silence ab12 of anna: new router", "silence ab12 of anna: new router", "",
    ]  # fmt: skip
    assert muted(mutes, 50, TALLINN) == ""


def test_a_window_of_the_config_mutes_once() -> None:
    mutes = Mutes([window(10, 20)])
    assert [muted(mutes, when) for when in (9, 10, 19, 20)] == [
        "", "maintenance 2", "maintenance 2", "",
    ]  # fmt: skip


def test_a_recurring_window_mutes_week_by_week() -> None:
    day = 86_400.0
    # The tests' beginning of time is a Friday, 08:00 UTC.
    weekly = Schedule("", frozenset({4}), (Hours(9 * 60, 10 * 60),), UTC)
    mutes = Mutes([Maintenance(name="weekly", matchers=Matchers(), when=weekly)])
    times = (0, 3600, 7199, 7200, 7 * day, 7 * day + 3600)
    assert [bool(muted(mutes, when)) for when in times] == [False, True, True, False, False, True]


def test_of_two_that_mute_the_one_that_did_so_before_goes_on() -> None:
    mutes = Mutes(silences=[silence("first"), silence("second")])
    assert muted(mutes, 5).startswith("silence first")
    assert muted(mutes, 5, kept="silence second").startswith("silence second")
    assert muted(mutes, 5, kept="silence gone").startswith("silence first")


def test_the_version_tells_that_others_are_in_force() -> None:
    mutes = Mutes([window(10, 20)])
    versions = []
    for when in (0, 5, 10, 15, 20, 30):
        mutes.active(now=at(when))
        versions.append(mutes.version)
    assert versions == [0, 0, 1, 1, 2, 2]
    mutes.replace_silences([silence(begins=30)])
    assert len(mutes.active(now=at(31))) == 1
    assert mutes.version == 3
    assert [each.id for each in mutes.silences] == ["ab12"]


def test_a_clock_set_back_is_followed() -> None:
    mutes = Mutes(silences=[silence(begins=10)])
    assert muted(mutes, 50)
    assert not muted(mutes, 5)


def test_one_that_was_expired_before_it_began_never_mutes() -> None:
    mutes = Mutes(silences=[silence(begins=10, ends=5)])
    assert not any(muted(mutes, when) for when in (0, 5, 7, 10, 11))
    assert silence(ends=5).is_over(now=at(5))
    assert not silence(ends=5).is_over(now=at(4))


# --- one in which a bug is met -------------------------------------------------------------------


def test_the_others_mute_what_they_match() -> None:
    broken = replace(silence("bad"), matchers=None)
    mutes = Mutes(silences=[broken, silence("good")])
    assert muted(mutes, 50) == "silence good of anna: new router"
    (met,) = mutes.met()
    assert (met.where, met.what) == (Where.SILENCE, "silence bad")
    assert isinstance(met.error, AttributeError)
    assert mutes.met() == ()


def test_one_whose_time_cannot_be_known_is_left_out() -> None:
    broken = replace(window(10, 20), when=None)
    mutes = Mutes([broken], [silence("good", begins=30)])
    assert muted(mutes, 15) == ""
    assert muted(mutes, 50) == "silence good of anna: new router", "the others begin in time"
    assert [each.what for each in mutes.met()] == ["maintenance 2"]
