"""What is logged of an account's steps: what turned, once."""

import pytest
from fakes.values import ACME
from structlog.testing import capture_logs

from regwatch.core.bugs import SetAside, Where
from regwatch.core.model import ExtensionId
from regwatch.core.outcome import Listed, Outcome
from regwatch.core.polling.pace import PaceTurn
from regwatch.guard import Bugs
from regwatch.watcher.telling import Telling

MANY = [ExtensionId(i) for i in range(1, 31)]


def bug() -> Exception:
    try:
        raise ZeroDivisionError("what nobody has thought of")
    except ZeroDivisionError as error:
        return error


@pytest.mark.parametrize(
    ("outcome", "event", "fields"),
    [
        (Outcome(), None, {}),
        (Outcome(quarantined=MANY), "extensions_quarantined", {"count": 30}),
        (Outcome(crowded=[MANY[0]]), "registrations_too_many", {"compared": 100}),
        (Outcome(doubted=MANY), "mass_loss_doubted", {"extensions": 30}),
        (
            Outcome(pace=PaceTurn(is_slow=True, sweep_seconds=300.0, interval=60.0)),
            "polling_slowed",
            {"answers_up_to": "5 min", "log_level": "warning"},
        ),
        (
            Outcome(pace=PaceTurn(is_slow=False, sweep_seconds=60.0, interval=60.0)),
            "polling_at_full_pace",
            {"log_level": "info"},
        ),
        (Outcome(listed=Listed(3, complete=False)), "extensions_listed", {"watched": 3}),
    ],
)
def test_each_kind_of_news_is_a_line(
    outcome: Outcome, event: str | None, fields: dict[str, object]
) -> None:
    with capture_logs() as logs:
        Telling(ACME, Bugs()).tell(outcome)
    assert [line["event"] for line in logs] == ([] if event is None else [event])
    for line in logs:
        assert line["account"] == ACME
        assert fields.items() <= line.items()
        assert len(line.get("extension_ids", ())) <= 20


def test_who_is_set_aside_is_said_once_and_again_only_after_it_was_taken_in() -> None:
    telling, one = Telling(ACME, Bugs()), MANY[0]
    aside = Outcome(set_aside=[SetAside(one, bug())])
    with capture_logs() as logs:
        telling.tell(aside, answered=[one])
        telling.tell(aside, answered=[one])
        telling.tell(Outcome(), answered=[one])
        telling.tell(aside, answered=[one])
        telling.tell(Outcome(removed=[one]))
        telling.tell(Outcome(), answered=[one])
    assert [line["event"] for line in logs] == [
        "extensions_set_aside",
        "extensions_taken_in_again",
        "extensions_set_aside",
    ]


def test_a_bug_of_no_extension_is_said_once() -> None:
    telling = Telling(ACME, Bugs())
    with capture_logs() as logs:
        for _ in range(2):
            telling.tell_bug("outcome_not_kept", Where.STATE, bug())
    assert [(line["event"], line["log_level"]) for line in logs] == [("outcome_not_kept", "error")]
