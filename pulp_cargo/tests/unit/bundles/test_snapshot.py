"""The canonical form of a snapshot, byte for byte, and its Merkle tree (RFC 9162, 2.1)."""

import io
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulp_glue.cargo.snapshot import (
    Entry,
    Head,
    InvalidSnapshot,
    MerkleTree,
    parse_entry,
    parse_head,
    read_entries,
    render_entry,
    render_head,
)

from pulp_cargo.tests.support import bundles as made
from pulp_cargo.tests.unit.protocol.properties import QUICK

CKSUM = "0123456789abcdef" * 4
LINE = (
    b'{"name":"leaf","vers":"1.0.0-rc.1+7","cksum":"' + CKSUM.encode() + b'","yanked":true,'
    b'"pubtime":"2026-11-01T12:00:00Z"}\n'
)
HEAD = (
    b'{"snapshot":1,"domain":"default","repository":"t\xc3\xa9am","version":42,'
    b'"created":"2026-11-01T12:00:00Z","count":1,"root":"' + CKSUM.encode() + b'"}\n'
)
# The inputs and roots with which implementations of Certificate Transparency are tested.
LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_line_and_head_are_written_in_one_way() -> None:
    """These bytes, and no others."""
    entry = Entry("leaf", "1.0.0-rc.1+7", CKSUM, True, "2026-11-01T12:00:00Z")
    assert render_entry(entry) == LINE
    assert parse_entry(LINE) == entry
    head = Head("default", "téam", 42, "2026-11-01T12:00:00Z", 1, CKSUM)
    assert render_head(head) == HEAD
    assert parse_head(HEAD) == head


def test_root_of_known_trees() -> None:
    """Each of the first trees, as others work it out."""
    tree = MerkleTree()
    assert tree.root() == sha256(b"").hexdigest()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.add(bytes.fromhex(leaf))
        assert tree.root() == root


def by_definition(leaves: list[bytes]) -> bytes:
    """Return the root as RFC 9162 defines it, by the largest power of two below the number."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + by_definition(leaves[:half]) + by_definition(leaves[half:])).digest()


@QUICK
@given(st.lists(st.binary(max_size=4), max_size=70))
def test_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    """For any number of leaves, without having them all in memory."""
    tree = MerkleTree()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root() == by_definition(leaves).hex()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"yanked":true', b'"yanked": true'),
        (b'"yanked":true', b'"yanked":1'),
        (b'{"name"', b'{"more":1,"name"'),
        (b'"name":"leaf"', b'"name":"../leaf"'),
        (b'"name":"leaf"', b'"name":"le\\u0061f"'),
        (b'"vers":"1.0.0-rc.1+7"', b'"vers":"1.0/.."'),
        (b'"cksum":"0', b'"cksum":"A'),
        (b"T12:00:00Z", b"T12:00:00.5Z"),
        (b"T12:00:00Z", b"T24:00:00Z"),
        (b"2026-11-01", b"2026-11-31"),
        (b"\n", b""),
        (b"\n", b"\r\n"),
    ],
)
def test_line_in_any_other_form_is_refused(old: bytes, new: bytes) -> None:
    """Two lines of one meaning would be two leaves."""
    with pytest.raises(InvalidSnapshot):
        parse_entry(LINE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"snapshot":1', b'"snapshot":2'),
        (b'"version":42', b'"version":42.0'),
        (b'"version":42', b'"version":-1'),
        (b'"domain":"default"', b'"domain":"a\\u001b"'),
        (b'"count":1', b'"count":true'),
        (b"2026-11-01", b"2026-11-31"),
        (b"}\n", b"}\n\n"),
        (HEAD, b"[" * 100_000),
        (HEAD, b"\xff"),
    ],
)
def test_head_in_any_other_form_is_refused(old: bytes, new: bytes) -> None:
    """What is signed has one meaning."""
    with pytest.raises(InvalidSnapshot):
        parse_head(HEAD.replace(old, new))


def test_lines_are_those_of_the_head() -> None:
    """One that is missing, moved, added or changed is noticed."""
    listed = made.entries()
    head = parse_head(made.head_bytes(listed))
    lines = [render_entry(one) for one in listed]
    assert list(read_entries(io.BytesIO(b"".join(lines)), head)) == listed
    unyanked = render_entry(replace(listed[1], yanked=False))
    added = render_entry(made.entry("zoo", "1.0.0", b"zoo"))
    for wrong, said in (
        (lines[:-1], "announces 3 crate versions, but `snapshot.jsonl` has 2"),
        ([*lines, added], "has more"),
        ([lines[1], lines[0], lines[2]], "`leaf 1.0.0` in `snapshot.jsonl` is not in order"),
        ([lines[0], lines[0], lines[2]], "not in order"),
        ([lines[0], unyanked, lines[2]], f"but `snapshot.json` has {head.root}"),
    ):
        with pytest.raises(InvalidSnapshot, match=said):
            list(read_entries(io.BytesIO(b"".join(wrong)), head))
