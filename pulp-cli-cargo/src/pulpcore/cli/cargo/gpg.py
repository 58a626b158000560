"""Checks a detached signature with `gpg`, and keys that are given in a file.

The keyring is made for the check: neither the user's own keys nor their trust have a part in it.
"""

import re
import subprocess
import tempfile
from pathlib import Path

TIMEOUT_SECONDS = 60
# What GnuPG prints for a good signature of a key that is neither expired nor revoked (doc/DETAILS).
_GOOD = re.compile(r"^\[GNUPG:\] GOODSIG ", re.MULTILINE)
_VALID = re.compile(r"^\[GNUPG:\] VALIDSIG (?:\S+ ){9}([0-9A-F]{40,64})$", re.MULTILINE)


class NotSigned(Exception):
    """Something is not signed by one of the keys; the message says why."""


def signer_of(data: bytes, signature: bytes, keys: Path) -> str:
    """Return the fingerprint of the key that has signed; raises NotSigned."""
    with tempfile.TemporaryDirectory(prefix="pulp-cargo-gpg-") as home:
        folder = Path(home)
        (folder / "data").write_bytes(data)
        (folder / "signature").write_bytes(signature)
        imported = _gpg(folder, "--import", str(keys.resolve()))
        if "[GNUPG:] IMPORT_OK" not in imported:
            raise NotSigned(f"'{keys}' has no OpenPGP public key that gpg can read")
        said = _gpg(folder, "--verify", str(folder / "signature"), str(folder / "data"))
    valid = _VALID.findall(said)
    if not _GOOD.search(said) or len(valid) != 1:
        raise NotSigned(
            f"the signature cannot be verified with the keys in '{keys}': {_reason(said)}"
        )
    return str(valid[0])


def _gpg(home: Path, *arguments: str) -> str:
    """Return what gpg reports for programs; raises NotSigned if there is no gpg."""
    options = ("--batch", "--no-tty", "--no-options", "--no-autostart", "--status-fd", "1")
    command = ["gpg", "--homedir", str(home), *options, "--trust-model", "always", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS
        )
    except FileNotFoundError as error:
        raise NotSigned(
            "signatures are checked with `gpg`, which is not installed: install GnuPG"
            " (Debian: `apt install gpg`)"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise NotSigned(f"gpg did not finish within {TIMEOUT_SECONDS} seconds") from error
    return done.stdout.decode(errors="replace")


def _reason(said: str) -> str:
    for word, reason in (
        ("NO_PUBKEY", "it was made with another key"),
        ("BADSIG", "it does not match the signed file"),
        ("EXPKEYSIG", "the key has expired"),
        ("REVKEYSIG", "the key was revoked"),
        ("EXPSIG", "the signature has expired"),
        ("NODATA", "it is not a signature"),
    ):
        if f"[GNUPG:] {word}" in said:
            return reason
    return "gpg does not accept it"
