"""Who is expected to be registered, and when."""

from datetime import UTC

from fakes.values import at, extension

from regwatch.core.expectations import EVER, Expectation, Expectations
from regwatch.core.model import Extension, ExtensionId
from regwatch.core.schedules import Hours, Schedule

# The tests' beginning of time is a Friday, 08:00 UTC.
OFFICE = Schedule("office", frozenset(range(5)), (Hours(9 * 60, 10 * 60),), UTC)


def test_by_default_everybody_is_always_expected() -> None:
    assert Expectations().since(extension(1), now=at(0)) == EVER


def test_by_a_schedule_from_its_beginning_to_its_end() -> None:
    expected = Expectations(OFFICE)
    found = [expected.since(extension(1), now=at(when)) for when in (3599, 3600, 7199, 7200)]
    assert found == [None, at(3600), at(3600), None]
    assert expected.why_not(extension(1)) == (
        "not expected to be registered now by the schedule office"
    )


def test_the_first_expectation_that_names_it_counts() -> None:
    expected = Expectations(
        OFFICE, [Expectation(("000*101",), True), Expectation(("000*10?",), False)]
    )
    assert expected.since(extension(1), now=at(0)) == EVER
    assert expected.since(extension(2), now=at(3600)) is None
    assert expected.why_not(extension(2)) == "not expected to be registered now"
    assert expected.since(extension(20), now=at(3600)) == at(3600)


def test_one_that_is_renamed_is_looked_up_again() -> None:
    expected = Expectations(True, [Expectation(("000*101",), False)])
    assert expected.since(extension(1), now=at(0)) is None
    assert expected.since(Extension(ExtensionId(1), "000*333"), now=at(0)) == EVER
