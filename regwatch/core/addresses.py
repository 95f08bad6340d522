"""SIP URIs and the hosts in them. Lenient: whatever a phone sends gives a string, no error.

An address has one form: a server that listens on IPv6 for both writes the IPv4 address of a phone
as `::ffff:203.0.113.7` (RFC 4291 section 2.5.5.2), and it is 203.0.113.7 still.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

MAPPED_BITS = 96
"""Before the IPv4 address in a mapped one."""


@lru_cache(maxsize=16_384)
def host_of(uri: str) -> str:
    """The host of a SIP URI (RFC 3261 section 19.1): `sip:101@192.0.2.7:5062;transport=tcp` gives
    `192.0.2.7`; an IPv6 reference loses its brackets and has its shortest form; empty if there is
    none.
    """
    rest = uri.strip().removeprefix("<").partition(">")[0]
    scheme, colon, after = rest.partition(":")
    if colon and scheme.lower() in ("sip", "sips"):
        rest = after
    hostport = rest.rsplit("@", 1)[-1].partition(";")[0].partition("?")[0]
    if hostport.startswith("["):
        return _canonical_host(hostport[1:].partition("]")[0])
    if hostport.count(":") > 1:  # without its brackets, as some write it
        address, _, _port = hostport.rpartition(":")
        return _canonical_host(address if "." in address else hostport)
    return hostport.partition(":")[0].lower()


def canonical(uri: str) -> str:
    """A SIP URI with its IPv6 reference in the shortest form, or as the IPv4 address it means."""
    before, _, rest = uri.partition("[")
    literal, _, after = rest.partition("]")
    address = _address(literal)
    if address is None:
        return uri
    host = str(address) if isinstance(address, IPv4Address) else f"[{address}]"
    return f"{before}{host}{after}"


def same_uri(one: str, other: str) -> bool:
    """Whether two SIP URIs are equal but for the form of the address in them."""
    return one == other or canonical(one) == canonical(other)


def canonical_network(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """The network, as one of IPv4 if it is written as IPv4 addresses mapped to IPv6."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < MAPPED_BITS:
        return network
    return IPv4Network((mapped, network.prefixlen - MAPPED_BITS))


def literal(text: str) -> IPv4Address | IPv6Address | None:
    """The address that is written there, in its one form; None if it is a name or nonsense."""
    address = _address(text)
    if address is not None:
        return address
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def is_address(text: str) -> bool:
    """Whether it is no name, but a place in the network: an address, or a range of them."""
    return literal(text.partition("/")[0]) is not None


def _canonical_host(text: str) -> str:
    address = _address(text)
    return text.lower() if address is None else str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address
