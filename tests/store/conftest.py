"""A store in a file of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.stored import url

from regwatch.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "regwatch.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[Store]:
    opened = await Store.open(url(file))
    yield opened
    await opened.close()
