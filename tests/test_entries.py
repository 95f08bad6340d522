"""Words from outside are made safe once, where they come in: here is where that is."""

import ast
import re

import pytest
from fakes.entries import ENTRIES, Entry, texts_in
from fakes.hostile import ANY_CHARACTER, UNSEEN_WORDS, WORDS
from figures import Module, house
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.outside import lines_made_safe

BY_NAME = pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.name)


def check(entry: Entry, word: str) -> None:
    came_in = list(texts_in(entry.take(word)))
    assert came_in, "nothing came in"
    assert [text for text in came_in if lines_made_safe(text) != text] == []
    assert max(map(len, came_in)) <= entry.longest


@BY_NAME
def test_nothing_comes_in_that_acts_and_is_not_seen(entry: Entry) -> None:
    for word in UNSEEN_WORDS:
        check(entry, word)
        check(entry, f"Reception{word}Телефон")


@BY_NAME
def test_whatever_is_said(entry: Entry) -> None:
    @settings(max_examples=15, database=None)
    @given(WORDS | st.text(ANY_CHARACTER, max_size=20))
    def said(word: str) -> None:
        check(entry, word)

    said()


@BY_NAME
def test_what_is_harmless_comes_in_as_it_is(entry: Entry) -> None:
    harmless = "Reception 2, Телефон ریحان\u200cها שׁ 👩‍👩‍👧 é"
    assert any(harmless in text for text in texts_in(entry.take(harmless)))


# --- that none is forgotten ------------------------------------------------------------

OF_A_REQUEST = re.compile(r"request\.(query|match_info|headers|cookies|rel_url|post|json|text)")
READ_BY_WORD = {
    "web/auth.py": "compares what it is given",
    "web/errors.py": "names the route, not what was asked for",
    "web/origin.py": "compares headers",
    "web/rates.py": "reads addresses, or nothing",
    "web/metrics/scrape.py": "chooses by a header",
    "web/pages/routes.py": "hands the query on to the search, and looks the rest up by its name",
}
"""Modules of `web/` that look into a request themselves; and why nothing of it comes in."""


def looks_into_a_request(module: Module) -> bool:
    reads = (ast.unparse(node) for node in ast.walk(module.tree) if isinstance(node, ast.Attribute))
    return any(OF_A_REQUEST.fullmatch(each) for each in reads)


def test_no_other_module_looks_into_a_request() -> None:
    looking = {m.name for m in house() if m.name.startswith("web/") and looks_into_a_request(m)}
    assert looking == {"web/api/request.py", *READ_BY_WORD}


MAKING_SAFE = {"made_safe", "lines_made_safe", "all_made_safe"}
SECOND_BELTS = {
    "cli/console.py": "quotes arguments of the command line",
    "notify/errors.py": "the one way out of every receiver",
    "notify/receivers/slack_bot.py": "what Slack names a message by, which is kept",
    "web/listing.py": "what is searched for",
    "web/origin.py": "quotes a name that is refused",
    "web/webconfig.py": "refuses what is not seen, since a name is compared",
}
"""Modules that make safe and are no entry's own; and why."""


def makes_safe(module: Module) -> bool:
    names = (node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name))
    return not MAKING_SAFE.isdisjoint(names)


def test_words_are_made_safe_at_entries_only() -> None:
    making = {m.name for m in house() if makes_safe(m)} - {"core/outside.py"}
    assert making == {entry.module for entry in ENTRIES} | set(SECOND_BELTS)
