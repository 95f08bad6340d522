"""Text from outside, made safe once, where it comes in. How long it may be is for others to say."""

import re

SURROGATE = re.compile(r"[\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def made_safe(text: str) -> str:
    """The text with question marks in place of lone surrogates, which no encoding takes, and a
    space in place of control characters, which turn lines and terminals over.
    """
    if text.isprintable():
        return text
    return CONTROL.sub(" ", text.encode("utf-8", errors="replace").decode("utf-8"))


def is_text(text: str) -> bool:
    """Whether any encoding takes it: whether no surrogate in it stands alone."""
    return text.isprintable() or SURROGATE.search(text) is None


def all_made_safe(value: object) -> object:
    """The same for every text in what a JSON body holds."""
    if isinstance(value, str):
        return made_safe(value)
    if isinstance(value, dict):
        return {all_made_safe(key): all_made_safe(each) for key, each in value.items()}
    if isinstance(value, list):
        return [all_made_safe(each) for each in value]
    return value
