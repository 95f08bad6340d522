"""What is said of bugs that were survived: each once, and when it is over."""

import pytest
from fakes.notifications import lost
from fakes.values import ACME
from structlog.testing import capture_logs

from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.bugs import SetAside, Where
from regwatch.core.model import ExtensionId
from regwatch.core.outcome import Outcome
from regwatch.guard import Bugs
from regwatch.watcher.setbacks import LISTED_IN_A_LOG_LINE, Setbacks

ONE, TWO = ExtensionId(1), ExtensionId(2)


def met(text: str = "a value") -> Exception:
    """A bug, always of the same line; its words quote what it was met with."""
    try:
        raise ZeroDivisionError(text)
    except ZeroDivisionError as error:
        return error


def met_elsewhere() -> Exception:
    try:
        return ZeroDivisionError(1 / 0)
    except ZeroDivisionError as error:
        return error


def aside(*ids: int | None, error: Exception | None = None) -> Outcome:
    bug = error or met()
    return Outcome(set_aside=[SetAside(None if i is None else ExtensionId(i), bug) for i in ids])


def told(*outcomes: Outcome, answered: tuple[ExtensionId, ...] = ()) -> list[tuple[str, object]]:
    """The lines that these make, one after the other, and whom they name."""
    setbacks = Setbacks(ACME, Bugs())
    with capture_logs() as lines:
        for outcome in outcomes:
            setbacks.tell(outcome, answered=answered)
    return [(line["event"], line.get("extension_ids")) for line in lines]


def test_who_stays_aside_is_told_once() -> None:
    assert told(aside(1), aside(1)) == [("extensions_set_aside", [1])]


def test_those_of_one_bug_are_one_line_and_another_bug_is_another() -> None:
    both = Outcome(set_aside=[*aside(1, 2).set_aside, SetAside(ExtensionId(3), met_elsewhere())])
    assert told(both) == [("extensions_set_aside", [1, 2]), ("extensions_set_aside", [3])]


def test_a_line_names_some_and_counts_all() -> None:
    many = range(1, 2 * LISTED_IN_A_LOG_LINE)
    with capture_logs() as lines:
        Setbacks(ACME, Bugs()).tell(aside(*many))
    (line,) = lines
    assert (line["count"], line["extension_ids"]) == (len(many), [*many][:LISTED_IN_A_LOG_LINE])
    assert line["log_level"] == "error"
    assert isinstance(line["exc_info"], ZeroDivisionError), "with its traceback"


def test_a_bug_of_the_whole_account_is_told_once_whatever_it_quotes() -> None:
    lines = told(aside(None, error=met("1")), aside(None, error=met("2")))
    assert lines == [("monitor_bug", None)]
    assert len(told(aside(None), aside(None, error=met_elsewhere()))) == 2


@pytest.mark.parametrize(
    ("then", "answered", "expected"),
    [
        pytest.param(Outcome(), (ONE,), [("extensions_taken_in_again", [1])], id="answered"),
        pytest.param(Outcome(), (TWO,), [], id="another was answered"),
        pytest.param(Outcome(doubted=[ONE]), (ONE,), [], id="its answer is doubted"),
        pytest.param(aside(1), (ONE,), [], id="it is set aside again"),
    ],
)
def test_that_it_was_taken_in_again_is_told(
    then: Outcome, answered: tuple[ExtensionId, ...], expected: list[object]
) -> None:
    assert told(aside(1), then, answered=answered)[1:] == expected


def test_who_is_taken_in_again_may_be_set_aside_anew() -> None:
    lines = told(aside(1), Outcome(), aside(1), answered=(ONE,))
    assert [event for event, _ in lines] == [
        "extensions_set_aside",
        "extensions_taken_in_again",
        "extensions_set_aside",
    ]


def test_who_is_watched_no_more_is_forgotten() -> None:
    setbacks = Setbacks(ACME, Bugs())
    setbacks.tell(aside(1))
    setbacks.forget([ONE])
    with capture_logs() as lines:
        setbacks.tell(Outcome(), answered=[ONE])
    assert lines == []


def test_what_is_set_aside_stands_in_the_book_until_it_is_taken_in_again() -> None:
    bugs = Bugs()
    setbacks = Setbacks(ACME, bugs)
    setbacks.tell(aside(1, 2))
    setbacks.tell(aside(1), answered=[ONE])
    assert {(each.what, each.times) for each in bugs.latest()} == {("acme/1", 2), ("acme/2", 1)}
    setbacks.tell(Outcome(), answered=[ONE])
    assert [each.what for each in bugs.latest()] == ["acme/2"]
    setbacks.forget([TWO])
    assert bugs.latest() == []


def test_an_incident_that_is_set_aside_is_well_again_when_it_goes_on() -> None:
    bugs = Bugs()
    setbacks = Setbacks(ACME, bugs)
    incident = lost()
    bug = SetAside(None, met(), Where.INCIDENT, incident.subject)
    setbacks.tell(Outcome(set_aside=[bug]))
    (entry,) = bugs.latest()
    assert (entry.where, entry.what) == (Where.INCIDENT, f"acme {incident.subject}")
    setbacks.tell(Outcome(steps=[Step(lost(7), Decision.FIRED)]))
    assert bugs.kept == 1
    setbacks.tell(Outcome(steps=[Step(incident, Decision.FIRED)]))
    assert bugs.kept == 0
