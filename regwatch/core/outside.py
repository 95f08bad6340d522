"""Text from outside, made safe once, where it comes in. How long it may be is for others to say.

Taken out or replaced is what acts and is not seen: control characters and escape sequences, what
turns the direction of reading, what takes no room, halves of characters. Letters of all scripts,
their marks, and emoji with the joiners in them stay.
"""

import re
from unicodedata import category

SURROGATE = re.compile(r"[\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
LINES = re.compile(r"\r\n?|[\x85\u2028\u2029]")
"""Other ends of lines, where several lines are wanted."""
CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]+")
UNSEEN = re.compile(
    "[\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]+"
)
"""Soft hyphen, marks of direction (Unicode Standard Annex 9, section 2), spaces without width, byte
order mark, annotation, tags (in which whole sentences can hide).
"""
FLOOD = re.compile(r"[^\w\x00-\x7f]{7,}")
"""May hold more marks in a row than `MOST_MARKS`; no mark is a letter by itself."""
MOST_MARKS = 6
"""On one letter: Hebrew has up to five, Tibetan piles up as many."""
JOINERS = "\u200c\u200d"
IDLE_JOINERS = re.compile(
    rf"(?:^|(?<=[\x00-\x7f]))[{JOINERS}]++|[{JOINERS}]++(?=[\x00-\x7f]|\Z)"
    rf"|(?<=[{JOINERS}])[{JOINERS}]++"
)
"""Where there is nothing to be joined or kept apart, as there is in Persian and among emoji."""


def made_safe(text: str) -> str:
    """The text in one line, with question marks in place of lone surrogates, which no encoding
    takes, a space in place of control characters, which turn lines and terminals over, and without
    what is not seen.
    """
    if text.isascii():
        return text if text.isprintable() else CONTROL.sub(" ", text)
    return _seen(CONTROL.sub(" ", _whole(text)))


def lines_made_safe(text: str) -> str:
    """The same for a text of several lines, which stay, as do tabs."""
    if text.isprintable() and text.isascii():
        return text
    return _seen(CONTROL_IN_LINES.sub(" ", LINES.sub("\n", _whole(text))))


def _whole(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _seen(text: str) -> str:
    text = FLOOD.sub(_bounded, UNSEEN.sub("", text))
    has_joiners = any(each in text for each in JOINERS)
    return IDLE_JOINERS.sub("", text) if has_joiners else text


def _bounded(flood: re.Match[str]) -> str:
    text = flood[0]
    marks = "".join(each for each in set(text) if category(each).startswith("M"))
    if not marks:
        return text
    return re.compile(f"([{marks}]{{{MOST_MARKS}}})[{marks}]+").sub(r"\1", text)


def is_text(text: str) -> bool:
    """Whether any encoding takes it: whether no surrogate in it stands alone."""
    return text.isprintable() or SURROGATE.search(text) is None


ESCAPED = re.compile(rb"\\[bfnrtu]")
"""In JSON, what may stand for something to be made safe."""


def is_plain(body: bytes) -> bool:
    """Whether none of the texts in a sound JSON body needs a closer look, found out fast."""
    if not body.isascii() or b"\x7f" in body:
        return False
    return b"\\" not in body or ESCAPED.search(body) is None


def all_made_safe(value: object) -> object:
    """The same for every text in what a JSON body holds; raises `RecursionError` if that is nested
    beyond all measure.
    """
    if isinstance(value, str):
        return made_safe(value)
    if isinstance(value, dict):
        return {all_made_safe(key): all_made_safe(each) for key, each in value.items()}
    if isinstance(value, list):
        return [all_made_safe(each) for each in value]
    return value
