"""What incidents are about, in one word each: the same subject is the same incident."""

from regwatch.core.model import (
    OF_DEVICE,
    AlertName,
    ExtensionId,
    Registration,
)


def event_subject(alert: AlertName, extension_id: ExtensionId) -> str:
    """The subject of what is told of an extension beside its presence: one for each alert."""
    return f"{alert.value}:{extension_id}"


def extension_subject(extension_id: ExtensionId) -> str:
    """The subject of what concerns an extension as a whole."""
    return f"extension:{extension_id}"


def registration_subject(extension_id: ExtensionId, registration: Registration) -> str:
    """The subject of what concerns one of an extension's several devices."""
    return f"{OF_DEVICE}{extension_id}/{registration.id}"


def receiver_subject(receiver: str) -> str:
    """The subject of what concerns a receiver."""
    return f"receiver:{receiver}"


def site_subject(place: str) -> str:
    """The subject of what concerns a site as a whole."""
    return f"site:{place}"
