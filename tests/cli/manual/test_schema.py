"""The schema for editors is that of the program, and says something of every key."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from regwatch.cli.manual.schema import described
from regwatch.config import json_schema, schema_text

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config/regwatch.example.yml"


def without_descriptions(node: object) -> object:
    if isinstance(node, dict):
        kept = {k: v for k, v in node.items() if k != "description" or not isinstance(v, str)}
        return {key: without_descriptions(value) for key, value in kept.items()}
    return [without_descriptions(each) for each in node] if isinstance(node, list) else node


def test_the_committed_file_is_current() -> None:
    """If not: `make reference`."""
    reference = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
    assert schema_text() == described(reference)
    assert without_descriptions(json.loads(schema_text())) == without_descriptions(json_schema())


def test_every_key_says_what_it_is() -> None:
    schema = json.loads(schema_text())
    shapes = {"": schema, **schema["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, shape in shapes.items()
        for key, node in shape.get("properties", {}).items()
        if not node.get("description")
    ]
    assert silent == []


def test_the_example_names_it_in_its_first_line_and_fits_it() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    name = text.split("\n", 1)[0].removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((EXAMPLE.parent / name).read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load(text), schema)


def test_another_key_does_not_fit() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"acounts": []}, json.loads(schema_text()))
