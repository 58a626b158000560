"""Real OpenPGP keys, made by gpg, and what it signs with them."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


class Key:
    """A new key in a keyring of its own, which lasts as long as the object."""

    def __init__(self, name: str = "Release <release@example.org>") -> None:
        if shutil.which("gpg") is None:
            pytest.skip("there is no gpg")
        # Its path must be short, for the socket of the agent.
        self._home = tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp")
        self.home = Path(self._home.name)
        self.gpg("--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never")
        listed = self.gpg("--with-colons", "--list-keys").decode().splitlines()
        self.fingerprint = next(one.split(":")[9] for one in listed if one.startswith("fpr"))
        self.public = self.gpg("--armor", "--export", self.fingerprint).decode()

    def gpg(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run gpg with the keyring, and return what it prints."""
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", *arguments]
        return subprocess.run(command, input=given, check=True, capture_output=True).stdout

    def sign(self, data: bytes) -> bytes:
        """Return a detached signature, ASCII-armored."""
        return self.gpg("--armor", "--detach-sign", given=data)

    def close(self) -> None:
        """End the agent that gpg has started, and remove the keyring."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False)
        self._home.cleanup()

    def signing_script(self) -> Path:
        """Return a script that signs a file as Pulp's signing services do."""
        path = self.home / "sign"
        path.write_text(
            "#!/bin/sh\n"
            f"gpg --homedir {self.home} --batch --quiet --yes --armor --detach-sign"
            ' --output "$1.asc" "$1" || exit 1\n'
            'echo "{\\"file\\": \\"$1\\", \\"signature\\": \\"$1.asc\\"}"\n'
        )
        path.chmod(0o755)
        return path


@pytest.fixture(scope="session")
def key() -> Iterator[Key]:
    """The key of the one who signs, for all tests, since making one takes a while."""
    made = Key()
    yield made
    made.close()
