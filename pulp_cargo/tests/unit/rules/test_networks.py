"""Where an upstream may lead us: never to what only we can reach, in no spelling."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.rules.networks import Reach, may_connect, parse_networks, reach_of

OUTSIDE = ["93.184.215.14"]
INSIDE = {
    "loopback": ["127.0.0.1", "127.255.0.9", "::1"],
    "no address": ["0.0.0.0", "0.1.2.3", "::"],
    "link-local": ["169.254.169.254", "fe80::1", "fe80::1%eth0"],
    "private": ["10.0.0.1", "172.16.9.9", "192.168.0.1", "fd00::1", "fc00::1"],
    "shared by a provider": ["100.64.0.1"],
    "site-local": ["fec0::1"],
    "multicast": ["224.0.0.1", "239.1.1.1", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255"],
    "for tests and documents": ["198.18.0.1", "192.0.2.1", "2001:db8::1"],
    "old spellings": ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "10.1"],
    "no address at all": ["", "localhost", "1.2.3.4.5"],
}


@pytest.mark.parametrize("address", [one for kind in INSIDE.values() for one in kind])
def test_upstream_outside_leads_nowhere_inside(address: str) -> None:
    """Whether it is a name's address or stands in a URL."""
    assert not may_connect(address, OUTSIDE)
    assert not may_connect(address, [])


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1", "::ffff:1.1.1.1"])
def test_upstream_outside_leads_to_public_addresses(address: str) -> None:
    """As crates.io does with its files."""
    assert may_connect(address, OUTSIDE)
    assert may_connect(address, ["10.0.0.1"])
    assert may_connect(address, [])


@given(address=st.ip_addresses(v=4))
def test_ipv6_forms_of_an_address_are_the_address(address: IPv4Address) -> None:
    """Mapped, translated (RFC 6052) and 6to4 (RFC 3056) addresses lead to the one in them."""
    number = int(address)
    forms = [
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        f"64:ff9b:1::{address}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
    ]
    assert {reach_of(form) for form in forms} == {reach_of(str(address))}
    assert {may_connect(form, OUTSIDE) for form in forms} == {may_connect(str(address), OUTSIDE)}


@pytest.mark.parametrize(
    ("own", "may", "may_not"),
    [
        (["127.0.0.1"], ["127.0.0.1", "::1", "10.0.0.1"], ["169.254.169.254", "224.0.0.1"]),
        (["10.0.0.1"], ["10.0.0.1", "192.168.1.1", "fd00::1"], ["127.0.0.1", "169.254.169.254"]),
        (["10.0.0.1", "fd00::1"], ["10.0.0.2"], ["::1"]),
        # Whoever runs the DNS of a public name may add any address to it.
        (["93.184.215.14", "10.0.0.1"], [], ["10.0.0.1", "10.0.0.2", "127.0.0.1"]),
        (["93.184.215.14", "127.0.0.1"], [], ["127.0.0.1"]),
    ],
)
def test_upstream_inside_leads_to_what_is_beside_it(
    own: list[str], may: list[str], may_not: list[str]
) -> None:
    """Its operator is inside as well; this machine and its cloud are another matter."""
    assert [one for one in may if not may_connect(one, own)] == []
    assert [one for one in may_not if may_connect(one, own)] == []


def test_setting_allows_networks() -> None:
    """And just these, in every spelling of their addresses."""
    allowed = parse_networks(["10.20.0.0/16", "127.0.0.5", "fd12::/16"])
    for address in ("10.20.3.4", "::ffff:10.20.3.4", "127.0.0.5", "fd12::1"):
        assert may_connect(address, OUTSIDE, allowed), address
    for address in ("10.21.0.1", "127.0.0.1", "fd13::1", "169.254.169.254"):
        assert not may_connect(address, OUTSIDE, allowed), address


@pytest.mark.parametrize("text", ["10.20.0.1/16", "corp.example", "10.0.0.0/33", ""])
def test_setting_that_is_no_network(text: str) -> None:
    """Is an error, not a network that allows nothing."""
    with pytest.raises(ValueError):
        parse_networks([text])


def test_every_kind_is_told_apart() -> None:
    """The words that decide what goes with what."""
    told = {one: reach_of(one) for one in ("8.8.8.8", "10.0.0.1", "::1", "fe80::1", "ff02::1")}
    assert list(told.values()) == list(Reach)
