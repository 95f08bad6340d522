"""Records in terminals of all widths, and in pipes."""

import pytest
from fakes.looks import plain, widest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from regwatch.cli.tables import Column, table, wrapped

WORDS = "one two three four"
COLUMNS = (Column("id"), Column("state"), Column("what", below=True))
ROWS = [
    ("1", "firing", "[red]Bērziņš[/] is lost since ten o'clock in the morning"),
    ("22", "over", "y"),
]


def test_where_there_is_room_they_stand_in_columns() -> None:
    assert (
        plain(table(COLUMNS, ROWS, 80))
        == """\
id  state   what
1   firing  [red]Bērziņš[/] is lost since ten o'clock in the morning
22  over    y
"""
    )


def test_a_long_text_goes_on_in_its_column() -> None:
    assert (
        plain(table(COLUMNS, ROWS, 58))
        == """\
id  state   what
1   firing  [red]Bērziņš[/] is lost since ten o'clock in
            the morning
22  over    y
"""
    )


def test_where_there_is_no_room_it_stands_below() -> None:
    assert (
        plain(table(COLUMNS, ROWS, 40))
        == """\
id  state
1   firing
  [red]Bērziņš[/] is lost since ten
  o'clock in the morning
22  over
  y
"""
    )


def test_several_fields_below_stand_one_after_the_other_without_empty_ones() -> None:
    columns = (Column("id"), *(Column(title, below=True) for title in ("a", "b", "c")))
    assert plain(table(columns, [("1", "x" * 20, "", "y" * 20)], 30)) == (
        "id\n1\n  " + "x" * 20 + " ·\n  " + "y" * 20 + "\n"
    )


def test_in_a_pipe_one_record_is_one_line_with_tabs_and_no_title() -> None:
    (first, second) = table(COLUMNS, ROWS, None)
    assert first.plain == "\t".join(ROWS[0])
    assert second.plain == "22\tover\ty"


def test_a_cell_that_is_too_wide_is_cut_and_that_is_seen() -> None:
    lines = table((Column("name"), Column("state")), [("n" * 50, "lost")], 20)
    assert plain(lines).splitlines()[1] == "n" * 12 + "…  lost"


@given(
    st.lists(st.tuples(*[st.text("ab 漢é", max_size=60)] * 3), max_size=5),
    st.integers(min_value=40, max_value=120),
)
def test_nothing_is_wider_than_the_terminal(rows: list[tuple[str, str, str]], width: int) -> None:
    assert widest(table(COLUMNS, rows, width)) <= width


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (None, ["one two three four"]),
        (18, ["one two three four"]),
        (12, ["one two", "  three four"]),
    ],
)
def test_a_sentence_goes_on_indented(width: int | None, lines: list[str]) -> None:
    found = wrapped(Text(WORDS), width, indent=2)
    assert [line.plain for line in found] == lines
