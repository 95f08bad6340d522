"""Why the daemon could not be reached, in words that say what to do."""

import errno
import os
import socket
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp

from regwatch.cli.service_state import state_of_the_service

UNIX = "unix:"
GROUP = "regwatch"
LONGEST = 200
"""Characters of another program's words."""
NOT_THERE = (errno.ECONNREFUSED, errno.ENOENT, errno.ECONNRESET)
FOREIGN = "look at the URL"
RIGHTS = (
    f"it is for root and the group `{GROUP}`: use sudo, or have `sudo usermod -aG {GROUP} $USER`"
    " done and log in again; elsewhere give $REGWATCH_TOKEN or --user"
)

TRUST = (
    "on the daemon's own machine leave out --url, elsewhere name the file of its certificate, or of"
    " your company's CA, in $SSL_CERT_FILE"
)


def why_not_reached(
    url: str, error: Exception, service: Callable[[], str] = state_of_the_service
) -> str:
    """What is the matter at this URL; `service`: what is known of the machine's own daemon."""
    if isinstance(error, ssl.SSLError | aiohttp.ClientConnectorCertificateError):
        return _tls_trouble(url, error)
    if isinstance(error, TimeoutError):
        return f"{url} answers nothing: the daemon hangs, or something else listens there"
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return f"no machine is known by the name `{urlsplit(url).hostname}`: {FOREIGN}"
    number = _number(error)
    if number in NOT_THERE:
        return _not_there(url, number, service)
    if number in (errno.EACCES, errno.EPERM):
        return f"no right to open {url.removeprefix(UNIX)}: {RIGHTS}"
    if isinstance(error, aiohttp.InvalidURL):
        return f"`{url}` is no URL: write http://HOST:PORT, or unix:PATH"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientResponseError):
        return f"no regwatch answers at {url}: what listens there does not speak {_speech(url)}"
    said = os.strerror(number).lower() if number > 0 else str(error)
    return f"no regwatch answers at {url}: {said[:LONGEST] or type(error).__name__}"


def _number(error: Exception) -> int:
    """Of the operating system's error; 0 if it is another one."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.errno or 0
    return (error.errno or 0) if isinstance(error, OSError) else 0


def _not_there(url: str, number: int, service: Callable[[], str]) -> str:
    known = service() if _is_here(url) else ""
    advice = known or f"is it started, and is this where it listens? {FOREIGN}"
    return f"no regwatch runs at {url} ({os.strerror(number).lower()}): {advice}"


def _is_here(url: str) -> bool:
    """Whether it is on this machine."""
    host = urlsplit(url).hostname or ""
    return url.startswith(UNIX) or host in ("localhost", "::1") or host.startswith("127.")


def _speech(url: str) -> str:
    if url.startswith("https:"):
        return "HTTPS: is it http://?"
    return "HTTP: is it https://?" if url.startswith("http:") else "HTTP"


def _tls_trouble(url: str, error: Exception) -> str:
    cause = getattr(error, "certificate_error", error)
    verdict = getattr(cause, "verify_message", "")
    if not verdict:
        return f"no regwatch answers at {url}: what listens there does not speak {_speech(url)}"
    return f"the certificate of {url} is not trusted ({verdict[:LONGEST]}): {TRUST}"
