"""Durations, shares and words of the file, and what is said of what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter
from pydantic_core import PydanticCustomError

from regwatch.shapes import values
from regwatch.shapes.values import Lines, Text, in_file, revealed, seconds, share, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30.0),
        ("250ms", 0.25),
        ("1.5h", 5400.0),
        ("1h30m", 5400.0),
        ("36525d", 36_525 * 86_400.0),
        (" 2d ", 172_800.0),
        ("1w", 604_800.0),
        ("0", None),
        (0, 0.0),
        ("-5s", None),
        ("5 s", None),
        ("30", None),
        ("", None),
        ("1h nonsense", None),
        (30, None),
        (True, None),
        (None, None),
        (["30s"], None),
    ],
)
def test_what_is_a_duration(text: object, expected: float | None) -> None:
    if expected is None:
        with pytest.raises(PydanticCustomError):
            seconds(text)
    else:
        assert seconds(text) == expected


@pytest.mark.parametrize("bare", [30, "30"])
def test_a_number_without_a_unit_is_told_which_one_may_be_meant(bare: object) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        seconds(bare)
    assert caught.value.context is not None
    assert caught.value.context["suggestion"] == "write `30s` if you mean seconds"


@pytest.mark.parametrize(
    ("duration", "text"), [(0, "0s"), (45, "45s"), (90, "90s"), (300, "5m"), (3600, "1h"),
                           (5400, "90m"), (86_400, "1d"), (0.5, "0.5s")],
)  # fmt: skip
def test_how_a_duration_is_written(duration: float, text: str) -> None:
    assert written(duration) == text


@given(st.integers(0, 10**7))
def test_what_is_written_is_read_as_the_same(duration: int) -> None:
    assert seconds(written(float(duration))) == duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10%", 0.1), ("0 %", 0.0), (" 100% ", 1.0), ("12.5%", 0.125), ("101%", None), ("10", None),
     (10, None), (0.1, None), ("-1%", None)],
)  # fmt: skip
def test_what_is_a_share(text: object, expected: float | None) -> None:
    if expected is None:
        with pytest.raises(PydanticCustomError):
            share(text)
    else:
        assert share(text) == expected


@pytest.mark.parametrize(("value", "advice"), [(101, 'quote it: "101"'), (None, "give it a value"),
                                               (True, 'quote it: "True"')])  # fmt: skip
def test_what_yaml_has_made_of_a_text_is_refused(value: object, advice: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        values.text(value)
    assert caught.value.context is not None
    assert caught.value.context["suggestion"] == advice
    assert values.text("0101") == "0101"


@pytest.mark.parametrize(
    ("kind", "given", "taken"),
    [
        (values.FALSE_IS_OFF, False, None),
        (values.FALSE_IS_OFF, 0, 0),
        (values.AUTO, "auto", None),
        (values.AUTO, "Auto", "Auto"),
        (values.ONE_OR_MORE, "a", ["a"]),
        (values.ONE_OR_MORE, ["a", "b"], ["a", "b"]),
    ],
)
def test_what_may_stand_in_place_of_a_value(
    kind: values.AlsoTaken, given: object, taken: object
) -> None:
    result = kind.read(given)
    assert (result, type(result)) == (taken, type(taken))


@pytest.mark.parametrize(
    ("kind", "default", "text"),
    [
        (values.Duration, 900.0, "15m"),
        (values.Share, 0.1, "10%"),
        (list[values.Duration], [3600.0, 14_400.0], ["1h", "4h"]),
        (int, 50, 50),
    ],
)
def test_a_default_is_shown_as_the_file_would_say_it(
    kind: object, default: object, text: object
) -> None:
    assert in_file(default, TypeAdapter(kind).json_schema()) == text


def test_a_secret_is_seen_only_where_it_is_asked_for() -> None:
    secret = TypeAdapter(values.Secret).validate_python("5ecret")
    assert isinstance(secret, SecretStr)
    assert "5ecret" not in f"{secret} {secret!r}"
    assert (revealed(secret), revealed(None)) == ("5ecret", "")


@pytest.mark.parametrize("text", ["36526d", "99999999w", "9" * 400 + "s"])
def test_no_duration_is_longer_than_a_century(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="is longer than a century"):
        seconds(text)


def test_what_is_not_seen_is_taken_out_of_a_text() -> None:
    read = TypeAdapter(Text).validate_python
    assert read("ri\u200bga\u202e\x1b[2J\n") == "riga [2J "
    assert TypeAdapter(Lines).validate_python("ri\u200bga\r\n\tx") == "riga\n\tx"
