"""Runbooks as pages: whole, and without links that lead nowhere there."""

import pytest

from regwatch import runbooks
from regwatch.core.model import AlertName
from regwatch.web.pages.runbook import alert_named, contents, runbook


@pytest.mark.parametrize("alert", list(AlertName))
def test_each_says_what_it_means_and_what_to_do(alert: AlertName) -> None:
    html = runbook(alert)
    chapters = ("What it means", "How it was found", "What to do", "How to make it quieter")
    assert all(f"<h2>{chapter}</h2>" in html for chapter in chapters)
    assert runbooks.advice(alert).split("`")[0] in html.replace("&quot;", '"')
    assert ".md" not in html
    assert "](" not in html


@pytest.mark.parametrize("alert", list(AlertName))
def test_it_is_found_by_its_label_and_by_its_key(alert: AlertName) -> None:
    assert alert_named(alert.value) is alert_named(alert.alertname) is alert


def test_another_name_is_none() -> None:
    assert alert_named("nothing") is None
    assert len(list(contents())) == len(AlertName)
