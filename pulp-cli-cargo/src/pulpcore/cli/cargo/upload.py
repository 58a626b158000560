"""Uploading .crate files: all in one archive, or one by one."""

import os
import re
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
# Larger archives are sent in chunks of this size by default, since pulp-glue assembles requests in
# memory.
CHUNK_SIZE = 32_000_000
# Maximum number of files in one archive, as on the server.
MOST_FILES = 10_000


def crate_files(paths: Iterable[Path]) -> dict[str, Path]:
    """Return the .crate files, each by its name in messages."""
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
) -> tuple[EntityDefinition | None, list[str]]:
    """Add files to a repository, in one request and one version.

    Return the version, and a message for each refused file.
    """
    if len(files) > MOST_FILES:
        raise PulpException(
            f"These are {len(files)} files, but at most {MOST_FILES} can be added at once: give folders"
            " with fewer files."
        )
    # Look the repository up first, in case it does not exist.
    _ = repository.entity
    with tempfile.NamedTemporaryFile(suffix=".tar") as packed:
        pack(packed, files)
        with Path(packed.name).open("rb") as archive:
            try:
                made, problems = repository.import_crates(archive, chunk_size or CHUNK_SIZE)
            except PulpException as error:
                raise PulpException(_as_typed(str(error), files)) from error
    sentences = [f"`{one['file']}` was refused: {one['reason']}" for one in problems]
    return made, [_as_typed(one, files) for one in sentences]


def without_repository(
    crates: PulpCargoCrateContext, files: Mapping[str, Path], chunk_size: int | None
) -> Iterator[Any]:
    """Store files as content without a repository; yield each stored unit.

    Raises the first error after all started uploads have ended.
    """
    begun, fault = {}, None
    for number, file in enumerate(files.values(), 1):
        crates.pulp_ctx.echo(f"File {number} of {len(files)}: {file}", err=True)
        try:
            body = {"file": file, "chunk_size": chunk_size}
            begun[file] = crates.create(body=body, non_blocking=True)["pulp_href"]
        except PulpException as error:
            fault = PulpException(f"{file}: {error}")
            break
    for file, task in begun.items():
        try:
            yield _made(crates, task)
        except PulpException as error:
            fault = fault or PulpException(f"{file}: {error}")
    if fault is not None:
        raise fault


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        below = sorted(one for one in path.rglob(f"*{SUFFIX}") if one.is_file())
        if not below:
            raise click.ClickException(f"The folder '{path}' contains no {SUFFIX} files.")
        yield from below
    elif not path.is_file():
        raise click.ClickException(f"'{path}' does not exist.")
    elif path.suffix != SUFFIX:
        raise click.ClickException(f"'{path}' is not a {SUFFIX} file.")
    elif not os.access(path, os.R_OK):
        raise click.ClickException(f"You do not have permission to read '{path}'.")
    else:
        yield path


def pack(packed: IO[bytes], files: Mapping[str, Path]) -> None:
    """Write files into a tar archive, without owners and times."""
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


def _made(crates: PulpCargoCrateContext, task: str) -> Any:
    """Wait for the task of one file, and return its crate."""
    # Most have ended by now; waiting for one that has not takes a second.
    begun = PulpTaskContext(crates.pulp_ctx, pulp_href=task).entity
    done = crates.pulp_ctx.wait_for_task(begun)
    return crates.show(done["created_resources"][0])


def _as_typed(message: str, files: Mapping[str, Path]) -> str:
    """Return a message about an archive with the paths of the files instead of its members'."""
    # The longest first, since one name may be the end of another.
    names = sorted(files, key=len, reverse=True)
    either = "|".join(re.escape(name) for name in names if name in message)
    return re.sub(either, lambda name: str(files[name[0]]), message) if either else message
