"""Requests with a token: renewed once if it is refused, and so many at once at most."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from regwatch.core.model import FailureReason
from regwatch.sources.ringme.access import Access
from regwatch.sources.ringme.errors import PbxAuthError
from regwatch.sources.ringme.exchange import Endpoint, Request
from regwatch.sources.ringme.settings import ClientCredentials, FixedToken, PbxSettings
from regwatch.sources.ringme.wire_lists import Grant

PAIR = ClientCredentials("demo", "5ecret")
pytestmark = pytest.mark.looptime


def refused(status: int) -> PbxAuthError:
    reason = FailureReason.CREDENTIALS_REFUSED if status == 401 else FailureReason.ACCESS_DENIED
    return PbxAuthError("no", reason=reason, status=status)


class Wire:
    """In place of the transport: grants t1, t2, …; answers requests with what was scripted."""

    def __init__(self, *script: Exception | str) -> None:
        self.script = list(script)
        self.tokens: list[str] = []
        self.grants = self.now = self.most = 0

    async def fetch(
        self, request: Request, decode: Callable[[Any], Any], *, token: str = "", secrets: Any = ()
    ) -> Any:
        assert secrets == ("5ecret",), "whatever is quoted, not this"
        if request.endpoint is Endpoint.TOKEN:
            self.grants += 1
            return Grant(f"t{self.grants}", 3600.0)
        self.tokens.append(token)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(1)
        self.now -= 1
        answer = self.script.pop(0) if self.script else "fine"
        if isinstance(answer, Exception):
            raise answer
        return answer


async def asked(
    wire: Wire, credentials: object = PAIR, *, times: int = 1, slots: int = 4
) -> list[str]:
    settings = PbxSettings("http://x", credentials, concurrency=slots)  # type: ignore[arg-type]
    request = Request(Endpoint.EXTENSIONS, "/x")
    async with Access(settings, wire) as access:  # type: ignore[arg-type]
        return await asyncio.gather(*(access.fetch(request, str) for _ in range(times)))


async def test_a_token_that_is_refused_is_renewed_and_the_request_made_once_more() -> None:
    wire = Wire(refused(401))
    assert await asked(wire) == ["fine"]
    assert wire.tokens == ["t1", "t2"]


async def test_no_request_is_made_a_third_time_and_no_person_is_called() -> None:
    wire = Wire(refused(401), refused(401))
    with pytest.raises(PbxAuthError):
        await asked(wire)
    assert len(wire.tokens) == 2


async def test_what_is_forbidden_is_so_with_any_token() -> None:
    wire = Wire(refused(403))
    with pytest.raises(PbxAuthError):
        await asked(wire)
    assert (wire.tokens, wire.grants) == (["t1"], 1)


async def test_a_fixed_token_is_not_renewed() -> None:
    wire = Wire(refused(401))
    with pytest.raises(PbxAuthError):
        await asked(wire, FixedToken("5ecret"))
    assert (wire.tokens, wire.grants) == (["5ecret"], 0)


@pytest.mark.parametrize("slots", [1, 3])
async def test_so_many_at_once_at_most(slots: int) -> None:
    wire = Wire()
    assert await asked(wire, times=7, slots=slots) == ["fine"] * 7
    assert wire.most == slots
