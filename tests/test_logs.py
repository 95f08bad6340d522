"""What a log line looks like, and what never stands in one."""

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from regwatch.logs import Format, configure


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(form: Format, stream: io.StringIO | None = None, **fields: object) -> str:
    stream = stream or io.StringIO()
    configure("info", form, stream, {})
    structlog.get_logger("regwatch.test").warning("poll_failed", **fields)
    return stream.getvalue()


def test_for_the_journal_a_priority_and_no_time() -> None:
    line = logged("journal", account="acme", error='said "no"')
    assert line == '<4>poll_failed account=acme error="said \\"no\\""\n'


def test_for_collectors_one_object_a_line() -> None:
    event = json.loads(logged("json", account="acme", count=3))
    assert (event["event"], event["level"], event["count"]) == ("poll_failed", "warning", 3)
    assert event["timestamp"].endswith("Z")


def test_colours_on_a_terminal_only() -> None:
    assert "\x1b[" in logged("console", Terminal())
    assert "\x1b[" not in logged("console")


def test_by_itself_it_chooses_json_for_a_pipe_and_words_for_a_terminal() -> None:
    assert logged("auto").startswith("{")
    assert not logged("auto", Terminal()).startswith("{")


def test_by_itself_it_finds_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+") as stream:
        status = os.fstat(stream.fileno())
        environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        configure("info", "auto", stream, environ)
        structlog.get_logger().error("bad")
        stream.seek(0)
        assert stream.read() == "<3>bad\n"


@pytest.mark.parametrize("form", ["journal", "console", "json"])
def test_what_comes_from_outside_cannot_forge_a_line(form: Format) -> None:
    text = logged(form, device="Yealink\n<0>all is lost\x1b[31m")
    assert len(text.splitlines()) == 1
    assert "\x1b[31m" not in text


@pytest.mark.parametrize("form", ["journal", "console", "json"])
def test_secrets_do_not_stand_in_it(form: Format) -> None:
    text = logged(
        form,
        access_token="s3cret",
        client_secret="s3cret",
        url="https://me:s3cret@example.com/hook?key=s3cret",
        problems=["see https://example.com/x?token=s3cret"],
    )
    assert "s3cret" not in text
    assert "https://example.com/hook" in text


def test_the_libraries_log_the_same_way() -> None:
    stream = io.StringIO()
    configure("info", "json", stream, {})
    logging.getLogger("aiohttp.server").error("Error handling %s", "request")
    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"]) == ("Error handling request", "error")


def test_an_exception_stands_under_its_line() -> None:
    stream = io.StringIO()
    configure("info", "journal", stream, {})
    try:
        raise ValueError("boom")
    except ValueError:
        structlog.get_logger().exception("poll_crashed")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "<3>poll_crashed"
    assert lines[-1] == "<3>ValueError: boom"


@pytest.mark.parametrize("form", ["journal", "console", "json"])
def test_nor_can_an_exception(form: Format) -> None:
    stream = io.StringIO()
    configure("info", form, stream, {})
    try:
        raise ValueError("x\x1b[2Jy\x0b<0>z" + "z" * 9000)
    except ValueError:
        structlog.get_logger().exception("failed")
    text = stream.getvalue()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 4000 or form == "json"
    if form == "journal":
        assert all(line.startswith("<3>") for line in text.splitlines())


def test_a_value_of_many_lines_is_cut_like_any_other() -> None:
    assert len(logged("journal", error="a\n" * 9000)) < 5000


def test_what_is_below_the_level_is_not_logged() -> None:
    stream = io.StringIO()
    configure("warning", "json", stream, {})
    structlog.get_logger().info("polled")
    assert stream.getvalue() == ""
