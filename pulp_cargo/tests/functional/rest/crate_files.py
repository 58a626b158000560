""".crate files as `cargo package` makes them: one folder, its Cargo.toml first."""

import gzip
import io
import tarfile

MANIFEST = """[package]
name = "{name}"
version = "{vers}"
edition = "2021"
description = "A leaf"
license = "MIT"
readme = "{readme}"
keywords = ["tree"]
{more}
"""


def crate_file(
    name: str, vers: str, *, more: str = "", readme: str = "README.md", folder: str | None = None
) -> bytes:
    """Return the bytes of a small crate; `more` goes to the end of its manifest."""
    manifest = MANIFEST.format(name=name, vers=vers, more=more, readme=readme)
    files = {"Cargo.toml": manifest, readme: f"# {name}\n", "src/lib.rs": ""}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{folder or f'{name}-{vers}'}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(buffer.getvalue(), mtime=0)
