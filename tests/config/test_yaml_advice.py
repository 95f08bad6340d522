"""A file that is no YAML: the place, without secrets, and what to write instead."""

from pathlib import Path

import pytest
from fakes.secret_values import VALUES, found_in
from hypothesis import given
from hypothesis import strategies as st

from regwatch.config import ConfigError, load_config
from regwatch.config.yaml_advice import Place, advice


def told(folder: Path, text: str) -> list[str]:
    file = folder / "regwatch.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file, environ={})
    return str(caught.value).replace(f"{file}:", "").splitlines()


ACCOUNT = "accounts:\n  - name: acme\n"


@pytest.mark.parametrize(
    ("text", "at", "said", "line", "caret"),
    [
        ("accounts:\n\t- name: x\n", 2, "spaces: YAML takes no tabs", "→- name: ·", 0),
        (
            f"{ACCOUNT}    client_id:a\n    url: x\n",
            3,
            "a space after the colon",
            "    client_id:·",
            4,
        ),
        ('accounts:\n  - name: "acme\n    url: x\n', 2, "ends with it", '  - name: "····', 10),
        ("accounts: a: b\n", 1, "with `: ` in it stands in quotes", "accounts: ·: ·", 11),
        (f"{ACCOUNT}   url: y\n", 3, "as the lines beside it", "   url: ·", 3),
        ("accounts:\n  - name: @x\n", 2, "begins with `@`: put it", "  - name: @·", 10),
        ("a: {{ title }}y\n", 1, "put a template into quotes", "a: {{ ····· }}·", 14),
        ("accounts:\n  - name: *900\n", 2, "quote a value that begins", "  - name: *···", 10),
        (f"{ACCOUNT}    url:\u00a0x\n", 3, "a no-break space", "    url:\u00a0·", 4),
    ],
)
def test_the_usual_mistakes(
    tmp_path: Path, text: str, at: int, said: str, line: str, caret: int
) -> None:
    first, shown, below = told(tmp_path, text)
    assert first.startswith(f"{at}: not valid YAML: ")
    assert said in first
    assert (shown, below) == (f"    {line}", f"    {' ' * caret}^")


@pytest.mark.parametrize("name", VALUES)
def test_no_secret_is_shown(name: str) -> None:
    value = VALUES[name]
    for text in (f"  client_secret: {value}", f"- {value}", f"{value}", f"a: [{value}]"):
        place = Place(text, 3, "")
        assert found_in("\n".join((*place.excerpt, advice(place))), value) == ""


@given(st.text(max_size=300), st.integers(0, 300), st.text(max_size=20))
def test_whatever_the_line_is_there_is_a_place_and_a_word(
    text: str, column: int, trouble: str
) -> None:
    place = Place(text, column, trouble)
    assert advice(place)
    line, caret = place.excerpt
    assert len(line) <= 100
    assert caret.endswith("^")
