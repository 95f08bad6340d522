"""Man pages: that man(1) has nothing to say of them, and shows what was written."""

import os
import re
from pathlib import Path
from subprocess import run

import pytest
from fakes.debian import program
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.cli import main
from regwatch.cli.manual.roff import man_page, page_name
from regwatch.cli.manual.tree import Entry, OptionEntry, entries

ALL = list(entries(main, "regwatch"))


def shown(page: str, folder: Path) -> tuple[str, str]:
    """What man(1) shows of a page, without its typing; and what it has to say of it."""
    file = folder / "page.1"
    file.write_text(page, encoding="utf-8")
    environ = {**os.environ, "MANWIDTH": "500", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""}
    call = [program("man"), "--warnings", "--nj", "--nh", "-l", str(file)]
    done = run(call, capture_output=True, text=True, env=environ, check=True)
    return re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout), done.stderr


@pytest.mark.e2e
@pytest.mark.needs_debian
@pytest.mark.parametrize("entry", ALL, ids=lambda entry: page_name(entry.name, "regwatch"))
def test_man_has_nothing_to_say_of_any_page(entry: Entry, tmp_path: Path) -> None:
    text, warnings = shown(man_page(entry, ALL, program="regwatch", version="1"), tmp_path)
    assert warnings == ""
    assert text.startswith(f"{page_name(entry.name, 'regwatch').upper()}(1)")
    assert all(option.written in text for option in entry.options)
    assert all(example in text for example in entry.examples)
    assert entry.call in text


ODD = Entry(
    name="odd",
    short="Odd",
    call="tool odd",
    paragraphs=[".starts like an order", "'so does this", r"C:\path\n, `~/.x-y`, --long-option"],
    options=[OptionEntry(["--a"], "X", "5", "It's -1 or `x`.", "")],
    exits={0: "well"},
    examples=["tool odd --a '.5' | cat"],
    epilog="",
    commands=[],
)


@pytest.mark.e2e
@pytest.mark.needs_debian
def test_what_roff_would_obey_is_shown(tmp_path: Path) -> None:
    text, warnings = shown(man_page(ODD, [ODD], program="tool", version="1"), tmp_path)
    assert warnings == ""
    for words in (
        ".starts like an order",
        "'so does this",
        r"C:\path\n, ~/.x-y, --long-option",
        "It's -1 or x. By default 5.",
        "tool odd --a '.5' | cat",
    ):
        assert words in text


@settings(max_examples=30)
@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), max_size=40))
def test_no_text_begins_a_line_of_orders(text: str) -> None:
    entry = Entry("x", "X", "x", [text], [], {}, [], "", [])
    page = man_page(entry, [entry], program="tool", version="1")
    (line,) = page.split(".PP\n")[1:] or [""]
    assert not line.startswith((".", "'"))


def test_pages_point_to_each_other() -> None:
    by_name = {entry.name: man_page(entry, ALL, program="regwatch", version="1") for entry in ALL}
    assert "\\fBregwatch\\-silence\\-add\\fR(1)" in by_name["silence"]
    assert "\\fBregwatch\\-silence\\fR(1)" in by_name["silence add"]
    assert "\\fBregwatch\\fR(1)" in by_name["status"]
    assert "regwatch\\-status" in by_name[""]
