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
from pulp_cargo.app.services.crates.contents import MOST_SHOWN_BYTES, CrateContents
from pulp_cargo.protocol.crate_file import MANIFEST
from pulp_cargo.protocol.errors import CrateFileNotStored, FileNotInCrate
from pulp_cargo.rules.crate_contents import ContainedFile, FileText, compare_files

# A longer list is cut.
MOST_FILES = 5_000


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version whose .crate file is stored."""

    contents: CrateContents
    domain: object
    details: VersionDetails
    file: StoredFile

    def files(self) -> list[ContainedFile]:
        """Return the files of the crate."""
        one = self.details
        return self.contents.files(self.domain, self.file, one.name, one.vers)

    def text(self, path: str) -> FileText | None:
        """Return a file of the crate, None without it."""
        one = self.details
        return self.contents.file(self.domain, self.file, one.name, one.vers, path)


async def get_files(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`GET crates/{name}/{vers}/files`: the files of a version."""
    stored = await asked(cargo, _stored, cargo.process.contents, name, vers)
    return answer(cargo, await threads.make_page(_files, cargo.registry, stored))


async def get_source(cargo: CargoRequest, name: str, vers: str, path: str) -> web.Response:
    """`GET crates/{name}/{vers}/source/{path}`: one file."""
    stored = await asked(cargo, _stored, cargo.process.contents, name, vers)
    return answer(cargo, await threads.make_page(_source, cargo.registry, stored, path))


async def get_diff(cargo: CargoRequest, name: str, old: str, new: str) -> web.Response:
    """`GET crates/{name}/diff/{old}..{new}`: which files differ, and how the manifest does."""
    before = await asked(cargo, _stored, cargo.process.contents, name, old)
    after = await asked(cargo, _stored, cargo.process.contents, name, new)
    return answer(cargo, await threads.make_page(_diff, cargo.registry, before, after))


def _stored(registry: Registry, contents: CrateContents, name: str, vers: str) -> StoredVersion:
    found = crates.version(registry, name, vers)
    one = found.details
    file = crate_file.crate_file(found.upstream, registry.domain, one.name, one.vers)
    if not isinstance(file, StoredFile):
        raise CrateFileNotStored(one.name, one.vers)
    return StoredVersion(contents, registry.domain, one, file)


def _files(registry: Registry, stored: StoredVersion) -> str:
    files = stored.files()
    return render_of(
        registry,
        "files.html",
        one=stored.details,
        files=files[:MOST_FILES],
        total=len(files),
        unpacked=sum(file.size for file in files),
    )


def _source(registry: Registry, stored: StoredVersion, path: str) -> str:
    one = stored.details
    found = stored.text(path)
    if found is None:
        raise FileNotInCrate(one.name, one.vers, path)
    lines = [] if found.text is None else stored.contents.lines(found.text, path)
    return render_of(
        registry,
        "source.html",
        one=one,
        path=path,
        file=found,
        most=MOST_SHOWN_BYTES,
        lines=[Markup(line) for line in lines],
    )


def _diff(registry: Registry, before: StoredVersion, after: StoredVersion) -> str:
    old, new = (one.text(MANIFEST) for one in (before, after))
    texts = [one.text for one in (old, new) if one and one.text is not None]
    return render_of(
        registry,
        "diff.html",
        old=before.details,
        new=after.details,
        changes=compare_files(before.files(), after.files())[:MOST_FILES],
        manifest=before.contents.differences(*texts) if len(texts) == 2 else None,
    )
