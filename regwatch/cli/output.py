"""Answers of the daemon as programs and spreadsheets want them."""

import csv
import sys
from collections.abc import Iterable

import click
import msgspec

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a spreadsheet's formulas begin, in wide letters too."""


def print_json(body: object) -> None:
    """As the API says it."""
    click.echo(msgspec.json.format(msgspec.json.encode(body), indent=2))


def print_csv(rows: Iterable[msgspec.Struct], kind: type[msgspec.Struct]) -> None:
    """A line for each, under the names of the API."""
    writer = csv.writer(sys.stdout)
    writer.writerow(kind.__struct_fields__)
    for row in rows:
        writer.writerow(map(_cell, msgspec.structs.asdict(row).values()))


def _cell(value: object) -> object:
    """What a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection):
    a phone's label is anybody's. Lists and mappings are JSON.
    """
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else str(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
