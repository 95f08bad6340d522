"""The API's description in OpenAPI 3.1, made of its endpoints and of what they answer and take."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from regwatch.web.api.bodies import ErrorBody

IN_PATH = re.compile(r"\{(\w+)(?::[^}]*)?\}")
REF = "#/components/schemas/{name}"
TEXT = {"type": "string"}
MOMENT = {"type": "string", "format": "date-time"}
INCIDENT_STATES, TRUE_OR_FALSE = ("open", "resolved"), ("true", "false")
COUNT = {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked."""

    name: str
    method: str
    path: str
    """As aiohttp takes it, without the prefix."""
    summary: str
    answer: type
    body: type | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    """Parameters, and what they mean; none is required."""
    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """What a parameter of the query may say, where that is not any text."""

    @property
    def takes_token(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    @property
    def success(self) -> int:
        """The status of an answer that is no error."""
        return 201 if self.path == "/silences" and self.method == "POST" else 200


def one_of(choices: Sequence[str]) -> Mapping[str, object]:
    """A parameter that says one of these."""
    return {"type": "string", "enum": list(choices)}


def describe(endpoints: Sequence[Endpoint], *, prefix: str, version: str) -> dict[str, Any]:
    """The whole document."""
    types = {each.answer for each in endpoints} | {each.body for each in endpoints if each.body}
    in_order = sorted({*types, ErrorBody}, key=lambda kind: kind.__name__)
    schemas, components = msgspec.json.schema_components(in_order, ref_template=REF)
    refs = dict(zip(in_order, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        path = IN_PATH.sub(r"{\1}", prefix + each.path)
        paths.setdefault(path, {})[each.method.lower()] = _operation(each, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "regwatch", "version": version},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "user": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _operation(endpoint: Endpoint, refs: Mapping[type, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": {
            str(endpoint.success): _content("The answer", refs[endpoint.answer]),
            "default": _content("What went wrong", refs[ErrorBody]),
        },
    }
    if endpoint.takes_token:
        operation["security"] = [{"token": []}, {"user": []}]
    if endpoint.body is not None:
        operation["requestBody"] = {"required": True} | _content("", refs[endpoint.body])
    return operation


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    in_path = (
        {"name": name, "in": "path", "required": True, "schema": TEXT}
        for name in IN_PATH.findall(endpoint.path)
    )
    values, query = endpoint.values, endpoint.query
    in_query = (
        {"name": name, "in": "query", "description": meaning, "schema": values.get(name, TEXT)}
        for name, meaning in query.items()
    )
    return [*in_path, *in_query]


def _content(description: str, schema: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"content": {"application/json": {"schema": schema}}}
    return {"description": description} | content if description else content
