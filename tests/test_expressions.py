"""No regular expression takes a time that grows with the square of what comes from outside.

The loop of the daemon stands still while one is at work. How the time grows is measured in
`tests/bench`; here a text is so long that the square of it would take longer than anybody waits.
"""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from fakes.expressions import OVER_OUTSIDE_TEXT, texts, worked

import regwatch
from regwatch.core.phones.identity import model_of
from regwatch.logs import without_secrets
from regwatch.notify.redaction import redact as redact_for_receivers
from regwatch.sources.ringme.redaction import redact

LENGTH = 50_000
PATIENCE = 60
"""Seconds, a hundred times what it takes: who is not done by then, hangs."""
SOURCES = sorted(Path(regwatch.__file__).parent.rglob("*.py"))


@contextmanager
def without_hanging() -> Iterator[None]:
    def hangs(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError("an expression hangs")

    former = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


@pytest.mark.parametrize("name", OVER_OUTSIDE_TEXT)
def test_no_expression_hangs_on_a_long_text(name: str) -> None:
    expression = OVER_OUTSIDE_TEXT[name]
    with without_hanging():
        for text in texts(LENGTH):
            worked(expression, text)


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(model_of, id="the model of a device"),
        pytest.param(redact, id="what the PBX answers, made fit for the log"),
        pytest.param(redact_for_receivers, id="what a receiver answers"),
        pytest.param(
            lambda text: without_secrets(None, "", {"event": "e", "error": text}), id="a log line"
        ),
    ],
)
def test_what_is_done_with_them_does_not_hang_either(work) -> None:
    with without_hanging():
        for text in texts(LENGTH):
            work(text)


def test_each_expression_has_a_name_by_which_this_test_finds_it() -> None:
    unnamed = re.compile(r"\bre\.(?!compile|escape|Match|Pattern|[A-Z]+\b)\w+")
    for file in SOURCES:
        assert not unnamed.findall(file.read_text(encoding="utf-8")), file
