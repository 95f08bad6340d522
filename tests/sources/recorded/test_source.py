"""A record as a source: it answers as it stood at the clock's present."""

from pathlib import Path

import pytest
from fakes.values import ACME, answer, at, batch, listing, registration

from regwatch.core.model import AccountName, ExtensionId, FailureReason, Timestamp
from regwatch.core.recording import Recorded
from regwatch.sources.recorded.source import RecordedSource, recorded_source
from regwatch.sources.source import RequestMade, SourceError
from regwatch.watcher.recorder import Recorder

ONE = ExtensionId(1)


class Hand:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> Timestamp:
        return at(self.at)


def polled(when: float, *, lost: bool = False, account: AccountName = ACME) -> Recorded:
    held = () if lost else (registration(),)
    return Recorded(at=at(when), account=account, batch=batch(answer(1, *held, when=when)))


async def is_registered(source: RecordedSource) -> bool:
    return (await source.registrations([ONE])).answers[ONE].registered


async def test_it_goes_forward_with_the_clock_and_no_further() -> None:
    hand = Hand()
    source = RecordedSource([polled(10), polled(60, lost=True)], ACME, clock=hand)
    assert (await source.registrations([ONE])).unanswered == (1,)
    seen = []
    for hand.at in (10, 59, 60, 1000):
        seen.append(await is_registered(source))
    assert seen == [True, True, False, False]


async def test_it_stays_in_the_records_order_though_the_clock_was_set_back_meanwhile() -> None:
    hand = Hand()
    source = RecordedSource([polled(60, lost=True), polled(10)], ACME, clock=hand)
    hand.at = 10
    assert (await source.registrations([ONE])).unanswered == (1,)
    hand.at = 60
    assert await is_registered(source)


async def test_what_was_recorded_of_other_accounts_is_theirs() -> None:
    other = polled(5, lost=True, account=AccountName("other"))
    hand = Hand()
    source = RecordedSource([polled(0), other], ACME, clock=hand)
    hand.at = 9
    assert await is_registered(source)


async def test_what_it_tells_of_its_requests_takes_no_quota() -> None:
    made: list[RequestMade] = []
    records = [Recorded(at=at(0), account=ACME, listing=listing(1)), polled(0)]
    async with RecordedSource(records, ACME, clock=Hand(), listeners=[made.append]) as source:
        await source.extensions(type=None, status=None)
        await source.registrations([ONE])
    assert made == [
        RequestMade(endpoint, "success", 0.0, None, is_counted=False)
        for endpoint in ("extensions", "registrations")
    ]


async def test_what_failed_is_told_by_its_reason() -> None:
    made: list[RequestMade] = []
    failed = Recorded(at=at(0), account=ACME, failure=FailureReason.TIMEOUT, detail="too late")
    source = RecordedSource([failed], ACME, clock=Hand(), listeners=[made.append])
    with pytest.raises(SourceError, match="too late"):
        await source.registrations([ONE])
    assert [each.outcome for each in made] == ["timeout"]


async def test_what_a_recorder_kept_is_answered_again(tmp_path: Path) -> None:
    hand, file = Hand(), tmp_path / "answers.jsonl"
    partly = batch(answer(1, registration(), when=0), asked=[2], failure=FailureReason.TIMEOUT)
    records = [
        Recorded(at=at(0), account=ACME, listing=listing(1, 2)),
        Recorded(at=at(0), account=ACME, batch=partly),
        Recorded(at=at(60), account=ACME, failure=FailureReason.NETWORK, detail="gone"),
    ]
    first = Recorder(RecordedSource(records, ACME, clock=hand), ACME, file, clock=hand)
    asked = [ONE, ExtensionId(2)]
    listed = await first.extensions(type=None, status=None)
    assert await first.registrations(asked) == partly
    hand.at = 60
    with pytest.raises(SourceError):
        await first.registrations(asked)
    hand.at = 0
    again = recorded_source(file, ACME, clock=hand)
    assert await again.extensions(type=None, status=None) == listed
    assert await again.registrations(asked) == partly
    hand.at = 60
    with pytest.raises(SourceError, match="gone"):
        await again.registrations(asked)


def test_a_file_that_is_no_record_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"no record\n")
    with pytest.raises(SourceError, match=r"answers\.jsonl:1: no recorded answer"):
        recorded_source(file, ACME, clock=Hand())
