"""Programs from Debian packages that some tests need."""

import os
import shutil

import pytest


def program(name: str) -> str:
    """Its path; the test is skipped without it, but fails where it must be there."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed"
        if os.environ.get("REGWATCH_REQUIRE_DEBIAN") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
