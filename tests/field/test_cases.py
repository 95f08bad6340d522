"""Cases from the field: what people were told wrongly, played again as `regwatch replay` does.

A folder is a case. It has a `README.md` (source, what went wrong, what is right), the configuration
`regwatch.yml`, the record `answers.jsonl`, and in `told.txt` what is told: a line for each message,
or that nobody would be told. `bodies.jsonl`, where it is there, holds what the PBX sent: a body of
many registrations to a line, with its second since the first.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from regwatch.app.replay import Replay
from regwatch.config import load_config
from regwatch.core.model import Notification, Timestamp
from regwatch.core.recording import Recorded
from regwatch.notify.words.first_line import headline
from regwatch.sources.ringme.wire import decode_registrations

CASES = sorted(readme.parent for readme in Path(__file__).parent.glob("*/README.md"))
WITH_BODIES = [case for case in CASES if (case / "bodies.jsonl").exists()]
NOBODY = "Nobody would be told."


def recorded(case: Path) -> list[Recorded]:
    decoder = msgspec.json.Decoder(Recorded)
    return [decoder.decode(line) for line in (case / "answers.jsonl").read_bytes().splitlines()]


def decoded_anew(case: Path) -> Iterator[Recorded]:
    """The record, with what we understand today of the bodies behind it."""
    records = recorded(case)
    sent = map(json.loads, (case / "bodies.jsonl").read_bytes().splitlines())
    bodies = {records[0].at + each["second"]: json.dumps(each["body"]).encode() for each in sent}
    for each in records:
        body = bodies.pop(each.at, None) if each.batch is not None else None
        yield each if body is None else understood(each, body)
    assert not bodies


def understood(record: Recorded, body: bytes) -> Recorded:
    assert record.batch is not None
    decoded = decode_registrations(body, asked=record.batch.asked, answered_at=record.at)
    return replace(record, batch=replace(record.batch, answers=decoded.answers))


def told(case: Path, records: Iterable[Recorded]) -> list[str]:
    begin, *more = records
    messages = Replay(load_config(case / "regwatch.yml", environ={})).play([begin, *more])
    return [line(message, begin=begin.at) for message in messages] or [NOBODY]


def expected(case: Path) -> list[str]:
    return (case / "told.txt").read_text(encoding="utf-8").splitlines()


def line(message: Notification, *, begin: Timestamp) -> str:
    seconds = round(message.created_at - begin)
    return f"{seconds:+d} s {message.receiver} {message.reason.value}: {headline(message)}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_those_are_told_who_should_be(case: Path) -> None:
    assert told(case, recorded(case)) == expected(case)


@pytest.mark.parametrize("case", WITH_BODIES, ids=lambda case: case.name)
def test_what_the_pbx_sent_tells_the_same(case: Path) -> None:
    assert told(case, decoded_anew(case)) == expected(case)


def test_every_case_is_whole() -> None:
    files = {"README.md", "answers.jsonl", "regwatch.yml", "told.txt"}
    assert CASES
    for case in CASES:
        assert files <= {file.name for file in case.iterdir()}, case.name
