"""Making a bundle: what a failure leaves, and how the next run continues."""

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import click
import pytest
from pulp_glue.cargo.bundle import read_bundle
from pulp_glue.cargo.snapshot import Entry, parse_head, render_entry

from pulpcore.cli.cargo.make_bundle import plan, write
from pulpcore.cli.cargo.read_registry import RegistryReader
from pulpcore.cli.cargo.snapshots import Snapshot

from pulp_cargo.tests.support import bundles as made


@dataclass
class Reader:
    """A registry with the crates of `made`; `fetched` are the files that were asked for."""

    root: str = made.URL.removeprefix("sparse+")
    fetched: list[str] = field(default_factory=list)

    def below(self, path: str) -> "Reader":
        """Return itself as its earlier state."""
        return self

    def find(self, path: str) -> bytes | None:
        """Return a configuration."""
        return b"{}\n"

    def index_file(self, name: str) -> bytes:
        """Return the index file of a crate."""
        return made.index_file([one for one in made.entries() if one.name == name])

    def crate_file(self, entry: Entry, most: int) -> bytes:
        """Return a file."""
        self.fetched.append(entry.file_name)
        return made.FILES[entry.key]


def bundle(reader: Reader, output: Path) -> None:
    """Write a whole bundle."""
    listed = made.entries()
    head = made.head_bytes(listed)
    entries = {one.key: one for one in listed}
    lines = b"".join(map(render_entry, listed))
    snapshot = Snapshot(parse_head(head), head, lines, None, entries)
    write(plan(snapshot, None), cast(RegistryReader, reader), output, None)


@pytest.mark.parametrize("full_at", ["a file", "the bundle"])
def test_full_disk(full_at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence names the bundle, no bundle appears, and the next run fetches only the rest."""
    output, reader, last = tmp_path / "team.tar", Reader(), made.entries()[-1]
    write_bytes = Path.write_bytes
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write_file(path: Path, content: bytes) -> int:
        if full_at == "a file" and path.name.startswith(last.cksum):
            raise full
        return write_bytes(path, content)

    def settle(handle: int) -> None:
        raise full

    with monkeypatch.context() as patched, pytest.raises(click.ClickException) as raised:
        patched.setattr(Path, "write_bytes", write_file)
        patched.setattr(os, "fsync", settle)
        bundle(reader, output)
    assert raised.value.message == f"'{output}': No space left on device."
    assert not output.exists()
    bundle(reader, output)
    with output.open("rb") as file:
        assert len(read_bundle(file).files) == len(made.FILES)
    again = [last.file_name] if full_at == "a file" else []
    assert sorted(reader.fetched) == sorted([*(one.file_name for one in made.entries()), *again])
    assert not [path.name for path in tmp_path.iterdir() if path != output]
