"""The checksum file of crates that `cargo vendor` has unpacked."""

import pytest

from pulp_cargo.protocol.errors import InvalidMetadata
from pulp_cargo.protocol.vendored import cannot_repack, package_checksum

CKSUM = "a" * 64


@pytest.mark.parametrize(
    ("data", "cksum"),
    [
        (b'{"files":{"src/lib.rs":"b"},"package":"%s"}' % CKSUM.encode(), CKSUM),
        (b'{"files":{},"package":null}', None),
        (b'{"files":{}}', None),
    ],
)
def test_checksum_of_the_crate_file_is_found(data: bytes, cksum: str | None) -> None:
    """It is null for crates from git repositories."""
    assert package_checksum(data) == cksum


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a checksum file"),
        (b"[]", "not a checksum file"),
        (b'{"package":1}', "not a checksum file"),
        (b'{"package":"abc"}', "its `package` is 'abc', which is not a SHA-256"),
        (b"[" * 100_000, "not a checksum file"),
    ],
)
def test_other_file_is_refused(data: bytes, reason: str) -> None:
    """By a sentence that says what is wrong."""
    with pytest.raises(InvalidMetadata, match=reason):
        package_checksum(data)


def test_reason_says_which_file_to_import() -> None:
    """Lock files have the checksum of that file only."""
    assert CKSUM in cannot_repack(CKSUM) and "registry/cache" in cannot_repack(CKSUM)
    assert "from a git repository or a folder" in cannot_repack(None)
