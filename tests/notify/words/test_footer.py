"""What stands below a message's lists."""

from fakes.notifications import NEW, RESOLVED, all_new, lost, notification, overdue, resolved

from regwatch import runbooks
from regwatch.core.model import AlertName
from regwatch.notify.trial import trial_notification
from regwatch.notify.words.footer import footer, to_do
from regwatch.notify.words.markup import PLAIN

URL = "https://r.example.com"


def test_it_says_what_to_do_of_each_kind_the_worst_first() -> None:
    both = notification((NEW, overdue(1)), (NEW, lost(2)), (NEW, lost(3)))
    assert to_do(both) == (AlertName.EXTENSION_LOST, AlertName.REFRESH_OVERDUE)
    lines = list(footer(both, PLAIN, ""))
    assert [runbooks.advice(each) in line for each, line in zip(to_do(both), lines)] == [True] * 2  # noqa: B905


def test_once_all_is_over_and_in_a_test_there_is_nothing_to_do() -> None:
    over = notification((RESOLVED, resolved(lost())))
    assert to_do(over) == to_do(trial_notification("chat", over.created_at)) == ()
    assert list(footer(over, PLAIN, "")) == []


def test_it_ends_with_where_it_is_shown() -> None:
    assert list(footer(all_new([lost()]), PLAIN, URL))[-1].endswith(f"/incidents/{lost().id}")
