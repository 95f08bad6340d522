"""From the configuration to the receivers' settings."""

from regwatch.config.receivers import ReceiverShape
from regwatch.config.top import Config
from regwatch.notify.receivers.kind import ReceiverSettings, RestOfFile
from regwatch.notify.receivers.kinds import KINDS


def receiver_settings(config: Config, receiver: ReceiverShape) -> ReceiverSettings:
    """How a receiver is reached, and in what words."""
    rest = RestOfFile(
        external_url=config.http.external_url or "",
        zone=config.timezone,
        own=config.own_words(receiver.name),
        path=config.path,
    )
    return KINDS[receiver.kind].settings(receiver.settings, rest)
