"""Benchmarks measure the program, and not the tracing of its coverage."""

from collections.abc import Iterator

import pytest
from fakes.tracing import untraced


@pytest.fixture(autouse=True)
def not_traced() -> Iterator[None]:
    with untraced():
        yield
