"""What a person most likely meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.suggestions import FEW, did_you_mean

ALERTS = ("extension_lost", "site_lost", "flapping")
MANY = [f"zone/number-{n}" for n in range(FEW + 1)]


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        pytest.param("flaping", ALERTS, "did you mean `flapping`?", id="a slip of the pen"),
        pytest.param("FLAPPING", ALERTS, "did you mean `flapping`?", id="in capitals"),
        pytest.param("riga", ["Riga", "Tallinn"], "did you mean `Riga`?", id="as it is written"),
        pytest.param(
            "xyz", ALERTS, "one of `extension_lost`, `flapping`, `site_lost`", id="any of a few"
        ),
        pytest.param("xyz", MANY, None, id="none of many"),
        pytest.param("xyz", MANY[1:], "one of " + ", ".join(f"`{m}`" for m in sorted(MANY[1:])),
            id="as many as one may read"),
        pytest.param("xyz", [], None, id="nothing is known"),
    ],
)  # fmt: skip
def test_what_is_suggested(word: str, known: list[str], said: str | None) -> None:
    assert did_you_mean(word, known) == said


@given(st.text(max_size=20), st.lists(st.text("abc", min_size=1), max_size=20))
def test_whatever_is_suggested_is_known(word: str, known: list[str]) -> None:
    said = did_you_mean(word, known)
    if said is not None:
        assert any(f"`{each}`" in said for each in known)
