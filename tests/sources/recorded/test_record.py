"""What is read of a record, and what is said where it is none."""

import sys
from pathlib import Path

import msgspec
import pytest
from fakes.values import ACME, answer, at, batch, listing, registration
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import FailureReason
from regwatch.core.recording import Recorded
from regwatch.sources.recorded.record import records_in
from regwatch.sources.source import SourceError

RECORDS = [
    Recorded(at=at(0), account=ACME, listing=listing(1, 2)),
    Recorded(at=at(1), account=ACME, batch=batch(answer(1, registration(), when=1), refused=[2])),
    Recorded(at=at(2), account=ACME, failure=FailureReason.TIMEOUT, detail="no answer in time"),
]


def written(folder: Path, *lines: bytes) -> Path:
    file = folder / "answers.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return file


def test_what_was_written_is_read_in_its_order(tmp_path: Path) -> None:
    file = written(tmp_path, *map(msgspec.json.encode, RECORDS))
    assert list(records_in(file)) == RECORDS


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(b"{", "Input data was truncated", id="cut off"),
        pytest.param(b'{"account":"acme"}', "missing required field `at`", id="no time"),
        pytest.param(b'{"at":1e300,"account":"acme"}', "no calendar shows", id="no time at all"),
        pytest.param(b'{"at":1,"account":"\xff"}', "'utf-8' codec can't decode", id="no UTF-8"),
        pytest.param(
            b'{"at":1,"account":"acme","more":' + b"[" * 2 * sys.getrecursionlimit(),
            "maximum recursion depth exceeded",
            id="nested beyond all measure",
        ),
    ],
)
def test_where_it_is_no_record_the_line_is_named(tmp_path: Path, line: bytes, said: str) -> None:
    file = written(tmp_path, msgspec.json.encode(RECORDS[0]), line)
    records = records_in(file)
    assert next(records) == RECORDS[0]  # what stands before is read all the same
    with pytest.raises(SourceError, match="no recorded answer") as caught:
        next(records)
    assert str(caught.value).startswith(f"{file}:2: no recorded answer: ")
    assert said in str(caught.value)
    assert caught.value.reason is FailureReason.BAD_ANSWER


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        list(records_in(tmp_path / "none.jsonl"))


@given(content=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_of_any_bytes_nothing_but_a_source_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = written(tmp_path_factory.getbasetemp(), content)
    try:
        records = list(records_in(file))
    except SourceError:
        return
    assert all(isinstance(each, Recorded) for each in records)
