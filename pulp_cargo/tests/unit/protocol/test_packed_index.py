"""Index files as they come compressed."""

import gzip
import os
import tracemalloc
import zlib

import pytest

from pulp_cargo.protocol import packed_index
from pulp_cargo.protocol.packed_index import MAX_SEVERAL, pack, pack_tightly, unpack, unpack_sent
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid

BODY = b'{"name":"leaf"}\n' * 1000


@pytest.fixture
def smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index file has a thousand bytes at most."""
    monkeypatch.setattr(packed_index, "MAX_SIZE", 1000)


@pytest.mark.parametrize("level", [1, 9])
def test_what_an_upstream_packed_is_kept_as_it_came(level):
    """It is unpacked once, and never packed again."""
    sent = gzip.compress(BODY, level)
    assert unpack_sent(sent, "leaf") == (BODY, sent)
    assert unpack(sent) == BODY


def test_what_we_pack_is_gzip():
    """Any client can read it, and its head (RFC 1952, 2.3) names no time, and the fastest way."""
    assert gzip.decompress(pack(BODY)) == BODY
    assert pack(BODY)[:9] == b"\x1f\x8b\x08\x00" + bytes(4) + b"\x04"


def test_what_is_sent_from_memory_is_packed_more_tightly() -> None:
    """It names no time either, so that the same file is the same bytes in every process."""
    assert gzip.decompress(pack_tightly(BODY)) == BODY
    assert len(pack_tightly(BODY)) < len(pack(BODY))
    assert pack_tightly(BODY)[:8] == b"\x1f\x8b\x08\x00" + bytes(4)


def test_what_is_kept_is_unpacked_no_further_than_an_index_file(smaller: None) -> None:
    """Whatever has happened to it meanwhile."""
    assert len(unpack(gzip.compress(bytes(1001)))) == 1000


def test_several_members_are_one_file():
    """RFC 1952, 2.2; whoever keeps them keeps one."""
    body, kept = unpack_sent(gzip.compress(BODY[:4000]) + gzip.compress(BODY[4000:]), "leaf")
    assert (body, unpack(kept)) == (BODY, BODY)


def damaged() -> bytes:
    """Return a member whose checksum is wrong."""
    sent = bytearray(gzip.compress(BODY))
    sent[-8] ^= 1
    return bytes(sent)


@pytest.mark.parametrize(
    "sent",
    [
        b"<html>",
        BODY,
        zlib.compress(BODY),
        damaged(),
        gzip.compress(BODY)[:-1],
        gzip.compress(BODY)[:20],
        gzip.compress(BODY) + b"more",
        gzip.compress(BODY) + gzip.compress(BODY)[:-1],
    ],
    ids=["html", "plain", "zlib", "checksum", "cut", "cut early", "more", "second cut"],
)
def test_what_is_damaged_is_refused(sent):
    """Nothing of it is served, be the beginning as good as it may."""
    with pytest.raises(UpstreamIndexInvalid, match="of `leaf` cannot be used: its gzip data"):
        unpack_sent(sent, "leaf")


@pytest.mark.parametrize(
    "first",
    [b"", gzip.compress(b""), gzip.compress(b"\n" * 1000)],
    ids=["alone", "behind an empty one", "behind one of the largest"],
)
def test_a_bomb_is_not_unpacked(smaller: None, first: bytes) -> None:
    """A byte more than an index file may have is enough to refuse it, in whichever member."""
    sent = first + gzip.compress(bytes(4 * 1024 * 1024))
    tracemalloc.start()
    with pytest.raises(
        UpstreamIndexInvalid, match="of `leaf` cannot be used: it has more than 1000"
    ):
        unpack_sent(sent, "leaf")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1024 * 1024


def test_largest_index_file(smaller: None) -> None:
    """It is kept as it came; a file of several members may be as large."""
    sent = gzip.compress(b"\n" * 1000)
    assert unpack_sent(sent, "leaf") == (b"\n" * 1000, sent)
    assert unpack_sent(gzip.compress(b"") + sent, "leaf")[0] == b"\n" * 1000


def test_only_what_has_several_members_must_be_small() -> None:
    """A form that is one member is read once."""
    body = os.urandom(MAX_SEVERAL)
    assert unpack_sent(gzip.compress(body, 1), "leaf")[0] == body


def test_parts_without_end_are_refused():
    """A megabyte of empty members takes seconds to read, and nobody sends that."""
    with pytest.raises(UpstreamIndexInvalid, match=r"of `leaf` cannot be .* several members"):
        unpack_sent(gzip.compress(b"") * 60_000, "leaf")


def test_what_gained_nothing_is_packed_anew():
    """A form may be larger than what is in it, and would be kept and sent for ever."""
    body, kept = unpack_sent(gzip.compress(BODY, 0), "leaf")
    assert (body, unpack(kept)) == (BODY, BODY)
    assert len(kept) < len(BODY)
