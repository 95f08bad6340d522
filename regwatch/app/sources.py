"""Which kind of source an account has: the one place where one is made."""

from collections.abc import Callable, Sequence
from typing import Protocol

from regwatch.clock import Clock
from regwatch.sources.ringme.client import Endpoint, PbxClient
from regwatch.sources.ringme.settings import PbxSettings
from regwatch.sources.source import Connection, Deleting, RequestMade

ENDPOINTS = tuple(endpoint.value for endpoint in Endpoint)
"""All that requests may be about: each has its series in the metrics from the start."""


class Pbx(Connection, Deleting, Protocol):
    """All that an account's PBX offers."""


def pbx_of(
    settings: PbxSettings,
    *,
    clock: Clock,
    listeners: Sequence[Callable[[RequestMade], None]] = (),
) -> Pbx:
    """The PBX that is reached so, to be entered."""
    return PbxClient(settings, clock=clock, listeners=listeners)
