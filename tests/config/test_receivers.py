"""A receiver of the file: a name, and exactly one kind."""

import pytest
from pydantic import ValidationError

from regwatch.config.receivers import KINDS, ReceiverShape

HOOK = {"url": "http://127.0.0.1/"}


def test_its_settings_are_those_of_its_kind() -> None:
    receiver = ReceiverShape.model_validate({"name": "a", "webhook": HOOK, "fallback": "b"})
    assert (receiver.kind, receiver.fallback) == ("webhook", "b")
    assert receiver.settings is receiver.webhook  # type: ignore[attr-defined,unused-ignore]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "receiver `a` has no kind"),
        ({"webhook": HOOK, "slack": HOOK}, "receiver `a` has 2 kinds"),
        ({"webhok": HOOK}, "Extra inputs are not permitted"),
        ({"webhook": {}}, "Field required"),
    ],
    ids=["none", "two", "one that there is not", "one without what it needs"],
)
def test_what_is_no_receiver(given: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        ReceiverShape.model_validate({"name": "a", **given})


def test_the_kinds_that_there_are_are_all_said() -> None:
    with pytest.raises(ValidationError) as caught:
        ReceiverShape.model_validate({"name": "a"})
    advice = caught.value.errors()[0]["ctx"]["suggestion"]
    assert all(f"`{kind}`" in advice for kind in KINDS)
    assert set(KINDS) == set(ReceiverShape.model_fields) - {"name", "fallback"}
