"""What stands below a message's lists: what to do now, and where to read on; pure."""

from collections.abc import Iterator, Sequence

from regwatch import runbooks
from regwatch.core.model import AlertName, Notification, NotifyReason
from regwatch.notify.words.links import help_url, page_of
from regwatch.notify.words.markup import URL_LIMIT, Markup

MOST_ADVICE = 2
"""Of more kinds of alert nobody is told at once what to do: the worst come first."""
TO_DO = "What to do:"


def to_do(notification: Notification) -> Sequence[AlertName]:
    """The kinds of alert of which it says what to do; none once all is over."""
    if notification.is_resolved or notification.reason is NotifyReason.TEST:
        return ()
    worst_first = sorted(notification.matter, key=lambda word: word.severity.rank)
    return tuple(dict.fromkeys(word.alert for word in worst_first))[:MOST_ADVICE]


def footer(notification: Notification, markup: Markup, external_url: str) -> Iterator[str]:
    """A line for each kind of alert, and one that leads to the page."""
    for alert in to_do(notification):
        text = f"{markup.bold(TO_DO)} {markup.field(runbooks.advice(alert))}"
        url = help_url(alert, external_url)
        more = markup.link("How", url) if markup.shows_links and 0 < len(url) <= URL_LIMIT else ""
        yield f"{text} {more}" if more else text
    page = page_of(notification, external_url)
    if 0 < len(page) <= URL_LIMIT:
        yield markup.link("Show in regwatch", page) if markup.shows_links else page
