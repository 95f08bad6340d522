"""Reading a record: one answer to a line, in the order of arrival."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from regwatch.core.model import FailureReason
from regwatch.core.outside import all_made_safe, is_plain
from regwatch.core.recording import Recorded
from regwatch.sources.source import SourceError

CALENDAR_SECONDS = 253_402_300_800.0
"""Until the year 10,000: no time beyond it can be shown."""


def records_in(file: Path) -> Iterator[Recorded]:
    """What the file holds, line by line, as it is read; raises `SourceError` where it is no
    record.
    """
    decoder = msgspec.json.Decoder(Recorded)
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                yield _decoded(line, decoder, f"{file}:{number}")
    except OSError as error:
        text = f"{file}: cannot be read: {error.strerror}"
        raise SourceError(text, reason=FailureReason.NOT_FOUND) from error


def _decoded(line: bytes, decoder: "msgspec.json.Decoder[Recorded]", place: str) -> Recorded:
    try:
        return _checked(decoder.decode(line) if is_plain(line) else _made_safe(line))
    # msgspec lets other errors through where text is no UTF-8, or nested beyond all measure.
    except (ValueError, RecursionError) as error:
        text = f"{place}: no recorded answer: {error}"
        raise SourceError(text, reason=FailureReason.BAD_ANSWER) from error


def _made_safe(line: bytes) -> Recorded:
    """A record may come from somebody else."""
    return msgspec.convert(all_made_safe(msgspec.json.decode(line)), type=Recorded, str_keys=True)


def _checked(recorded: Recorded) -> Recorded:
    if not all(0.0 <= at < CALENDAR_SECONDS for at in _times(recorded)):
        raise ValueError("a time that no calendar shows")
    return recorded


def _times(recorded: Recorded) -> Iterator[float]:
    yield recorded.at
    for answer in recorded.batch.answers.values() if recorded.batch else ():
        yield answer.answered_at
        held = (*answer.registrations, *answer.former)
        yield from (each.lease_ends_at for each in held if each.lease_ends_at is not None)
