"""A runbook as a page: what an alert means, and what to do about it."""

import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markupsafe import Markup

from regwatch import runbooks
from regwatch.core.model import AlertName

INNER_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")
"""Into the repository's documents, which are not served here."""
FOOT = re.compile(r"\n\[All pages\]\([^)]*\)\s*\Z")
TITLE = re.compile(r"\A# .*\n")


def alert_named(name: str) -> AlertName | None:
    """By its label (`RegwatchSiteLost`), or by its key in the configuration (`site_lost`)."""
    return next((each for each in AlertName if name in (each.alertname, each.value)), None)


def runbook(alert: AlertName) -> Markup:
    """Its text as HTML: from our own document, without HTML of its own."""
    text = TITLE.sub("", FOOT.sub("", runbooks.page(alert)))
    words = INNER_LINK.sub(r"\1", text).replace(" All alerts\n", "\n", 1)
    return Markup(MarkdownIt("commonmark", {"html": False}).render(words))  # noqa: S704


def contents() -> Iterable[tuple[str, str]]:
    """Every alert's name, and what to do about it in one sentence."""
    return [(each.alertname, runbooks.advice(each)) for each in AlertName]
