"""`pulp cargo repository import`: crates and yanks of another registry."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    chunk_size_callback,
    href_option,
    name_option,
    pass_pulp_context,
    pass_repository_context,
    pulp_command,
    pulp_option,
    repository_lookup_option,
)
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import EntityDefinition, PulpRepositoryContext

from pulpcore.cli.cargo.options import output_version
from pulpcore.cli.cargo.progress import bars
from pulpcore.cli.cargo.upload import CHUNK_SIZE, MOST_FILES, SUFFIX, pack

# In the folder of each crate that `cargo vendor` has unpacked.
CHECKSUMS = ".cargo-checksum.json"
# What an archive may unpack to, in bytes, as on the server.
MOST_BYTES = 8 * 1024**3
# What the numbers in the result count, for one and for several.
NUMBERS = {
    "added": ("version was added", "versions were added"),
    "there": ("version was already there", "versions were already there"),
    "yanked": ("version is yanked in the source", "versions are yanked in the source"),
    "owners": ("owner was added", "owners were added"),
    "ignored": ("other file was ignored", "other files were ignored"),
    "without_file": ("version in an index has no file", "versions in an index have no file"),
}


def source_files(paths: Iterable[Path]) -> dict[str, Path]:
    """Return the files to send, each by its name in the archive; symbolic links are left out."""
    found: dict[str, Path] = {}
    for number, path in enumerate(paths):
        top = path.resolve().name or str(number)
        for below, file in _files(path):
            name = f"{top}/{below}" if below else top
            found[f"{number}/{name}" if name in found else name] = file
    return found


def counted(done: Mapping[str, Any]) -> str:
    """Return a sentence about the numbers in the result of an import.

    >>> counted({"added": 2, "there": 1, "yanked": 0})
    '2 versions were added, 1 version was already there.'
    """
    parts = [
        f"{done[key]} {one if done[key] == 1 else several}"
        for key, (one, several) in NUMBERS.items()
        if done.get(key)
    ]
    return f"{', '.join(parts) or 'Nothing was added'}."


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder with their paths there, or a file with an empty one."""
    if path.is_file():
        yield "", path
        return
    if not path.is_dir():
        raise click.ClickException(f"'{path}' does not exist.")
    for folder, folders, names in os.walk(path):
        folders.sort()
        if CHECKSUMS in names:
            # Only the checksum of its .crate file is needed.
            folders[:], names = [], [CHECKSUMS]
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink():
                yield file.relative_to(path).as_posix(), file


def _require_size(files: Mapping[str, Path]) -> None:
    """Refuse what the server would refuse, before anything is sent."""
    if not files:
        raise click.ClickException("There are no files to import.")
    crates = sum(name.endswith(SUFFIX) for name in files)
    size = sum(file.stat().st_size for file in files.values())
    if crates > MOST_FILES or size >= MOST_BYTES:
        raise click.ClickException(
            f"These are {crates} {SUFFIX} files and {size} bytes, but one import can have at most"
            f" {MOST_FILES} and must have less than {MOST_BYTES}: import parts of it, or use"
            " --server-path."
        )


def _send(
    repository: PulpCargoRepositoryContext,
    paths: Iterable[Path],
    options: Mapping[str, Any],
    chunk_size: int,
) -> tuple[EntityDefinition | None, EntityDefinition]:
    files = source_files(paths)
    _require_size(files)
    # Look the repository up first, in case it does not exist.
    _ = repository.entity
    with tempfile.NamedTemporaryFile(suffix=".tar") as packed:
        pack(packed, files)
        with Path(packed.name).open("rb") as archive:
            return repository.import_registry(options, archive, chunk_size)


@pulp_command(
    name="import",
    help="Import the crates of another registry, in one new version of the repository. PATH is a .crate"
    " file, an index, or a folder that contains them. Yanks and publication times are taken from the"
    " index. Refused files are reported.",
)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@name_option
@href_option
@repository_lookup_option
@click.option(
    "--server-path",
    "path",
    help="Import a folder on the server instead, given by its absolute path, which must be below"
    " one of the server's ALLOWED_IMPORT_PATHS.",
)
@click.option("--strict", is_flag=True, help="Import nothing if a file is refused.")
@click.option(
    "--owners",
    is_flag=True,
    help="Import owners as well, from a database of kellnr. They are matched with users by their"
    " names, and added to crates without owners.",
)
@pulp_option(
    "--chunk-size",
    callback=chunk_size_callback,
    help="The size of chunks, such as 10MB, in which a larger archive is sent; the default is 32MB.",
)
@pass_repository_context
@pass_pulp_context
def import_registry(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    paths: tuple[Path, ...],
    path: str | None,
    strict: bool,
    owners: bool,
    chunk_size: int | None,
) -> None:
    """Import, and print the new repository version."""
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    if bool(paths) == bool(path):
        raise click.ClickException("Give either paths or --server-path.")
    options: dict[str, Any] = {"strict": strict, "owners": owners}
    with bars(pulp_ctx):
        if path:
            made, done = repository_ctx.import_registry(options | {"path": path})
        else:
            size = chunk_size or pulp_ctx.chunk_size or CHUNK_SIZE
            made, done = _send(repository_ctx, paths, options, size)
    pulp_ctx.echo(counted(done), err=True)
    output_version(pulp_ctx, repository_ctx, made, "The repository already has these crates")
    for problem in done["problems"]:
        pulp_ctx.echo(f"`{problem['file']}` was refused: {problem['reason']}", err=True)
    if done["refused"]:
        raise click.ClickException(f"{done['refused']} files were refused.")
