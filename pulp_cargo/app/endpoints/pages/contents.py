"""Pages with the contents of .crate files: the list of files, one file, and two versions compared.

No page causes a request to an upstream: a file that is not stored is not shown.
"""

from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup

from pulp_cargo.app.endpoints.http.queries import asked
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.pages.render import answer, render_of
from pulp_cargo.app.queries.crates import crate_file
from pulp_cargo.app.queries.crates.crate_file import StoredFile
from pulp_cargo.app.queries.crates.details import VersionDetails
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.catalog import crate as crates
from pulp_cargo.app.services.crates.contents import (
    MOST_SHOWN_BYTES,
    CrateContents,
    StoredCrate,
    Unpacked,
)
from pulp_cargo.protocol.crate_file import MANIFEST
from pulp_cargo.protocol.errors import CrateFileNotStored, FileNotInCrate
from pulp_cargo.rules.crate_contents import FileText, compare_files

# A longer list is cut.
MOST_FILES = 5_000


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version whose .crate file is stored."""

    details: VersionDetails
    crate: StoredCrate


async def get_files(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`GET crates/{name}/{vers}/files`: the files of a version."""
    stored = await asked(cargo, _stored, name, vers)
    unpacked = await _unpacked(cargo, stored)
    return answer(cargo, await threads.make_page(_files, cargo.registry, stored, unpacked))


async def get_source(cargo: CargoRequest, name: str, vers: str, path: str) -> web.Response:
    """`GET crates/{name}/{vers}/source/{path}`: one file."""
    stored = await asked(cargo, _stored, name, vers)
    file = (await _unpacked(cargo, stored, path)).wanted
    if file is None:
        raise FileNotInCrate(stored.details.name, stored.details.vers, path)
    contents = cargo.process.contents
    page = await threads.make_page(_source, cargo.registry, contents, stored, path, file)
    return answer(cargo, page)


async def get_diff(cargo: CargoRequest, name: str, old: str, new: str) -> web.Response:
    """`GET crates/{name}/diff/{old}..{new}`: which files differ, and how the manifest does."""
    before = await asked(cargo, _stored, name, old)
    after = await asked(cargo, _stored, name, new)
    both = [(one, await _unpacked(cargo, one, MANIFEST)) for one in (before, after)]
    contents = cargo.process.contents
    return answer(cargo, await threads.make_page(_diff, cargo.registry, contents, *both))


async def _unpacked(
    cargo: CargoRequest, stored: StoredVersion, wanted: str | None = None
) -> Unpacked:
    """Return the files of a version, and the `wanted` one; raises ServiceUnavailable."""
    contents, crate = cargo.process.contents, stored.crate
    if contents.is_unpacked(crate, wanted):
        return await threads.make_page(contents.unpack, crate, wanted)
    return await threads.unpack(crate.file.size, contents.unpack, crate, wanted)


def _stored(registry: Registry, name: str, vers: str) -> StoredVersion:
    found = crates.version(registry, name, vers)
    one = found.details
    file = crate_file.crate_file(found.upstream, registry.domain, one.name, one.vers)
    if not isinstance(file, StoredFile):
        raise CrateFileNotStored(one.name, one.vers)
    return StoredVersion(one, StoredCrate(registry.domain, file, one.name, one.vers))


def _files(registry: Registry, stored: StoredVersion, unpacked: Unpacked) -> str:
    files = unpacked.files
    return render_of(
        registry,
        "files.html",
        one=stored.details,
        files=files[:MOST_FILES],
        total=len(files),
        unpacked=sum(file.size for file in files),
    )


def _source(
    registry: Registry, contents: CrateContents, stored: StoredVersion, path: str, file: FileText
) -> str:
    lines = [] if file.text is None else contents.lines(file.text, path)
    return render_of(
        registry,
        "source.html",
        one=stored.details,
        path=path,
        file=file,
        most=MOST_SHOWN_BYTES,
        lines=[Markup(line) for line in lines],
    )


def _diff(
    registry: Registry,
    contents: CrateContents,
    before: tuple[StoredVersion, Unpacked],
    after: tuple[StoredVersion, Unpacked],
) -> str:
    (old, old_files), (new, new_files) = before, after
    manifests = (one.wanted for one in (old_files, new_files))
    texts = [one.text for one in manifests if one and one.text is not None]
    return render_of(
        registry,
        "diff.html",
        old=old.details,
        new=new.details,
        changes=compare_files(old_files.files, new_files.files)[:MOST_FILES],
        manifest=contents.differences(*texts) if len(texts) == 2 else None,
    )
