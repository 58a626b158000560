"""The signature of a snapshot, and the keys that are trusted for it."""

import tempfile
from io import BytesIO

from pysequoia import Cert

from pulpcore.plugin.exceptions import InvalidSignatureError
from pulpcore.plugin.util import gpg_verify

from pulp_cargo.protocol.errors import BadRequest

SECRET = "PRIVATE KEY BLOCK"


class NotTrusted(BadRequest):
    """A snapshot is not signed by a trusted key."""


def require_keys(keys: str) -> None:
    """Raise BadRequest unless a text is empty, or has OpenPGP public keys."""
    if not keys:
        return
    if SECRET in keys:
        raise BadRequest("one of these keys is a secret key: give the public one")
    try:
        certificates = Cert.split_bytes(keys.encode())
    except Exception as error:
        # Any error: the library does not document which ones it raises.
        raise BadRequest(f"these are not OpenPGP public keys: {_first_line(error)}") from error
    if not certificates:
        raise BadRequest("this text has no OpenPGP public key")


def require_signature(head: bytes, signature: bytes | None, trusted_keys: str) -> str:
    """Return the fingerprint of the trusted key that has signed a head; raises NotTrusted."""
    if signature is None:
        raise NotTrusted(
            "the snapshot is not signed, but only snapshots that a trusted key has signed are accepted"
        )
    with tempfile.NamedTemporaryFile() as file:
        file.write(head)
        file.flush()
        try:
            verified = gpg_verify(trusted_keys, BytesIO(signature), file.name)
        except InvalidSignatureError as error:
            raise NotTrusted(
                "the signature of the snapshot is not by a trusted key, or does not match the snapshot:"
                f" {_first_line(error)}"
            ) from error
    return str(verified.pubkey_fingerprint)


def _first_line(error: Exception) -> str:
    # The library appends a backtrace.
    return str(error).partition("\n")[0]
