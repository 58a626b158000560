"""The `.cargo-checksum.json` of a crate that `cargo vendor` has unpacked (cargo's directory source).

It has the SHA-256 of each unpacked file, and that of the `.crate` file they are from as `package`,
which is null for a crate from elsewhere than a registry.
"""

import msgspec

from pulp_cargo.protocol.errors import InvalidMetadata
from pulp_cargo.protocol.index import CKSUM

# Maximum size of the file; a crate with 30,000 files has 4 MB.
LONGEST = 8 * 1024 * 1024


class _Checksums(msgspec.Struct):
    package: str | None = None


_DECODER = msgspec.json.Decoder(_Checksums)


def package_checksum(data: bytes) -> str | None:
    """Return the SHA-256 of the `.crate` file, None if there was none; raises InvalidMetadata.

    >>> package_checksum(b'{"files":{},"package":null}')
    """
    try:
        found = _DECODER.decode(data).package
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidMetadata(f"it is not a checksum file of cargo: {error}") from error
    if found is not None and not CKSUM.fullmatch(found):
        raise InvalidMetadata(f"its `package` is {found[:80]!r}, which is not a SHA-256")
    return found


def cannot_repack(cksum: str | None) -> str:
    """Return the reason why an unpacked crate is not imported."""
    if cksum is None:
        return (
            "`cargo vendor` has unpacked it from a git repository or a folder, not from a registry"
        )
    return (
        f"`cargo vendor` has unpacked it, and packing it again gives another file than the one with"
        f" the SHA-256 {cksum}, which lock files require: import that .crate file, for instance from"
        " `registry/cache` in the CARGO_HOME of the machine that ran `cargo vendor`"
    )
