"""Which addresses stay on this machine."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether `host` is "localhost" or a literal loopback address (127.0.0.0/8, ::1).

    Other names are False without being resolved: what a resolver answers can change after the
    check. The unspecified addresses 0.0.0.0 and :: are every interface, hence False.
    """
    # RFC 6761, 6.3: "localhost" always means the loopback address.
    if host.lower() == "localhost":
        return True
    literal = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ipaddress.ip_address(literal)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
