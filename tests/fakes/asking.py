"""Asking the API, with a token at hand."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import jsonschema
from fakes.web import FakeDaemon, FakeOperations, account, served

from regwatch.web.auth import Gate
from regwatch.web.server import WebSettings

TOKEN = "t0ken-of-the-api"
WRITES = {"Authorization": f"Bearer {TOKEN}"}


class Asking:
    """Asks the API, and checks each answer against its own description."""

    def __init__(self, session: aiohttp.ClientSession, openapi: dict[str, Any]) -> None:
        self._session = session
        self._openapi = openapi

    async def __call__(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Any]:
        sent = {"Content-Type": "application/json", **headers}
        content = None if body is None else json.dumps(body)
        async with self._session.request(
            method, f"/api/v1{path}", data=content, headers=sent
        ) as answer:
            assert answer.content_type == "application/json"
            found = await answer.json()
            self._check(method, path, answer.status, found)
            return answer.status, found

    def _check(self, method: str, path: str, status: int, body: object) -> None:
        operation = self._operation(method.lower(), path.partition("?")[0])
        responses = operation["responses"]
        response = responses.get(str(status)) or responses["default"]
        schema = response["content"]["application/json"]["schema"]
        jsonschema.validate(body, {**schema, "components": self._openapi["components"]})
        assert (status < 400) == (str(status) in responses)

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for template, operations in self._openapi["paths"].items():
            wanted = template.removeprefix("/api/v1").split("/")
            is_greedy = template.endswith("{reference}")
            given = path.split("/", len(wanted) - 1 if is_greedy else -1)
            pairs = zip(wanted, given, strict=False)
            fits = all(a == b or a[:1] == "{" for a, b in pairs)
            if len(wanted) == len(given) and fits and method in operations:
                return operations[method]
        raise AssertionError(path)


@asynccontextmanager
async def api(
    daemon: FakeDaemon | None = None,
    operations: FakeOperations | None = None,
    *,
    token: str = TOKEN,
    gate: Gate | None = None,
) -> AsyncIterator[Asking]:
    operations = FakeOperations() if operations is None else operations
    settings = WebSettings(api_token=token)
    daemon = FakeDaemon([account()]) if daemon is None else daemon
    async with served(daemon, settings=settings, gate=gate, operations=operations) as session:
        auth = {} if gate is None else {"Authorization": f"Bearer {token}"}
        async with session.get("/api/v1/openapi.json", headers=auth) as answer:
            yield Asking(session, await answer.json())
