"""Signatures of a real gpg: whose are accepted, and of what."""

from pathlib import Path

import pytest

from pulpcore.cli.cargo import gpg
from pulpcore.cli.cargo.gpg import NotSigned, signer_of

from pulp_cargo.tests.support.keys import Key

DATA = b'{"snapshot":1}\n'


@pytest.fixture
def keys(key: Key, tmp_path: Path) -> Path:
    """A file with the public key."""
    path = tmp_path / "key.asc"
    path.write_text(key.public)
    return path


def refused(data: bytes, signature: bytes, keys: Path) -> str:
    """Return why a signature is refused."""
    with pytest.raises(NotSigned) as error:
        signer_of(data, signature, keys)
    return str(error.value)


def test_signature_of_the_given_key(
    key: Key, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is accepted, and the user's own keyring is left alone."""
    monkeypatch.setenv("GNUPGHOME", str(tmp_path / "own"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert signer_of(DATA, key.sign(DATA), keys) == key.fingerprint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key.asc"]


def test_signatures_that_are_refused(key: Key, other_key: Key, keys: Path) -> None:
    """By another key, of other bytes, and what is none."""
    assert "was made with another key" in refused(DATA, other_key.sign(DATA), keys)
    assert "does not match the signed file" in refused(DATA + b" ", key.sign(DATA), keys)
    assert "it is not a signature" in refused(DATA, b"nothing", keys)


def test_file_without_a_key(key: Key, tmp_path: Path) -> None:
    """It is named."""
    path = tmp_path / "no-key.asc"
    path.write_text("nothing")
    assert f"'{path}' has no OpenPGP public key" in refused(DATA, key.sign(DATA), path)


def test_machine_without_gpg(keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "`gpg`, which is not installed" in refused(DATA, b"", keys)
    assert gpg.TIMEOUT_SECONDS == 60
