"""The proxy that the environment names.

Not by aiohttp's `trust_env`: that reads netrc besides, and fails where netrc names the PBX.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import (  # type: ignore[attr-defined]  # typeshed lacks the second
    getproxies_environment,
    proxy_bypass_environment,
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where to send requests instead, and what the proxy is to be told."""

    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)


def proxy_for(url: str) -> Proxy | None:
    """The proxy that the environment names for this URL; None if none, or if `no_proxy` does.
    Raises `ValueError` if what it names is none.
    """
    parts = urlsplit(url)
    named = getproxies_environment().get(parts.scheme)
    if not named or proxy_bypass_environment(parts.hostname or ""):
        return None
    proxy = urlsplit(named if "://" in named else f"http://{named}")
    if proxy.scheme not in ("http", "https") or not proxy.hostname or proxy.port == 0:
        raise ValueError("not the URL of an HTTP proxy")
    user_info, _, place = proxy.netloc.rpartition("@")
    headers = {"Proxy-Authorization": _basic(user_info)} if user_info else {}
    return Proxy(f"{proxy.scheme}://{place}", headers)


def _basic(user_info: str) -> str:
    user, _, password = user_info.partition(":")
    return "Basic " + b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
