"""What a registry, or a copy of one in a folder, has other than a snapshot says."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from pulp_glue.cargo.bundle import MOST_CRATE, entries_of_index
from pulp_glue.cargo.export.versions import index_path
from pulp_glue.cargo.snapshot import Entry, InvalidSnapshot

from pulpcore.cli.cargo.read_registry import RegistryReader, in_parallel

Entries = Mapping[tuple[str, str], Entry]
CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference: `problem` is `missing`, `extra`, `checksum`, `yanked` or `file`."""

    problem: str
    name: str
    vers: str
    detail: str

    def shown(self) -> dict[str, str]:
        """Return it for the output of a command."""
        return {
            "problem": self.problem,
            "name": self.name,
            "vers": self.vers,
            "detail": self.detail,
        }


def of_entries(expected: Entries, found: Entries) -> Iterator[Difference]:
    """Yield what two sets of crate versions differ in, in order."""
    for key in sorted(expected.keys() | found.keys()):
        wanted, there = expected.get(key), found.get(key)
        if there is None:
            yield Difference("missing", *key, "it is in the snapshot only")
        elif wanted is None:
            yield Difference("extra", *key, "it is not in the snapshot")
        elif there.cksum != wanted.cksum:
            yield Difference("checksum", *key, f"{there.cksum} instead of {wanted.cksum}")
        elif there.yanked != wanted.yanked:
            state = "yanked" if there.yanked else "not yanked"
            yield Difference("yanked", *key, f"it is {state}")


def of_registry(
    expected: Entries, registry: RegistryReader, *, files: bool
) -> Iterator[Difference]:
    """Yield what a registry differs in; with `files`, also those whose bytes are others.

    An index cannot be listed, so crates of which the snapshot has no version are not found.
    """
    names = sorted({name for name, _ in expected})
    found: dict[tuple[str, str], Entry] = {}
    for name, content in zip(names, in_parallel(registry.index_file, names), strict=True):
        found |= _entries(index_path(name), content or b"")
    yield from of_entries(expected, found)
    if files:
        there = [entry for key, entry in expected.items() if key in found]
        yield from filter(None, in_parallel(lambda entry: _wrong_download(registry, entry), there))


def of_folder(expected: Entries, folder: Path) -> Iterator[Difference]:
    """Yield what a local registry, or a static copy of a registry, differs in, with all its files."""
    index = folder / "index" if (folder / "index").is_dir() else folder
    found: dict[tuple[str, str], Entry] = {}
    for path in _files(index):
        relative = path.relative_to(index).as_posix()
        if _may_be_index(relative):
            found |= _entries(relative, path.read_bytes())
    yield from of_entries(expected, found)
    stored = dict(_crate_files(folder))
    for key, entry in expected.items():
        path_of_file = stored.pop(entry.file_name, None)
        if path_of_file is None:
            if key in found:
                yield Difference("file", *key, "its .crate file is missing")
        elif (digest := _digest(path_of_file)) != entry.cksum:
            yield Difference("file", *key, f"its .crate file has the SHA-256 {digest}")
    for name in sorted(stored):
        yield Difference("extra", name, "", "a .crate file that is not in the snapshot")


def _entries(path: str, content: bytes) -> dict[tuple[str, str], Entry]:
    """Return the crate versions in an index file, which must stand where cargo looks for it."""
    try:
        found = list(entries_of_index(content))
    except InvalidSnapshot as error:
        raise click.ClickException(f"The index file '{path}' cannot be read: {error}.") from error
    for entry in found:
        if index_path(entry.name) != path.lower():
            raise click.ClickException(f"The index file '{path}' has the crate `{entry.name}`.")
    return {entry.key: entry for entry in found}


def _files(folder: Path) -> Iterator[Path]:
    """Yield the regular files below a folder in order, without links and hidden ones."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


def _may_be_index(path: str) -> bool:
    """Whether a path has the form of an index file's.

    >>> [_may_be_index(path) for path in ("1/a", "se/rd/serde", "serde/1.0.0/download", "a.crate")]
    [True, True, False, False]
    """
    return index_path(path.rpartition("/")[2]) == path.lower()


def _crate_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the .crate files by their usual names, wherever they are below the folder."""
    for path in _files(folder):
        if path.name.endswith(".crate"):
            yield path.name, path
        elif path.name == "download":
            # As `dl` without markers has it: `{crate}/{version}/download`.
            yield f"{path.parent.parent.name}-{path.parent.name}.crate", path


def _wrong_download(registry: RegistryReader, entry: Entry) -> Difference | None:
    try:
        content = registry.crate_file(entry, MOST_CRATE)
    except click.ClickException as error:
        return Difference("file", *entry.key, error.message)
    digest = hashlib.sha256(content).hexdigest()
    if digest == entry.cksum:
        return None
    return Difference("file", *entry.key, f"its .crate file has the SHA-256 {digest}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown(differences: Iterable[Difference]) -> list[dict[str, str]]:
    """Return differences for the output of a command."""
    return [one.shown() for one in differences]
