"""The words of the API."""

from regwatch.core.model import ExtensionState
from regwatch.web.api import bodies


def test_every_state_of_an_extension_has_its_word() -> None:
    assert list(map(str, bodies.ExtensionState)) == list(map(str, ExtensionState))
