"""Reading the file: YAML's traps closed, and the line of every value known."""

from pathlib import Path

import pytest
import yaml
from fakes.configured import load
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.config import ConfigError, load_config
from regwatch.config.source import (
    DEEPEST,
    LARGEST_FILE,
    LARGEST_OF_PEOPLE,
    Source,
    is_usable,
    strings,
)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yml: cannot be read: no such file"):
        load_config(tmp_path / "nowhere.yml", environ={})


@pytest.mark.parametrize(
    "content",
    [
        b"a: &a [x]\nb: [*a, *a]\n" + b"".join(b"c%d: [*a]\n" % n for n in range(10)),
        b"[" * 5000,
        b"{a: " * 500,
        b"\xff\xfe\x00",
        b"x" * (2 << 20),
        b"a: !!python/object/apply:os.system [id]\n",
        b"\x00",
        b"? [a, b]\n: c\n",
    ],
)
def test_a_hostile_file_is_a_plain_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_bytes(content)
    with pytest.raises(ConfigError):
        load_config(file, environ={})


ALIAS_BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


def test_a_bomb_of_aliases_does_not_go_off(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too much of it"):
        load(tmp_path, ALIAS_BOMB)


@settings(deadline=None, max_examples=200)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_configuration_or_our_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_bytes(content)
    with pytest.raises(ConfigError):
        load_config(file, environ={})


def read(tmp_path: Path, text: str) -> Source:
    file = tmp_path / "regwatch.yml"
    file.write_text(text, encoding="utf-8")
    source = Source(file)
    source.read()
    return source


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("101", 101),
        ("-5", -5),
        ("0", 0),
        ("0123", "0123"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2.5", 2.5),
        (".inf", ".inf"),
        ("yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("2026-12-01", "2026-12-01"),
        ("'0123'", "0123"),
        ("[1, a]", [1, "a"]),
        ("{on: off}", {"on": False}),
    ],
)
def test_how_a_value_is_read(tmp_path: Path, text: str, value: object) -> None:
    assert read(tmp_path, f"x: {text}\n").values == {"x": value}


@pytest.mark.parametrize(
    ("text", "line", "path", "message"),
    [
        ("a: 1\nb: 0123\n", 2, "b", "`0123` is read as another number by YAML"),
        ("a: 1\nb: 1:30\n", 2, "b", "`1:30` is read as another number by YAML"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", 4, "a.b", "stands twice, in lines 2 and 4"),
        ("a:\n- {b: 1, b: 2}\n", 2, "a[0].b", "stands twice, in lines 2 and 2"),
        ("a: 1\n? [b]\n: 2\n", 1, "", "a key must be a word"),
    ],
)
def test_a_trap_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, path: str, message: str
) -> None:
    (problem,) = read(tmp_path, text).problems
    assert (problem.line, problem.path, problem.message) == (line, path, message)


def test_of_a_key_that_stands_twice_the_first_counts(tmp_path: Path) -> None:
    assert read(tmp_path, "a: 1\na: 2\n").values == {"a": 1}


def test_what_is_missing_is_told_where_it_should_stand(tmp_path: Path) -> None:
    source = read(tmp_path, "a: 1\nroutes:\n- receivers: [x]\n- receivers: [y]\n")
    lines = {("routes", 1): 4, ("routes", 1, "receivers", 0): 4, ("routes", 1, "match", "x"): 4,
             ("routes", 7): 2, ("nowhere",): 1}  # fmt: skip
    assert {place: source.line(place) for place in lines} == lines


def test_a_section_alone_or_some_keys_of_it(tmp_path: Path) -> None:
    source = read(tmp_path, "http: {listen: ':1', x: 2}\nlog: 3\n")
    assert source.section("http") == {"http": {"listen": ":1", "x": 2}}
    assert source.section("http", ["listen"]) == {"http": {"listen": ":1"}}
    assert source.section("log", ["level"]) == {"log": 3}, "wrong, and to be told so"
    assert source.section("gone") == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x: " + b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "too deeply nested"),
        (b"#" * (LARGEST_FILE + 1), "larger than 4 MiB"),
        (b"- a\n", "must be a mapping that begins with `accounts:`"),
        (b"a: [\n", "not valid YAML"),
    ],
)
def test_what_is_no_configuration_at_all(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        Source(file).read()


def test_every_text_is_found_with_its_place() -> None:
    value = {"a": "x", "b": [1, "y", {"c": "z"}]}
    assert dict(strings(value)) == {("a",): "x", ("b", 1): "y", ("b", 2, "c"): "z"}


@pytest.mark.parametrize(
    ("text", "usable"), [("řeka 🔥", True), ("", True), ("a\0b", False), ("a\ud800", False)]
)
def test_what_is_text(text: str, usable: bool) -> None:
    assert is_usable(text) is usable


@pytest.mark.parametrize("with_libyaml", [True, False])
def test_both_parsers_read_the_example_alike(
    monkeypatch: pytest.MonkeyPatch, *, with_libyaml: bool
) -> None:
    example = Path(__file__).parents[2] / "config" / "regwatch.example.yml"
    usual = Source(example)
    usual.read()
    monkeypatch.setattr(yaml, "__with_libyaml__", with_libyaml)
    other = Source(example)
    other.read()
    assert other.values == usual.values
    assert other._lines == usual._lines


def test_a_large_file_that_is_wrong_is_refused_without_being_read_twice(tmp_path: Path) -> None:
    file = tmp_path / "regwatch.yml"
    file.write_text("[" * (LARGEST_OF_PEOPLE + 1), encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid YAML"):
        Source(file).read()
