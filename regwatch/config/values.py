"""Values of the file that are more than YAML knows: durations, shares, secrets, references."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
DURATION = r"(\d+(\.\d+)?(ms|s|m|h|d|w))+"
_ONE = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def wrong(message: str, suggestion: str = "") -> PydanticCustomError:
    """An error whose suggestion stands apart from its message."""
    return PydanticCustomError("regwatch", "{text}", {"text": message, "suggestion": suggestion})


def seconds(value: object) -> float:
    """`1h30m` as seconds."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong("expected a duration", "such as 30s, 5m or 1h")
    if isinstance(value, int | float):
        if value == 0:
            return 0.0
        raise wrong("a duration needs a unit", f"write `{value}s` if you mean seconds")
    text = value.strip()
    if not re.fullmatch(DURATION, text):
        advice = f"write `{text}s` if you mean seconds" if text.isdecimal() else ""
        raise wrong(f"`{text[:40]}` is no duration", advice or "write it as 30s, 5m, 1h or 1h30m")
    return sum(float(number) * UNIT_SECONDS[unit] for number, unit in _ONE.findall(text))


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


def off_is_none(value: object) -> object:
    """`false` switches a part off."""
    return None if value is False else value


def auto_is_none(value: object) -> object:
    """`auto` leaves it to regwatch."""
    return None if value == "auto" else value


def list_of(value: object) -> object:
    """One value where a list may stand."""
    return value if isinstance(value, list) else [value]


_DURATION_SCHEMA = {"type": "string", "pattern": f"^{DURATION}$", "examples": ["30s", "5m", "1h"]}
Duration = Annotated[float, BeforeValidator(seconds), WithJsonSchema(_DURATION_SCHEMA)]
"""In the file `30s`, `5m`, `1h`; here seconds."""
Share = Annotated[
    float,
    BeforeValidator(share),
    WithJsonSchema({"type": "string", "pattern": "^[0-9.]+ *%$", "examples": ["10%"]}),
]
"""In the file `10%`; here 0 to 1."""
Text = Annotated[str, BeforeValidator(text)]
Secret = Annotated[SecretStr, BeforeValidator(text)]
"""Never shown; may also be given as a file, by `<key>_file`."""


def revealed(secret: SecretStr | None) -> str:
    """A secret's value; empty if there is none."""
    return secret.get_secret_value() if secret is not None else ""


Matching = Annotated[
    dict[str, Annotated[list[Text], BeforeValidator(list_of)]],
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
            },
        }
    ),
]
"""Labels and what they must be: text, a pattern with `*` and `?`, or a list of these."""
Anything = Any
