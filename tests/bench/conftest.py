"""Benchmarks measure the program, and not the tracing of its coverage."""

import pytest


@pytest.fixture(autouse=True)
def never_traced(not_traced: None) -> None:
    """None of them."""
