"""Reading the file: YAML into plain values, with the line of each.

YAML's traps are closed here: duplicate keys, `0123` read as 83, `1:30` as 90, `on` as a key that
is true, and files made to blow up.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from regwatch.config.yaml_advice import Place, advice
from regwatch.core.outside import is_text
from regwatch.shapes.files import FileError, read_text
from regwatch.shapes.problems import ConfigError, Location, Problem, written

LARGEST_FILE = 4 << 20
"""Bytes: 100,000 extensions with a line each have room; more is the wrong file."""
LARGEST_OF_PEOPLE = 64 << 10
"""Characters of a file that a person wrote by hand."""
DEEPEST = 32
NAMING = re.compile(r"(.*\b(?:alias|anchor|tag)\b.*?) ?['\"]")
"""YAML's errors that quote the rest of what begins with one of its signs."""
MOST_NODES = 200_000
"""Aliases let a few lines unfold into billions of nodes: reading must come to an end."""


def is_usable(text: str) -> bool:
    """Whether it holds nothing but characters: no file has others in its name, and nothing that
    holds one can be sent.
    """
    return "\0" not in text and is_text(text)


LONGEST_NUMBER = 8
"""Digits that an extension's may have; what is longer may be a secret at a wrong place."""


class Source:
    """A file's values and where each stands."""

    def __init__(
        self, file: Path, *, secret: Collection[str] = (), text: str | None = None
    ) -> None:
        """`secret`: keys whose values no problem may show; `text`: what stands in the file, if that
        is not to be read.
        """
        self._given = text
        self.file = file
        self._secret = secret
        self.values: object = None
        self.problems: list[Problem] = []
        self._lines: dict[Location, int] = {}
        self._nodes = 0

    def problem(self, location: Location, message: str, suggestion: str | None = None) -> Problem:
        """A problem at a place, or at the nearest place around it that stands in the file."""
        return Problem(self.file, self.line(location), written(location), message, suggestion)

    def line(self, location: Location) -> int | None:
        """The line of a value, or of what it should stand in."""
        while location and location not in self._lines:
            location = location[:-1]
        return self._lines.get(location)

    def read(self) -> None:
        """Fill in the values; raises `ConfigError` if there are none to be had."""
        try:
            root = _composed(self._text())
        except yaml.MarkedYAMLError as error:
            raise ConfigError([self._no_yaml(error)]) from None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise self._unreadable("not valid YAML") from error
        if not isinstance(root, yaml.MappingNode):
            raise self._unreadable("the file must be a mapping that begins with `accounts:`", 1)
        self.values = self._value(root, ())
        _take_apart(root)

    def section(self, name: str, keys: Collection[str] | None = None) -> object:
        """What was read, cut down to one section, or to these keys of it."""
        found = {} if not isinstance(self.values, dict) else self.values.get(name, {})
        if keys is not None and isinstance(found, dict):
            found = {key: value for key, value in found.items() if key in keys}
        return {name: found} if found != {} else {}

    def _text(self) -> str:
        if self._given is not None:
            return self._given
        try:
            return read_text(self.file, largest=LARGEST_FILE)
        except FileError as error:
            raise self._unreadable(f"cannot be read: {error}") from error

    def _no_yaml(self, error: yaml.MarkedYAMLError) -> Problem:
        message = f"not valid YAML: {_in_words(error)}"
        # Where it begins, not where the rest of the file makes no sense any more.
        begins = any(each in (error.context or "") for each in ("quoted scalar", "simple key"))
        mark = (error.context_mark if begins else None) or error.problem_mark or error.context_mark
        if mark is None:
            return Problem(self.file, None, "", message)
        lines = self._text().splitlines()
        text = lines[mark.line] if mark.line < len(lines) else ""
        place = Place(text, mark.column, f"{error.context or ''} {error.problem or ''}")
        excerpt = place.excerpt if text.strip() else ()
        said = None if NAMING.match(str(error.problem)) else advice(place)
        return Problem(self.file, mark.line + 1, "", message, said, excerpt)

    def _unreadable(self, message: str, line: int | None = None) -> ConfigError:
        return ConfigError([Problem(self.file, line, "", message)])

    def _value(self, node: yaml.Node, location: Location) -> object:
        self._nodes += 1
        if len(location) > DEEPEST or self._nodes > MOST_NODES:
            raise self._unreadable("too deeply nested, or too much of it", node.start_mark.line + 1)
        self._lines.setdefault(location, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*location, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, location)

    def _is_secret(self, location: Location) -> bool:
        return any(key in self._secret for key in location)

    def _mapping(self, node: yaml.MappingNode, location: Location) -> Mapping[str, object]:
        values: dict[str, object] = {}
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(self.problem(location, "a key must be a word"))
                continue
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if not is_usable(key):
                self.problems.append(self.problem(location, "a key holds a character that is none"))
                continue
            if key in values:
                message = f"stands twice, in lines {first_lines[key]} and {line}"
                place = (*location, key)
                self.problems.append(Problem(self.file, line, written(place), message))
                continue
            first_lines[key] = line
            self._lines[*location, key] = line
            values[key] = self._value(value_node, (*location, key))
        return values

    def _scalar(self, node: yaml.Node, location: Location) -> object:
        tag = str(node.tag).removeprefix("tag:yaml.org,2002:")
        text = str(node.value)
        if tag == "int" and text.removeprefix("-").removeprefix("+") != str(_decimal(text)):
            is_shown = len(text) <= LONGEST_NUMBER and not self._is_secret(location)
            shown = f"`{text}`" if is_shown else "this value"
            message = f"{shown} is read as another number by YAML"
            advice = f'quote it: "{text}"' if is_shown else "quote it"
            self.problems.append(self.problem(location, message, advice))
            return text
        if tag in _READERS:
            return _READERS[tag](text)
        return text


def _composed(text: str) -> yaml.Node | None:
    """Eight times as fast by libyaml, where PyYAML comes with it; its own parser has the better
    words for what is wrong, in a file that people wrote.
    """
    if not yaml.__with_libyaml__:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        if len(text) > LARGEST_OF_PEOPLE:
            raise
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _in_words(error: yaml.MarkedYAMLError) -> str:
    """Without what stands there where it may be a secret: a password that begins with a `*`."""
    problem = str(error.problem)
    if found := NAMING.match(problem):
        return f"{found.group(1)}: quote a value that begins with `*`, `&` or `!`"
    return problem


def _take_apart(root: yaml.Node) -> None:
    """Bit by bit: a tree of 100,000 nodes that is let go at once holds up every other thread."""
    left: list[Any] = [root]
    while left:
        piece = left.pop()
        if isinstance(piece, tuple):  # of a mapping: a key and its value
            left += piece
        elif isinstance(piece, yaml.CollectionNode):
            left += piece.value
            piece.value = []


def _decimal(text: str) -> int | None:
    digits = text.removeprefix("-").removeprefix("+")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else None


def _float(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


_READERS: Mapping[str, Callable[[str], object]] = {
    "int": int,
    "float": _float,
    "bool": lambda text: text.lower() in ("true", "yes", "on"),
    "null": lambda _text: None,
}


def strings(value: object, location: Location = ()) -> Iterator[tuple[Location, str]]:
    """Every string value with its place."""
    if isinstance(value, str):
        yield location, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from strings(each, (*location, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from strings(each, (*location, index))
