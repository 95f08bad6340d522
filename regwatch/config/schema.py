"""The file's shape for editors: its JSON Schema."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from regwatch.config.top import Config
from regwatch.shapes.shape import FILE_SUFFIX
from regwatch.shapes.values import in_file

SCHEMA_FILE = "regwatch.schema.json"


def schema_text() -> str:
    """The same with a description at each key, as the release has it."""
    return files("regwatch.config").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    schema = Config.model_json_schema(by_alias=True)
    for shape in [schema, *schema.get("$defs", {}).values()]:
        properties = shape.get("properties", {})
        for each in properties.values():
            _write_default(each)
        secrets = [name for name, each in properties.items() if _holds_password(each)]
        for name in secrets:
            about = f"The file that holds `{name}`."
            properties[name + FILE_SUFFIX] = {"type": "string", "description": about}
        required = [name for name in shape.get("required", []) if name not in secrets]
        if "required" in shape:
            shape["required"] = required
    return schema


def _write_default(schema: dict[str, Any]) -> None:
    """As the file would say it; that of a whole shape stands with its keys."""
    if isinstance(schema.get("default"), dict):
        del schema["default"]
    elif "default" in schema:
        schema["default"] = in_file(schema["default"], schema)


def _holds_password(schema: Mapping[str, Any]) -> bool:
    variants = [schema, *schema.get("anyOf", [])]
    return any(variant.get("format") == "password" for variant in variants)
