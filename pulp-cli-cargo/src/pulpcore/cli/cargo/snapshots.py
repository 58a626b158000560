"""Snapshots that a command reads: from a registry, a folder or a bundle, always verified."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click
from pulp_glue.cargo.bundle import Bundle, InvalidBundle, read_bundle
from pulp_glue.cargo.sentences import capitalized
from pulp_glue.cargo.snapshot import (
    HEAD,
    LINES,
    SIGNATURE,
    Entry,
    Head,
    InvalidSnapshot,
    head_of,
    parse_entry,
    parse_head,
    read_entries,
)

from pulpcore.cli.cargo.gpg import NotSigned, signer_of
from pulpcore.cli.cargo.read_registry import RegistryReader


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot whose lines have the root in its head."""

    head: Head
    head_bytes: bytes
    lines: bytes
    signature: bytes | None
    entries: Mapping[tuple[str, str], Entry]

    def require_signer(self, keys: Path | None) -> str | None:
        """Return the fingerprint of the key that has signed, None if no keys are given.

        Raises ClickException.
        """
        return signer(self.head_bytes, self.signature, keys)


def signer(head: bytes, signature: bytes | None, keys: Path | None) -> str | None:
    """Return the fingerprint of the key that has signed a head; raises ClickException."""
    if keys is None:
        return None
    if signature is None:
        raise click.ClickException("The snapshot is not signed.")
    try:
        return signer_of(head, signature, keys)
    except NotSigned as error:
        raise click.ClickException(f"{capitalized(str(error))}.") from error


def of_registry(registry: RegistryReader) -> Snapshot:
    """Return the snapshot that a registry serves."""
    head = registry.get(HEAD)
    return _snapshot(head, registry.get(LINES), registry.find(SIGNATURE))


def of_folder(folder: Path) -> Snapshot:
    """Return the snapshot in a folder."""
    try:
        head, lines = (folder / HEAD).read_bytes(), (folder / LINES).read_bytes()
        signature = folder / SIGNATURE
        return _snapshot(head, lines, signature.read_bytes() if signature.exists() else None)
    except OSError as error:
        raise click.ClickException(
            f"'{error.filename}' cannot be read: {error.strerror}."
        ) from error


def of_bundle(file: BinaryIO) -> Bundle:
    """Return a bundle after verifying all of it."""
    try:
        return read_bundle(file)
    except InvalidBundle as error:
        raise click.ClickException(f"{capitalized(str(error))}.") from error


def entries_since(path: Path) -> tuple[str, Mapping[tuple[str, str], Entry]]:
    """Return the root and the crate versions of an earlier bundle, or of a `snapshot.jsonl`."""
    try:
        with path.open("rb") as file:
            if file.read(1) != b"{":
                file.seek(0)
                bundle = of_bundle(file)
                return bundle.head.root, {entry.key: entry for entry in bundle.entries}
            file.seek(0)
            entries = [parse_entry(line) for line in file]
    except OSError as error:
        raise click.ClickException(f"'{path}' cannot be read: {error.strerror}.") from error
    except InvalidSnapshot as error:
        raise click.ClickException(
            f"'{path}' is neither a bundle nor a `{LINES}`: {error}."
        ) from error
    head = head_of(entries, domain="", repository="", version=0, created="")
    return head.root, {entry.key: entry for entry in entries}


def _snapshot(head_bytes: bytes, lines: bytes, signature: bytes | None) -> Snapshot:
    try:
        head = parse_head(head_bytes)
        entries = {entry.key: entry for entry in read_entries(io.BytesIO(lines), head)}
    except InvalidSnapshot as error:
        raise click.ClickException(f"{capitalized(str(error))}.") from error
    return Snapshot(head, head_bytes, lines, signature, entries)
