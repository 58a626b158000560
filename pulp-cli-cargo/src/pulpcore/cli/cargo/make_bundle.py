"""Making a bundle of what a registry serves (pulp_glue.cargo.bundle).

The files are downloaded to a folder beside the bundle, in which the next run finds them if this one
is killed. The bundle gets its name when it is complete.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import click
from pulp_glue.cargo.archive import InvalidArchive
from pulp_glue.cargo.bundle import (
    ABOUT,
    ADVISORIES,
    CONFIGS,
    INDEX,
    MOST_CRATE,
    MOST_VERSIONS,
    About,
    BundleWriter,
    InvalidBundle,
    is_advisory,
    render_about,
    require_same,
)
from pulp_glue.cargo.export.versions import index_path
from pulp_glue.cargo.snapshot import HEAD, LINES, SIGNATURE, Entry

from pulpcore.cli.cargo import snapshots
from pulpcore.cli.cargo.read_registry import RegistryReader, in_parallel
from pulpcore.cli.cargo.snapshots import Snapshot

Entries = Mapping[tuple[str, str], Entry]


@dataclass(frozen=True, slots=True)
class Plan:
    """What gets into a bundle: the snapshot, the index files of crates, and the .crate files."""

    snapshot: Snapshot
    since: str | None
    crates: Sequence[str]
    files: Sequence[Entry]


def plan(snapshot: Snapshot, since: Path | None) -> Plan:
    """Return what a bundle has: all, or what an earlier bundle or snapshot has not."""
    if len(snapshot.entries) > MOST_VERSIONS:
        raise click.ClickException(
            f"The registry has {len(snapshot.entries)} crate versions, but a bundle has at most"
            f" {MOST_VERSIONS}."
        )
    if since is None:
        names = dict.fromkeys(name for name, _ in snapshot.entries)
        return Plan(snapshot, None, list(names), list(snapshot.entries.values()))
    root, before = snapshots.entries_since(since)
    changed = {entry.name for entry in {*snapshot.entries.values()} ^ {*before.values()}}
    names = dict.fromkeys(name for name, _ in snapshot.entries if name in changed)
    files = [
        entry
        for key, entry in snapshot.entries.items()
        if key not in before or before[key].cksum != entry.cksum
    ]
    return Plan(snapshot, root, list(names), files)


def write(plan: Plan, registry: RegistryReader, output: Path, advisories: Path | None) -> None:
    """Download what is missing, and write the bundle; raises ClickException."""
    # As it was: others may publish meanwhile.
    past = registry.below(f"@{plan.snapshot.head.version}/")
    fixed = past if past.find("config.json") is not None else registry
    parts = output.with_name(f"{output.name}.parts")
    unfinished = output.with_name(f"{output.name}.unfinished")
    try:
        parts.mkdir(parents=True, exist_ok=True)
        _download(fixed, plan.files, parts)
        with unfinished.open("wb") as file:
            try:
                _fill(BundleWriter(file), plan, registry, fixed, parts, advisories)
            except (InvalidArchive, InvalidBundle) as error:
                raise click.ClickException(f"{error}: try again.") from error
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(output)
        shutil.rmtree(parts)
    except OSError as error:
        # A full disk is an error of a file that is open, without its name.
        path = error.filename or output
        raise click.ClickException(f"'{path}': {error.strerror}.") from error


def _download(registry: RegistryReader, files: Sequence[Entry], folder: Path) -> None:
    """Store each file under its checksum, unless it is there."""

    def fetch(entry: Entry) -> None:
        path = folder / entry.cksum
        if path.exists():
            return
        content = registry.crate_file(entry, MOST_CRATE)
        digest = hashlib.sha256(content).hexdigest()
        if digest != entry.cksum:
            raise click.ClickException(
                f"The registry sent other bytes for `{entry.name} {entry.vers}`: their SHA-256 is"
                f" {digest}, but the snapshot has {entry.cksum}."
            )
        # A file that is there is complete.
        part = folder / f"{entry.cksum}.part"
        part.write_bytes(content)
        part.rename(path)

    different = {entry.cksum: entry for entry in files}.values()
    label = "Downloading .crate files"
    with click.progressbar(length=len(different), label=label, file=sys.stderr) as bar:
        for _ in in_parallel(fetch, different):
            bar.update(1)


def _fill(
    bundle: BundleWriter,
    plan: Plan,
    registry: RegistryReader,
    fixed: RegistryReader,
    parts: Path,
    advisories: Path | None,
) -> None:
    snapshot = plan.snapshot
    bundle.add(ABOUT, render_about(About(plan.since, (f"sparse+{registry.root}",))))
    bundle.add(HEAD, snapshot.head_bytes)
    if snapshot.signature is not None:
        bundle.add(SIGNATURE, snapshot.signature)
    bundle.add(LINES, snapshot.lines)
    for name in CONFIGS:
        if (config := registry.find(name)) is not None:
            bundle.add(name, config)
    versions = {
        name: list(entries)
        for name, entries in groupby(snapshot.entries.values(), lambda entry: entry.name)
    }
    for name, content in zip(plan.crates, in_parallel(fixed.index_file, plan.crates), strict=True):
        path = INDEX + index_path(name)
        # Another process may have published since the snapshot, if it cannot be read as it was.
        require_same(path, content or b"", versions[name])
        bundle.add(path, content or b"")
    for entry in plan.files:
        _add(bundle, entry.file_name, parts / entry.cksum)
    for path, file in _advisories(advisories) if advisories else ():
        _add(bundle, path, file)
    bundle.close()


def _add(bundle: BundleWriter, path: str, file: Path) -> None:
    with file.open("rb") as content:
        bundle.add_file(path, content, os.fstat(content.fileno()).st_size)


def _advisories(folder: Path) -> list[tuple[str, Path]]:
    """Return the files of an advisory database by their paths in a bundle, in order."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            file = Path(root, name)
            path = ADVISORIES + file.relative_to(folder).as_posix()
            # Not the files of git, and what could lead out of the folder.
            if is_advisory(path) and not file.is_symlink():
                found[path] = file
    return sorted(found.items())


def missing_of(lock: Sequence[Mapping[str, object]], entries: Entries) -> Iterator[dict[str, str]]:
    """Yield the packages of a lock file that come from a registry and are not among these entries."""
    for package in lock:
        source, checksum = str(package.get("source", "")), package.get("checksum")
        if not source.startswith(("registry+", "sparse+")):
            continue
        name, vers = str(package.get("name")), str(package.get("version"))
        entry = entries.get((name, vers))
        if entry is None:
            yield _problem(name, vers, source, "it is not in the bundle")
        elif checksum is not None and checksum != entry.cksum:
            yield _problem(name, vers, source, f"the bundle has it with the checksum {entry.cksum}")


def _problem(name: str, vers: str, source: str, detail: str) -> dict[str, str]:
    return {"name": name, "vers": vers, "source": source, "detail": detail}
