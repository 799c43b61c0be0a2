"""Which addresses a server that an admin entered may have: the internet's, and those of networks that are allowed."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# Whoever sits there is never a model server: links, groups, whole nets, and the metadata of clouds, which hold keys.
_NEVER = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "100.100.100.200/32",  # metadata of Alibaba's cloud
        "168.63.129.16/32",  # Azure's agent
        "192.0.0.192/32",  # Oracle's metadata
        "::/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        "100::/64",
        "2001:db8::/32",
        "3fff::/20",
        "fd00:ec2::254/128",  # metadata of Amazon's cloud
        "fd20:ce::254/128",  # Google's
    )
)
# Their own world: only where the operator says so.
_PRIVATE = tuple(
    ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")
)
_INTERNET_6 = ip_network("2000::/3")
# Forms that carry an IPv4 address in an IPv6 one: a gateway may hand on what is sent there.
_TEREDO = ip_network("2001::/32")
_LAST_32_BITS = tuple(ip_network(text) for text in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
_NAT64_LOCAL = ip_network("64:ff9b:1::/48")
_6TO4 = ip_network("2002::/16")
_ISATAP = (0x00005EFE, 0x02005EFE)


def networks_of(text: str) -> tuple[Network, ...]:
    """The networks of a list with commas. ValueError naming the one that is none."""
    found = []
    for word in filter(None, (word.strip() for word in text.split(","))):
        try:
            found.append(ip_network(word))
        except ValueError as error:
            raise ValueError(f"{word!r} is no network such as 192.168.1.0/24: {error}") from error
    return tuple(found)


def why_denied(address: str, allowed: Sequence[Network]) -> str | None:
    """Why nothing may be sent to an address; None when it may.

    Args:
        allowed: the operator's networks: private and loopback addresses within them may be used.
    """
    try:
        found = ip_address(address)
    except ValueError:  # with a scope, such as fe80::1%eth0
        return f"{address[:60]!r} is no plain IP address"
    if isinstance(found, IPv6Address) and found.scope_id is not None:
        return f"{address[:60]} is the address of a link"
    if isinstance(found, IPv6Address) and (inner := _carried(found)) is not None:
        no = why_denied(str(inner), allowed)
        if no is not None or _is_in(found, _LAST_32_BITS) or found in _NAT64_LOCAL:
            return no
    if _is_in(found, _NEVER):
        return f"{found} is no address of a model server"
    if _is_in(found, allowed) and _is_in(found, _PRIVATE):
        return None
    if _is_in(found, _PRIVATE):
        return f"{found} is in a private network that AI_DISPATCH_REMOTE_NETWORKS doesn't list"
    if isinstance(found, IPv6Address) and found not in _INTERNET_6:
        return f"{found} is no address of a model server"
    return None


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address within an IPv6 one, for it is that which a gateway or the system may go to."""
    bits = int(address)
    if bits <= 1:  # unspecified, and loopback: these are themselves
        return None
    if _is_in(address, _LAST_32_BITS) or address in _NAT64_LOCAL or (bits >> 32) & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(bits & 0xFFFFFFFF)
    if address in _6TO4:
        return IPv4Address((bits >> 80) & 0xFFFFFFFF)
    if address in _TEREDO:
        return IPv4Address(~bits & 0xFFFFFFFF)
    return None
