"""What a source answers is passed on, and kept."""

import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from fakes.values import ACME, answer, at, batch, listing
from structlog.testing import capture_logs

from regwatch.core.bugs import Where
from regwatch.core.model import BatchAnswer, ExtensionId, FailureReason, Listing
from regwatch.core.recording import Recorded
from regwatch.sources.source import SourceError
from regwatch.watcher.recorder import Recorder

IDS = (ExtensionId(1),)
ANSWER = batch(answer(1, when=0))


class Source:
    batch_limit = 7
    error: Exception | None = None

    async def registrations(self, ids: Sequence[ExtensionId]) -> BatchAnswer:
        if self.error is not None:
            raise self.error
        return ANSWER

    async def extensions(self, *, type: str | None, status: str | None) -> Listing:  # noqa: A002
        return listing(1, complete=type == "phone" and status == "active")


def recorder(file: Path) -> tuple[Recorder, Source]:
    source = Source()
    return Recorder(source, ACME, file, clock=lambda: at(5)), source


def kept(file: Path) -> list[Recorded]:
    return [msgspec.json.decode(line, type=Recorded) for line in file.read_bytes().splitlines()]


async def test_all_that_is_answered_is_passed_on_and_kept_in_order(tmp_path: Path) -> None:
    recording, source = recorder(file := tmp_path / "answers.jsonl")
    assert await recording.extensions(type="phone", status="active") == listing(1)
    assert await recording.registrations(IDS) == ANSWER
    source.error = SourceError("no answer", reason=FailureReason.TIMEOUT)
    with pytest.raises(SourceError):
        await recording.registrations(IDS)
    assert recording.batch_limit == 7
    assert kept(file) == [
        Recorded(at=at(5), account=ACME, listing=listing(1)),
        Recorded(at=at(5), account=ACME, batch=ANSWER),
        Recorded(at=at(5), account=ACME, failure=FailureReason.TIMEOUT, detail="no answer"),
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "names and addresses stand in it"


async def test_what_is_there_already_is_added_to(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    for _ in range(2):
        await recorder(file)[0].registrations(IDS)
    assert len(kept(file)) == 2


async def test_a_file_that_cannot_be_written_is_said_once_and_costs_no_poll(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "later"
    recording, _ = recorder(folder / "answers.jsonl")
    with capture_logs() as logs:
        for _ in range(2):
            assert await recording.registrations(IDS) == ANSWER
        folder.mkdir()
        await recording.registrations(IDS)
        (folder / "answers.jsonl").unlink()
        folder.rmdir()
        await recording.registrations(IDS)
    assert [line["event"] for line in logs] == ["answers_not_recorded"] * 2


async def test_a_bug_met_by_recording_costs_the_record_and_never_the_poll(tmp_path: Path) -> None:
    recording, _ = recorder(file := tmp_path / "answers.jsonl")
    recording._clock = object  # type: ignore[assignment, return-value]
    assert await recording.registrations(IDS) == ANSWER
    assert not file.exists()
    assert [(each.where, each.what) for each in recording._bugs.latest()] == [
        (Where.RECORD, "acme")
    ]
