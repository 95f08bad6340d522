"""What a person most likely meant by a word that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

FEW = 12
"""A list that is longer nobody reads in an error."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The nearest of the known words, whatever its case; all of them if none is near and they are
    few.
    """
    by_lower = {each.lower(): each for each in sorted(known)}
    if near := get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6):
        return f"did you mean `{by_lower[near[0]]}`?"
    if by_lower and len(by_lower) <= FEW:
        return "one of " + ", ".join(f"`{each}`" for each in by_lower.values())
    return None
