"""A self-signed certificate for this machine, created with openssl."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate as text, and a file with it and its key."""

    text: str
    both: Path

    def for_servers(self) -> ssl.SSLContext:
        """Return the TLS context for a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.both)
        return context


def make_certificate(folder: Path) -> Certificate:
    """Return a new one; skips the test without openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made by openssl")
    key, shown, both = (folder / name for name in ("key.pem", "shown.pem", "both.pem"))
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    kind = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    subprocess.run(
        ["openssl", *kind, *subject, "-keyout", key, "-out", shown],
        check=True,
        capture_output=True,
    )
    both.write_bytes(key.read_bytes() + shown.read_bytes())
    return Certificate(shown.read_text(), both)
