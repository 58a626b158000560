"""Sends .crate files to a Pulp: all in one archive, or one by one."""

import os
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import click
from pulp_glue.cargo.content import PulpCargoCrateContext
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import EntityDefinition
from pulp_glue.common.exceptions import PulpException
from pulp_glue.core.context import PulpTaskContext

SUFFIX = ".crate"
# Larger archives are sent in parts of this size unless the user names another: pulp-glue puts a
# request together in memory.
CHUNK_SIZE = 32_000_000
# The server takes so many files in one archive.
MOST_FILES = 10_000


def crate_files(paths: Iterable[Path]) -> dict[str, Path]:
    """Return the .crate files that are meant, each by the name that messages call it by."""
    found: dict[str, Path] = {}
    files: dict[Path, Path] = {}
    for path in paths:
        for file in _files(path):
            files.setdefault(file.resolve(), file)
    for number, file in enumerate(files.values()):
        name = "/".join(part for part in file.parts if part not in ("/", ".."))
        found[f"{number}/{name}" if name in found else name] = file
    return found


def into(
    repository: PulpCargoRepositoryContext, files: Mapping[str, Path], chunk_size: int | None
) -> EntityDefinition | None:
    """Add files to a repository, by one request and in one version, which is returned."""
    if len(files) > MOST_FILES:
        raise PulpException(
            f"A repository takes at most {MOST_FILES} files at once, and here are {len(files)}:"
            " name folders with fewer of them."
        )
    # Look the repository up before the work, in case it is not there.
    _ = repository.entity
    with tempfile.NamedTemporaryFile(suffix=".tar") as packed:
        _pack(packed, files)
        with Path(packed.name).open("rb") as archive:
            return repository.import_crates(archive, chunk_size or CHUNK_SIZE)


def without_repository(
    crates: PulpCargoCrateContext, files: Mapping[str, Path], chunk_size: int | None
) -> list[Any]:
    """Store files as content that is in no repository yet."""
    tasks = {}
    for name, file in files.items():
        body = {"file": file, "chunk_size": chunk_size}
        tasks[name] = crates.create(body=body, non_blocking=True)["pulp_href"]
    return [_made(crates, name, href) for name, href in tasks.items()]


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        below = sorted(one for one in path.rglob(f"*{SUFFIX}") if one.is_file())
        if not below:
            raise click.ClickException(f"There is no {SUFFIX} file in the folder '{path}'.")
        yield from below
    elif not path.is_file():
        raise click.ClickException(f"There is no file or folder '{path}'.")
    elif path.suffix != SUFFIX:
        raise click.ClickException(f"'{path}' is no {SUFFIX} file.")
    elif not os.access(path, os.R_OK):
        raise click.ClickException(f"You may not read the file '{path}'.")
    else:
        yield path


def _pack(packed: IO[bytes], files: Mapping[str, Path]) -> None:
    """Write files into a tar archive; those who made them and when are nobody's business."""
    label = f"Packing {len(files)} files"
    with (
        tarfile.open(fileobj=packed, mode="w") as archive,
        click.progressbar(files.items(), label=label, file=sys.stderr) as bar,
    ):
        for name, path in bar:
            with path.open("rb") as file:
                member = tarfile.TarInfo(name)
                member.size = path.stat().st_size
                archive.addfile(member, file)
    packed.flush()


def _made(crates: PulpCargoCrateContext, name: str, task: str) -> Any:
    """Wait for the task of one file, and return the crate that it made."""
    try:
        # Most are done by now; waiting for one that is not takes a second.
        begun = PulpTaskContext(crates.pulp_ctx, pulp_href=task).entity
        done = crates.pulp_ctx.wait_for_task(begun)
    except PulpException as error:
        raise PulpException(f"{name}: {error}") from error
    return crates.show(done["created_resources"][0])
