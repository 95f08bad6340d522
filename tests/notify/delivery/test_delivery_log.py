"""Which deliveries are worth a line, and how loud it is."""

from dataclasses import replace

import pytest
from fakes.notifications import NOW, all_new, lost
from structlog.testing import capture_logs

from regwatch.notify.delivery.deliveries import Delivery, DeliveryAttempt
from regwatch.notify.delivery.delivery_log import DeliveryLog

DELIVERED, RETRIED, REFUSED = Delivery.DELIVERED, Delivery.RETRIED, Delivery.REFUSED
Attempts = list[tuple[str, Delivery, str | None]]


def attempt(receiver: str, outcome: Delivery, error: str | None = None) -> DeliveryAttempt:
    return DeliveryAttempt(receiver, all_new([lost()]), outcome, 1, NOW, error=error)


def lines(*attempts: tuple[str, Delivery, str | None]) -> list[tuple[str, str, str]]:
    """Level, event and receiver of what stands above debug."""
    log = DeliveryLog()
    with capture_logs() as logs:
        for each in attempts:
            log(attempt(*each))
    said = [each for each in logs if each["log_level"] != "debug"]
    return [(each["log_level"], each["event"], each["receiver"]) for each in said]


WARNED = ("warning", "notification_not_delivered", "chat")
ERROR = ("error", "notification_not_delivered", "chat")
BACK = ("info", "receiver_back", "chat")
LOST = ("error", "notification_lost", "chat")


@pytest.mark.parametrize(
    ("attempts", "said"),
    [
        pytest.param([("chat", DELIVERED, None)], [], id="all is well: nothing"),
        pytest.param([("chat", RETRIED, "x")] * 3, [WARNED], id="the same trouble: once"),
        pytest.param(
            [("chat", RETRIED, "x"), ("chat", RETRIED, "y"), ("chat", RETRIED, "x")],
            [WARNED] * 3, id="another trouble: again",
        ),
        pytest.param(
            [("chat", RETRIED, "x"), ("chat", DELIVERED, None), ("chat", DELIVERED, None)],
            [WARNED, BACK], id="back: once",
        ),
        pytest.param(
            [("chat", RETRIED, "x"), ("chat", DELIVERED, None), ("chat", RETRIED, "x")],
            [WARNED, BACK, WARNED], id="gone again: a warning again",
        ),
        pytest.param([("chat", REFUSED, "no")] * 2, [ERROR], id="a refusal: an error, once"),
        pytest.param(
            [("chat", RETRIED, "x"), ("chat", REFUSED, "no")], [WARNED, ERROR],
            id="trouble that turns into a refusal",
        ),
        pytest.param([("chat", Delivery.GIVEN_UP, "old")] * 2, [LOST] * 2, id="each loss"),
        pytest.param([("chat", Delivery.COLLAPSED, None)], [], id="over before it was seen"),
        pytest.param(
            [("mail", RETRIED, "x"), ("chat", DELIVERED, None)],
            [("warning", "notification_not_delivered", "mail")], id="of each receiver by itself",
        ),
    ],
)  # fmt: skip
def test_changes_of_state_are_said_and_states_are_not(
    attempts: Attempts, said: list[tuple[str, str, str]]
) -> None:
    assert lines(*attempts) == said


def test_a_line_says_which_message_how_often_and_why() -> None:
    with capture_logs() as logs:
        DeliveryLog()(attempt("chat", REFUSED, "403: no"))
    (line,) = logs
    assert line["outcome"] == "refused"
    assert (line["notification"], line["attempts"], line["error"]) == ("n-1", 1, "403: no")


def test_what_was_sent_unsaved_is_said_each_time() -> None:
    with capture_logs() as logs:
        for is_unsaved in (True, True, False):
            DeliveryLog()(replace(attempt("chat", DELIVERED), is_unsaved=is_unsaved))
    assert [(line["log_level"], line["event"]) for line in logs] == [
        *[("warning", "notification_sent_unsaved")] * 2,
        ("debug", "notification_delivered"),
    ]
