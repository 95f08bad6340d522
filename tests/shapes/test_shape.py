"""The base of all shapes: strict, frozen, and the one place that knows of secrets' files."""

from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from regwatch.shapes.shape import Shape
from regwatch.shapes.values import FALSE_IS_OFF, Secret


class Door(Shape):
    """A shape with everything that matters here."""

    number: int = 1
    code: Secret | None = None
    key: Annotated[Secret | None, FALSE_IS_OFF] = Field(default=None, alias="the-key")


def read(name: object, key: str) -> str:
    """As if each file held its own name."""
    return f"{key} holds {name}"


def test_what_it_holds_is_known_by_its_keys() -> None:
    assert Door.secret_names() == ["code", "key"], "also behind what may stand in its place"
    assert Door.known_keys() == ["number", "code", "the-key", "code_file", "key_file"]


def test_a_file_of_a_secret_is_read_by_whoever_may() -> None:
    door = Door.model_validate({"code_file": "door-code"}, context={"read_secret": read})
    assert door.code is not None
    assert door.code.get_secret_value() == "code_file holds door-code"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"code": "x", "code_file": "y"}, "`code` and `code_file` exclude each other"),
        ({"number_file": "x"}, "Extra inputs"),
        ({"nmber": 1}, "Extra inputs"),
        ({"number": "1"}, "valid integer"),
        ([1], "expected a mapping of keys and values"),
    ],
    ids=["twice", "a file of what is no secret", "an unknown key", "another type", "a list"],
)
def test_what_it_refuses(given: object, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Door.model_validate(given, context={"read_secret": read})
    assert message in str(caught.value)


def test_without_a_reader_no_file_is_taken_for_a_secret() -> None:
    with pytest.raises(ValidationError):
        Door.model_validate({"code_file": "door-code"})


def test_it_cannot_be_changed_and_says_no_secret() -> None:
    door = Door(code="5ecret")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        door.number = 2  # type: ignore[misc]
    assert "5ecret" not in f"{door} {door!r} {door.model_dump_json()}"
    with pytest.raises(ValidationError) as caught:
        Door(code={"a": "5ecret"})  # type: ignore[arg-type]
    assert "5ecret" not in str(caught.value)
