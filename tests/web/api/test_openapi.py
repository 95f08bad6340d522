"""The API's description: what programs were written against."""

from pathlib import Path

import msgspec
import pytest

from regwatch.web.api.changes import Changes
from regwatch.web.api.endpoints import ENDPOINTS
from regwatch.web.api.handlers import Api
from regwatch.web.api.openapi import Endpoint, describe

GOLDEN = Path(__file__).with_name("openapi.json")


def test_the_description_is_the_one_that_programs_know() -> None:
    """What is new is added to the file; what stands there stays."""
    found = describe(ENDPOINTS, prefix="/api/v1", version="0")
    assert msgspec.json.format(msgspec.json.encode(found)) == GOLDEN.read_bytes().rstrip()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_has_its_handler(endpoint: Endpoint) -> None:
    assert callable(getattr(Changes if endpoint.takes_token else Api, endpoint.name))


def test_whatever_changes_something_takes_the_token_and_nothing_else_does() -> None:
    guarded = {each.name for each in ENDPOINTS if each.takes_token}
    assert guarded == {
        "acknowledge",
        "add_silence",
        "expire_silence",
        "announce_deletion",
        "unregister",
        "unregister_all",
        "try_receiver",
    }


def test_a_pattern_in_a_path_is_a_parameter_without_its_pattern() -> None:
    found = describe(
        [Endpoint("one", "GET", "/things/{name:.+}", "One", int)], prefix="/x", version="0"
    )
    operation = found["paths"]["/x/things/{name}"]["get"]
    assert [(each["name"], each["in"]) for each in operation["parameters"]] == [("name", "path")]
