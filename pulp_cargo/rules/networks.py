"""Which addresses an upstream may make us connect to.

Its `dl`, redirects and DNS records can name any address, but must not lead to services that only
this machine or its network can reach.
"""

import socket
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# Translation prefixes with the IPv4 address in the last 32 bits (RFC 6052, 2.1; RFC 8215).
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/96"))
_THIS_HOST = ip_network("0.0.0.0/8")
# The deprecated "IPv4-compatible" form (RFC 4291, 2.5.5.1), which some systems still accept.
_COMPATIBLE = ip_network("::/96")


class Reach(StrEnum):
    """Who can reach an address."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    OTHER = "other"


# Addresses that an upstream may name, by the reach of its own host. One in the private network
# may not name this machine, or the metadata services of a cloud, which reveal credentials.
_REACHES = {
    Reach.PUBLIC: frozenset[Reach](),
    Reach.PRIVATE: frozenset({Reach.PRIVATE}),
    Reach.LOOPBACK: frozenset({Reach.LOOPBACK, Reach.PRIVATE}),
    Reach.LINK_LOCAL: frozenset({Reach.LINK_LOCAL, Reach.PRIVATE}),
    Reach.OTHER: frozenset({Reach.OTHER}),
}


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Parse the networks in a setting; raises ValueError.

    >>> [str(one) for one in parse_networks(["10.1.0.0/16", "fd00::/8", "192.168.1.5"])]
    ['10.1.0.0/16', 'fd00::/8', '192.168.1.5/32']
    """
    return tuple(ip_network(text) for text in texts)


def is_address(text: str) -> bool:
    """Return whether a host is an address rather than a name."""
    return _parsed(text) is not None


def reach_of(address: str) -> Reach:
    """Return who can reach an address, in any spelling that systems accept.

    >>> [str(reach_of(one)) for one in ("1.1.1.1", "::ffff:10.0.0.1", "0x7f.1", "fe80::1%eth0")]
    ['public', 'private', 'loopback', 'link-local']
    """
    found = _parsed(address)
    if found is None or found.is_multicast:
        return Reach.OTHER
    if found.is_loopback or found.is_unspecified:
        # Connecting to the unspecified address reaches this machine.
        return Reach.LOOPBACK
    if isinstance(found, IPv4Address) and found in _THIS_HOST:
        return Reach.LOOPBACK
    if found.is_link_local:
        return Reach.LINK_LOCAL
    if found.is_reserved and isinstance(found, IPv4Address):
        return Reach.OTHER
    # Includes shared addresses of providers (RFC 6598), which are not global.
    return Reach.PUBLIC if found.is_global and not _is_site_local(found) else Reach.PRIVATE


def may_connect(
    address: str, own_addresses: Collection[str], allowed: Sequence[Network] = ()
) -> bool:
    """Return whether an upstream whose host has these addresses may make us connect to an address.

    A host with any public address counts as public, since its DNS could add a private one.

    >>> may_connect("10.0.0.1", ["1.1.1.1"]), may_connect("10.0.0.1", ["10.9.9.9"])
    (False, True)
    """
    reach = reach_of(address)
    if reach is Reach.PUBLIC:
        return True
    found = _parsed(address)
    if found is not None and any(found in network for network in allowed):
        return True
    own = {reach_of(one) for one in own_addresses}
    return Reach.PUBLIC not in own and any(reach in _REACHES[one] for one in own)


def _parsed(text: str) -> Address | None:
    """Parse an address, and unwrap an embedded IPv4 address; None if it is no address."""
    try:
        found = ip_address(text)
    except ValueError:
        try:
            # The system's resolver also accepts `127.1`, `0x7f000001` and the like.
            return IPv4Address(socket.inet_aton(text))
        except (OSError, UnicodeError):
            return None
    return found if isinstance(found, IPv4Address) else _embedded(found) or found


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address to which packets for an IPv6 address are forwarded."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    number = int(address)
    is_compatible = address in _COMPATIBLE and number > 1
    if is_compatible or any(address in network for network in _TRANSLATED):
        return IPv4Address(number & 0xFFFFFFFF)
    return None


def _is_site_local(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address.is_site_local
