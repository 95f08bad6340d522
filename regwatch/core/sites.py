"""Which site an extension belongs to: by its name, else by the address it registers from."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from msgspec import Struct

from regwatch.core.addresses import host_of
from regwatch.core.matchers import names_extension
from regwatch.core.model import Answer, Extension, Watched

Network = IPv4Network | IPv6Network


class Site(Struct, frozen=True):
    """A place: named extensions, or networks, or both."""

    name: str
    networks: tuple[Network, ...] = ()
    extensions: tuple[str, ...] = ()
    """Patterns of extension references, as the command line takes them."""
    labels: Mapping[str, str] = {}

    def holds(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether an address lies in one of its networks."""
        return any(address in network for network in self.networks)


class Sites:
    """All sites, asked in the order of the config: the first that fits."""

    def __init__(self, sites: Sequence[Site] = ()) -> None:
        self._sites = tuple(sites)
        self._by_host = lru_cache(maxsize=65_536)(self._find_by_host)
        self._networks = {s.name: s for s in self._sites if s.networks}
        self._outside = lru_cache(maxsize=65_536)(self._find_outside)
        self.labels: Mapping[str, Mapping[str, str]] = {s.name: s.labels for s in self._sites}

    @property
    def names(self) -> tuple[str, ...]:
        """Every site's name."""
        return tuple(site.name for site in self._sites)

    def of_extension(self, extension: Extension) -> str:
        """The site that names this extension; empty if none does."""
        for site in self._sites:
            if any(names_extension(pattern, extension) for pattern in site.extensions):
                return site.name
        return ""

    def of_address(self, real_address: str) -> str:
        """The site from whose networks this SIP URI comes; empty if none."""
        return self._by_host(host_of(real_address)) if self._sites else ""

    def now_of(self, before: Watched, after: Answer) -> str:
        """Where one is that is answered: by its name, else by the address it registers from; looked
        up only where that is another one than before.
        """
        held, now_held = before.registrations, after.registrations
        if not now_held or (held and held[0].real_address == now_held[0].real_address):
            return before.site
        named = self.of_extension(before.extension)
        return named or self.of_address(now_held[0].real_address) or before.site

    def is_outside(self, name: str, real_address: str) -> bool:
        """Whether this SIP URI comes from none of the networks of that site. What cannot be told
        is inside: a site without networks, a host that is no address.
        """
        return name in self._networks and self._outside(name, host_of(real_address))

    def _find_outside(self, name: str, host: str) -> bool:
        try:
            return not self._networks[name].holds(ip_address(host))
        except ValueError:
            return False

    def _find_by_host(self, host: str) -> str:
        try:
            address = ip_address(host)
        except ValueError:
            return ""
        return next((site.name for site in self._sites if site.holds(address)), "")
