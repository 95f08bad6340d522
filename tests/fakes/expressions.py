"""Every regular expression of the product, and texts that make a careless one go back and forth."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from itertools import chain, product
from typing import Any

import regwatch

UNITS = (
    "a", "1", " ", "-", ".", "1.", ".1", "a1", "1.1 ", "/", "(", "\\", "'", '"', "=", ":", "<",
    "<a", "http://", "https://a", "a@", "?", "password", "password=", "password :", "bearer",
    "bearer ",
    ",", ", ", ";", "gzip", "gzip ", "gzip;q=", "gzip;q=1 ", "{", "{a", "{a:", "$2b$12$",
    "\x00", "é",
)  # fmt: skip
"""Repeated without end; each is what some expression waits for, or half of it."""
LEADS = ("gzip", "gzip;q=", "password", "password=", "https://", "bearer", "<", "$2b$12$")
RUNS = ("a", "1", " ")
"""Without end after a lead."""


def texts(length: int) -> Iterator[str]:
    """Each about so long, with an end at which a match fails after all."""
    for lead, unit in chain(product([""], UNITS), product(LEADS, RUNS)):
        yield f"{lead}{unit * (length // len(unit))}!"


def worked(expression: re.Pattern[Any], text: str) -> None:
    """Let it go through the whole text, or its bytes where it is made for those."""
    if isinstance(expression.pattern, bytes):
        expression.sub(b"", text.encode())
    else:
        expression.sub("", text)


def expressions() -> dict[str, re.Pattern[Any]]:
    """By module and name."""
    found = {}
    for module in pkgutil.walk_packages(regwatch.__path__, "regwatch."):
        if module.name == "regwatch.__main__":
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                found[f"{module.name}.{name}"] = value
    return found


OWN_TEXT = ("regwatch.config.", "regwatch.shapes.", "regwatch.web.api.openapi.")
"""These see nothing but the configuration and our own paths: nobody outside can make them slow."""
OVER_OUTSIDE_TEXT = {n: e for n, e in expressions().items() if not n.startswith(OWN_TEXT)}
