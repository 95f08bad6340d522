"""SIP URIs and the hosts in them. Lenient: whatever a phone sends gives a string, no error."""


def host_of(uri: str) -> str:
    """The host of a SIP URI (RFC 3261 section 19.1): `sip:101@192.0.2.7:5062;transport=tcp` gives
    `192.0.2.7`; an IPv6 reference loses its brackets; empty if there is none.
    """
    rest = uri.strip().removeprefix("<").partition(">")[0]
    scheme, colon, after = rest.partition(":")
    if colon and scheme.lower() in ("sip", "sips"):
        rest = after
    hostport = rest.rsplit("@", 1)[-1].partition(";")[0].partition("?")[0]
    if hostport.startswith("["):
        return hostport[1:].partition("]")[0].lower()
    if hostport.count(":") > 1:
        return hostport.lower()
    return hostport.partition(":")[0].lower()
