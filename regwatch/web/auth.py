"""Basic authentication against bcrypt hashes, for every path, as exporter-toolkit does it;
and the token of the API.
"""

import asyncio
import hashlib
import secrets
import socket
from collections.abc import Mapping

import bcrypt
from aiohttp import BasicAuth, hdrs, web
from aiohttp.typedefs import Handler, Middleware

from regwatch.web.errors import API, answer_error

MOST_WAITING = 8
"""Passwords that wait to be compared: each takes a good part of a second, on purpose."""
WRITER = web.RequestKey("writer", str)
"""The key of a request under which stands who may change something; empty: who has the token."""
CACHE_SIZE = 100
"""Users and passwords that were right: bcrypt takes a good part of a second, on purpose, and a page
makes many requests."""
NOBODYS_HASH = "CwTycUXWue0Thq9StjUM0uJ8Uk3d4cE9o5wW6lqJ0bS1eFh0n5g6K"
UNKNOWN = "regwatch asks for a user and a password"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="regwatch", charset="UTF-8"'}


class TooManyWaitError(Exception):
    """More passwords wait to be compared than anybody types."""


class Gate:
    """Who may pass. Open while it knows no users; they can be replaced at any time."""

    def __init__(self, users: Mapping[str, bytes]) -> None:
        self._salt = secrets.token_bytes(16)
        self._passed: dict[bytes, None] = {}
        # One comparison at a time: a flood of wrong passwords takes one core, not all.
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0
        self._users = dict(users)

    def replace(self, users: Mapping[str, bytes]) -> None:
        """Let others in from now on; what was remembered of the former ones is forgotten."""
        self._users = dict(users)
        self._passed.clear()

    @property
    def is_open(self) -> bool:
        """Whether it lets everybody pass, knowing no users."""
        return not self._users

    async def admits(self, authorization: str | None) -> bool:
        """Whether an Authorization header names a user and the password. Bcrypt takes tens of
        milliseconds and runs in a thread; who passed once passes from memory. Raises
        `TooManyWaitError`.
        """
        users = self._users
        if not users:
            return True
        credentials = credentials_in(authorization)
        if credentials is None:
            return False
        hashed = users.get(credentials.login) or _of_nobody(users)
        proof = self._proof(credentials, hashed)
        if proof in self._passed:
            return True
        matches = await self._compared(credentials.password, hashed)
        if not matches or credentials.login not in users:
            return False
        # The users may have been replaced meanwhile.
        if self._users.get(credentials.login) == hashed:
            self._remember(proof)
        return True

    async def _compared(self, password: str, hashed: bytes) -> bool:
        if self._waiting >= MOST_WAITING:
            raise TooManyWaitError
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await asyncio.to_thread(_matches, password, hashed)
        finally:
            self._waiting -= 1

    def _proof(self, credentials: BasicAuth, hashed: bytes) -> bytes:
        # blake2b with a key: salted, and of no use outside this process.
        proof = hashlib.blake2b(hashed, key=self._salt)
        proof.update(f"{len(credentials.login)}:{credentials.login}:".encode())
        proof.update(credentials.password.encode())
        return proof.digest()

    def _remember(self, proof: bytes) -> None:
        if len(self._passed) >= CACHE_SIZE:
            self._passed.pop(next(iter(self._passed)))
        self._passed[proof] = None


def authentication(gate: Gate | None, token: str = "") -> Middleware:
    """A middleware that lets pass whom the gate admits, or all without one. Whoever may change
    something is noted under `WRITER`: a user of the gate's, or who has the token of the API.
    """

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        authorization = request.headers.get(hdrs.AUTHORIZATION, "")
        scheme, _, given = authorization.partition(" ")
        if _is_local(request):
            request[WRITER] = ""
        elif scheme.lower() == "bearer" and (token or request.path.startswith(API)):
            if not _is_token(given, token):
                return answer_error(request, 401, "the token is not valid")
            request[WRITER] = ""
        elif gate is not None and not gate.is_open:
            try:
                is_admitted = await gate.admits(authorization)
            except TooManyWaitError:
                wait = {"Retry-After": "2"}
                return answer_error(request, 429, "too many passwords wait to be compared", wait)
            if not is_admitted:
                return answer_error(request, 401, UNKNOWN, CHALLENGE)
            credentials = credentials_in(authorization)
            request[WRITER] = credentials.login if credentials else ""
        return await handler(request)

    return authenticate


def why_not_writing(request: web.Request) -> str:
    """What it needs to change something; empty if it may."""
    if WRITER in request:
        return ""
    return (
        "writing needs the daemon's socket, `Authorization: Bearer` with the token of "
        "`http.api_token`, or a user of the web config file"
    )


def _is_local(request: web.Request) -> bool:
    """Whether it comes through the socket: who may open that may write."""
    transport = request.transport
    sock = None if transport is None else transport.get_extra_info("socket")
    return sock is not None and sock.family == socket.AF_UNIX


def _is_token(given: str, token: str) -> bool:
    # A header that is no UTF-8 comes with its bytes as halves of characters.
    sent = given.strip().encode(errors="surrogateescape")
    return bool(token) and secrets.compare_digest(sent, token.encode())


def credentials_in(authorization: str | None) -> BasicAuth | None:
    """User and password of an Authorization header; None if it holds none."""
    try:
        return BasicAuth.decode(authorization or "", encoding="utf-8")
    except ValueError:
        return None


def _of_nobody(users: Mapping[str, bytes]) -> bytes:
    """What the password of an unknown user is compared with: as costly as that of a known one, so
    that the time taken does not tell which users exist.
    """
    cost = max(hashed[4:6] for hashed in users.values()).decode()
    return f"$2b${cost}${NOBODYS_HASH}".encode()


def _matches(password: str, hashed: bytes) -> bool:
    # Bcrypt looks at 72 bytes; its library refuses more, where htpasswd and Go's cut them off.
    return bcrypt.checkpw(password.encode()[:72], hashed)
