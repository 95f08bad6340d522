"""What each alert means and what to do about it: `docs/alerts/`, which messages and pages quote.

`pages` leads to that folder; in an installed regwatch it is a copy of it.
"""

import re
from functools import cache
from importlib.resources import files

from regwatch.core.model import AlertName

ADVICE = re.compile(r"^## What to do\n\n(.+)$", re.MULTILINE)


@cache
def page(alert: AlertName) -> str:
    """The whole runbook, in Markdown."""
    return files(__name__).joinpath("pages", f"{alert.value}.md").read_text(encoding="utf-8")


@cache
def advice(alert: AlertName) -> str:
    """What to do now, in one sentence: the first one of the runbook's chapter."""
    found = ADVICE.search(page(alert))
    if found is None:  # pragma: no cover - tests read them all
        raise LookupError(f"the runbook of {alert.value} does not say what to do")
    return found[1]
