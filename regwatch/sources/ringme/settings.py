"""How one account's PBX is reached."""

from dataclasses import dataclass, field
from pathlib import Path

from regwatch import __version__

USER_AGENT = f"regwatch/{__version__}"


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth client credentials: tokens are fetched and renewed with them."""

    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    """Sent only if not empty."""


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token made elsewhere; it cannot be renewed here."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PbxSettings:
    """How one account's PBX is reached; times in seconds."""

    url: str
    """Scheme, host and, if any, the path in front of `/api` and `/oauth`."""
    credentials: ClientCredentials | FixedToken
    batch_size: int = 50
    """The most ids in a request."""
    connect_timeout: float = 5.0
    read_timeout: float = 10.0
    """The longest silence within an answer."""
    total_timeout: float = 20.0
    """From the start of a request to the last byte of its answer."""
    concurrency: int = 4
    """The most requests under way at once."""
    ca_file: Path | None = None
    """Trust this CA, and no other; None: the system's."""
    proxy_from_environment: bool = False
    """Honour `http_proxy`, `https_proxy` and `no_proxy`."""
    max_body_bytes: int = 16 * 2**20
    """The longest answer taken, as received and as unpacked."""
