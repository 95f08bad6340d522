"""What is wrong with a file that is no YAML: the place, and what to write instead."""

import re
from collections.abc import Callable
from dataclasses import dataclass

WIDEST = 100
"""Characters of a line that are shown."""
BEFORE_VALUE = re.compile(r"\s*(?:- +)*(?:[A-Za-z_-]{1,40}\s*:\s*|- *)?")
"""Indentation, dashes and a key: what of a line is no value, and so no secret."""
READABLE = re.compile(r"[^\W_]")
NO_SPACE_AFTER_COLON = re.compile(r"\s*(?:- +)*[A-Za-z_][\w-]*:[^\s/]")
HIDDEN = "·"
NO_BREAK_SPACE = "\u00a0"
SIGNS = {
    "*": "a value that begins with `*` is an alias: put it into quotes",
    "&": "a value that begins with `&` is an anchor: put it into quotes",
    "!": "a value that begins with `!` is a tag: put it into quotes",
    "%": "no value begins with `%`: put it into quotes",
    "@": "no value begins with `@`: put it into quotes",
    "`": "no value begins with a backtick: put it into quotes",
    "{": "a value that begins with `{` is a mapping: put a template into quotes",
    "[": "a list that begins with `[` ends with `]`, with commas between its items",
    '"': 'a value that begins with `"` ends with it: is there another one in it? write `\\"`',
    "'": "a value that begins with `'` ends with it: is there another one in it? write `''`",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading failed, and as its parser calls the trouble."""

    text: str
    """The whole line."""
    column: int
    """From 0."""
    trouble: str

    @property
    def value(self) -> str:
        """What stands behind indentation, dashes and key."""
        return self.text[self._value_at :]

    @property
    def _value_at(self) -> int:
        found = BEFORE_VALUE.match(self.text)
        return 0 if found is None else found.end()

    @property
    def excerpt(self) -> tuple[str, str]:
        """The line without what may be secret in it, and a caret below the place."""
        at = self._value_at
        shown = self.text[:at] + READABLE.sub(HIDDEN, self.text[at:])
        start = max(0, self.column - WIDEST + 1)
        line = shown.replace("\t", "→")[start : start + WIDEST]
        return line, " " * (self.column - start) + "^"


def advice(place: Place) -> str:
    """What to write instead: the first that fits."""
    return next((words for fits, words in RULES if fits(place)), _by_sign(place))


def _by_sign(place: Place) -> str:
    return SIGNS.get(place.value[:1], "indent it as the lines beside it, with spaces")


def _has_second_colon(place: Place) -> bool:
    return "mapping values" in place.trouble and ":" in place.value[: place.column]


RULES: tuple[tuple[Callable[[Place], object], str], ...] = (
    (lambda p: NO_BREAK_SPACE in p.text, "it holds a no-break space: type its spaces anew"),
    (lambda p: "\t" in p.text[: p.column + 1], "indent with spaces: YAML takes no tabs there"),
    (lambda p: NO_SPACE_AFTER_COLON.match(p.text), "put a space after the colon"),
    (_has_second_colon, "a value with `: ` in it stands in quotes"),
    (
        lambda p: "mapping values" in p.trouble,
        "indent it as the lines beside it: it stands within the value above",
    ),
    (lambda p: "could not find expected ':'" in p.trouble, "a key ends with a colon and a space"),
)
