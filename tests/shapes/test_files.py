"""Files that people named, of every kind that there is where a text should be."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from regwatch.shapes import files
from regwatch.shapes.files import FileError, read_file, read_text


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


def a_loop(path: Path) -> None:
    path.symlink_to(path)


def too_large(path: Path) -> None:
    with path.open("wb") as opened:
        opened.truncate(10 << 40)


def of_another_code(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")


def nothing(_path: Path) -> None:
    """It is not there."""


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (nothing, "no such file or directory"),
        (a_folder, "it is a directory"),
        (a_pipe, "it is no regular file"),
        (a_device, "it is no regular file"),
        (a_socket, "it is no regular file"),
        (a_loop, "too many levels of symbolic links"),
        (too_large, "it is larger than 1 MiB: is this the right file?"),
        (of_another_code, "it is not UTF-8 text"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_no_text_is_said_and_not_waited_for(
    tmp_path: Path, put: Callable[[Path], None], why: str
) -> None:
    put(tmp_path / "f")
    with pytest.raises(FileError) as caught:
        read_text(tmp_path / "f")
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("name", "why"), [("a\0b", "this is no name of a file"), ("c" * 300, "file name too long")]
)
def test_a_name_that_is_none(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(FileError, match=why):
        read_file(tmp_path / name)


def test_a_file_is_read_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 2048)
    assert read_file(tmp_path / "f", largest=2048) == b"x" * 2048
    with pytest.raises(FileError, match="larger than 1 KiB"):
        read_file(tmp_path / "f", largest=1024)


def test_a_file_that_is_being_written_is_read_again_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, sound = tmp_path / "f", files._all
    file.write_bytes(b"half")
    writes = [b"all of it"]

    def read(descriptor: int, limit: int) -> bytes:
        content = sound(descriptor, limit)
        if writes:
            file.write_bytes(writes.pop())
        return content

    monkeypatch.setattr(files, "_all", read)
    assert read_file(file) == b"all of it"
    writes += [b"12345", b"1234", b"123", b"12", b"1"]
    with pytest.raises(FileError, match="being written"):
        read_file(file)


def test_what_is_put_in_its_place_meanwhile_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Editors and renewals write another file and give it the name."""
    file, sound = tmp_path / "f", files._all
    file.write_bytes(b"old")

    def read(descriptor: int, limit: int) -> bytes:
        (tmp_path / "new").write_bytes(b"new, and longer")
        (tmp_path / "new").replace(file)
        return sound(descriptor, limit)

    monkeypatch.setattr(files, "_all", read)
    assert read_file(file) == b"old"
