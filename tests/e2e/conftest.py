"""What is lived through here is covered by the tests of its parts."""

import pytest


@pytest.fixture(autouse=True)
def never_traced(not_traced: None) -> None:
    """Sometimes hours of virtual time, sometimes a daemon in a process of its own."""
