"""Tables of what was found, what was missed, and what was told wrongly. As Markdown."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bench.life.finding import Wanted, by_kind, delays
from bench.life.judge import Judgement, Verdict, Word


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


FOUND = ("what happens", "to be told as", "times", "told", "missed", "median", "95th")


def found_rows(found: Sequence[Wanted]) -> Iterator[tuple[object, ...]]:
    """One for each kind of happening, and for what is wanted of it."""
    for (kind, what), group in by_kind(found).items():
        told = [each for each in group if each.told_at is not None]
        spread = delays(told)
        seconds = ("–", "–") if spread is None else tuple(f"{s:.0f} s" for s in spread)
        yield kind.replace("_", " "), what, len(group), len(told), len(group) - len(told), *seconds


TOLD = ("alert", "told", "true", "after a good-bye", "as a good-bye", "again", "false")


def told_rows(judgements: Iterable[Judgement]) -> Iterator[tuple[object, ...]]:
    """One for each alert."""
    counts: Mapping[str, Counter[Word]] = defaultdict(Counter)
    for judgement in judgements:
        for verdict in judgement.verdicts:
            counts[verdict.saying.alert.value][verdict.word] += 1
    for alert, words in sorted(counts.items()):
        yield f"`{alert}`", words.total(), *(words[word] for word in Word)


def line(verdict: Verdict) -> str:
    """One saying and what is to be thought of it."""
    saying, incident = verdict.saying, verdict.saying.incident
    at = datetime.fromtimestamp(saying.at, UTC)
    truth = f"{verdict.word.value} {verdict.kind}".strip()
    census = saying.census
    seen = f" ({census.dark} of {census.devices} dark)" if census is not None else ""
    return f"{at:%a %H:%M:%S}  {incident.severity.value:8}  {truth:24} {incident.summary}{seen}"


def missed_line(each: Wanted) -> str:
    """What one would have wanted to know."""
    at = datetime.fromtimestamp(each.since, UTC)
    who = "" if each.who is None else f" of {each.who}"
    return f"{at:%a %H:%M:%S}  not told: {each.what}{who}, {each.happening.number}"
