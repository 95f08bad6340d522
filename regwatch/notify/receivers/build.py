"""From a receiver's settings to the receiver."""

import aiohttp

from regwatch.clock import Clock
from regwatch.notify.memo import Memo, MemoryMemo
from regwatch.notify.receiver import Receiver
from regwatch.notify.receivers.kind import Build, Means, ReceiverSettings
from regwatch.notify.receivers.kinds import KINDS

BUILDS: dict[type, Build] = {
    settings: build for kind in KINDS.values() for settings, build in kind.receivers.items()
}


def build_receiver(
    name: str,
    settings: ReceiverSettings,
    session: aiohttp.ClientSession,
    *,
    clock: Clock,
    memo: Memo | None = None,
) -> Receiver:
    """The receiver of the settings' kind. Without a memo, what it remembers ends with it."""
    means = Means(session, clock, MemoryMemo() if memo is None else memo)
    return BUILDS[type(settings)](name, settings, means)
