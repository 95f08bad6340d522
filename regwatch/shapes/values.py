"""Values of the file that are more than YAML knows: durations, shares, secrets, references."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SecretStr,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from regwatch.core.outside import lines_made_safe, made_safe

UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
LONGEST_SECONDS = 36_525 * 86_400.0
"""A century: with more, times are reckoned that no calendar shows."""
DURATION = r"(\d+(\.\d+)?(ms|s|m|h|d|w))+"
_WHOLE = re.compile(DURATION)
_ONE = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def wrong(message: str, suggestion: str = "") -> PydanticCustomError:
    """An error whose suggestion stands apart from its message; both may quote the file."""
    words = {"text": made_safe(message), "suggestion": made_safe(suggestion)}
    return PydanticCustomError("regwatch", "{text}", words)


def seconds(value: object) -> float:
    """`1h30m` as seconds."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong("expected a duration", "such as 30s, 5m or 1h")
    if isinstance(value, int | float):
        if value == 0:
            return 0.0
        raise wrong("a duration needs a unit", f"write `{value}s` if you mean seconds")
    text = value.strip()
    if not _WHOLE.fullmatch(text):
        advice = f"write `{text}s` if you mean seconds" if text.isdecimal() else ""
        raise wrong(f"`{text[:40]}` is no duration", advice or "write it as 30s, 5m, 1h or 1h30m")
    total = sum(float(number) * UNIT_SECONDS[unit] for number, unit in _ONE.findall(text))
    if total > LONGEST_SECONDS:
        raise wrong(f"`{text[:40]}` is longer than a century")
    return total


def written(duration: float) -> str:
    """Seconds as one would write them in the file: `90s`, `5m`, `1h`."""
    for unit in ("d", "h", "m"):
        if duration and duration % UNIT_SECONDS[unit] == 0:
            return f"{duration / UNIT_SECONDS[unit]:.12g}{unit}"
    return f"{duration:.12g}s"  # six digits, as :g has them, would make 1e+06 of a million


def share(value: object) -> float:
    """`10%` as 0.1."""
    match = PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise wrong("expected a percentage", "such as 10%")
    percent = float(match.group(1))
    if percent > 100:
        raise wrong("more than 100%")
    return percent / 100


def text(value: object) -> object:
    """Text; a number that YAML made of it is refused, since it may have lost its zeros."""
    if isinstance(value, bool | int | float) or value is None:
        shown = "" if value is None else str(value)
        raise wrong("expected text", f'quote it: "{shown}"' if shown else "give it a value")
    return value


@dataclass(frozen=True, slots=True)
class AlsoTaken:
    """What the file may say in place of the value itself; for loader and editors alike."""

    read: Callable[[Any], Any]
    schema: Callable[[dict[str, Any]], dict[str, Any]]
    """From the value's own JSON Schema."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """For the loader."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """For editors."""
        own = handler(schema)
        return {"anyOf": [own, self.schema(own)]}


FALSE_IS_OFF = AlsoTaken(lambda v: None if v is False else v, lambda _: {"const": False})
"""`false` switches a part off."""
AUTO = AlsoTaken(lambda v: None if v == "auto" else v, lambda _: {"const": "auto"})
"""`auto` leaves it to regwatch."""
ONE_OR_MORE = AlsoTaken(lambda v: v if isinstance(v, list) else [v], lambda own: own["items"])
"""One value where a list may stand."""


_DURATION_SCHEMA = {
    "anyOf": [{"type": "string", "pattern": f"^{DURATION}$"}, {"const": 0}],
    "examples": ["30s", "5m", "1h"],
}
Duration = Annotated[float, BeforeValidator(seconds), WithJsonSchema(_DURATION_SCHEMA)]
"""In the file `30s`, `5m`, `1h`; here seconds."""
_SHARE_SCHEMA = {"type": "string", "pattern": "^[0-9.]+ *%$", "examples": ["10%"]}
Share = Annotated[float, BeforeValidator(share), WithJsonSchema(_SHARE_SCHEMA)]
"""In the file `10%`; here 0 to 1."""


def in_file(default: Any, schema: Mapping[str, Any]) -> Any:
    """A default as the file would say it, by the JSON Schema of its value."""
    if schema.get("examples") == _SHARE_SCHEMA["examples"]:
        return f"{default * 100:g}%"
    if schema.get("examples") == _DURATION_SCHEMA["examples"]:
        return written(default)
    if isinstance(default, list) and all(isinstance(each, float) for each in default):
        return [written(each) for each in default]
    return default


def secret_text(value: object) -> object:
    """The same, of what must not be shown."""
    if isinstance(value, bool | int | float) or value is None:
        raise wrong("expected text", "give it a value" if value is None else "quote it")
    return value


Text = Annotated[str, BeforeValidator(text), AfterValidator(made_safe)]
"""One line. What is not seen, as it comes along when a name is copied from a page, is taken out
here as it is from what the PBX says: both match then.
"""
Lines = Annotated[str, BeforeValidator(text), AfterValidator(lines_made_safe)]
"""The same, of any number of lines."""
Secret = Annotated[SecretStr, BeforeValidator(secret_text)]
"""Never shown; may also be given as a file, by `<key>_file`."""


def revealed(secret: SecretStr | None) -> str:
    """A secret's value; empty if there is none."""
    return secret.get_secret_value() if secret is not None else ""


Matching = dict[Text, Annotated[list[Text], ONE_OR_MORE]]
"""Labels and what they must be: text, a pattern with `*` and `?`, or a list of these."""
Anything = Any
