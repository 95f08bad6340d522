"""A client at a small PBX."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from fakes.pbx import SECRET, FakePbx, serving

from regwatch.clock import wall_clock
from regwatch.sources.ringme.client import PbxClient
from regwatch.sources.ringme.settings import ClientCredentials, PbxSettings
from regwatch.sources.source import RequestMade

Connect = Callable[..., AbstractAsyncContextManager[PbxClient]]


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    async with serving(FakePbx()) as fake:
        yield fake


@pytest.fixture
def made() -> list[RequestMade]:
    """What the client's listener was told."""
    return []


@pytest.fixture
def connect(pbx: FakePbx, made: list[RequestMade]) -> Connect:
    """Opens a client at the PBX, with settings of the test's own."""

    @asynccontextmanager
    async def opened(**changes: object) -> AsyncIterator[PbxClient]:
        values = {"url": pbx.url, "credentials": ClientCredentials("17", SECRET)} | changes
        settings = PbxSettings(**values)
        async with PbxClient(settings, clock=wall_clock, listeners=[made.append]) as client:
            yield client

    return opened
