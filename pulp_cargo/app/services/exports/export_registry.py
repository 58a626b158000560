"""One run of an exporter: makes a folder have what a registry serves at this moment."""

import json
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pulp_glue.cargo.export.directory import DIRECTORY, DirectorySource
from pulp_glue.cargo.export.folder import ExportFolder, open_folder
from pulp_glue.cargo.export.git_index import GIT, Commit, GitIndex, Head, changes_to, message
from pulp_glue.cargo.export.index_files import LOCAL, STATIC, IndexedFiles
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError, Unexportable
from pulp_glue.cargo.export.write import Report, Target, by_crate, write

from pulp_cargo.app.queries.crates import exported, listing
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.exports.git_history import NOTHING, commits
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.config import render_config
from pulp_cargo.protocol.errors import BadRequest

FORMATS = (STATIC, LOCAL, GIT, DIRECTORY)
# Reading and writing files waits for disks, not for processors.
JOBS = 4
CHUNK = 1024 * 1024


class CannotExport(BadRequest):
    """An export that cannot go on."""


def export_registry(
    registry: Registry,
    root: Path,
    kind: str,
    dl: str | None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Make a folder an export of a registry, by the least work; raises CannotExport.

    `dl` is the URL for downloads in the `config.json` of a static registry or git index; None means
    the downloads of the registry itself.
    """
    if registry.content.version is None:
        raise CannotExport(f"the registry `{registry.name}` serves no repository")
    rules = evaluate.rules_of_listing(registry.upstreams)
    settings = {"distribution": str(registry.pk), "dl": dl, "rules": rules}
    etag = listing.tag(registry, rules)
    try:
        with open_folder(root, kind) as folder:
            state = folder.state
            same = all(state.get(key) == value for key, value in settings.items())
            if same and state.get("etag") == etag:
                return Report(count=state["count"])
            number = state.get("number") if same else None
            # Until this run is complete, the next one must not take the folder for unchanged.
            folder.remember(**settings, **({"number": number} if number is not None else {}))
            left_out = evaluate.left_out_of_listing(registry.upstreams)
            if kind == GIT:
                report = _write_git(folder, registry, dl, left_out, followed=number is not None)
            else:
                report = _write_files(folder, registry, dl, left_out, progress)
            if not report.problems:
                done = {"number": registry.content.number, "etag": etag, "count": report.count}
                folder.remember(**settings, **done)
            return report
    except ExportError as error:
        raise CannotExport(str(error)) from error


def _write_files(
    folder: ExportFolder,
    registry: Registry,
    dl: str | None,
    left_out: Collection[UUID],
    progress: Callable[[int, int], None],
) -> Report:
    storage = registry.domain.get_storage()
    files: dict[tuple[str, str], str | None] = {}

    def versions() -> Iterator[ExportedVersion]:
        for found in exported.crates(registry, left_out):
            for one in found:
                files[one.name, one.vers] = one.file
                yield ExportedVersion(one.name, one.vers, one.cksum, one.line, one.size, one.yanked)

    def fetch(version: ExportedVersion) -> Iterator[bytes]:
        name = files[version.name, version.vers]
        if name is None:
            raise Unexportable("its file is not stored in this Pulp")
        with storage.open(name, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    return write(versions(), fetch, _target(folder, dl), jobs=JOBS, progress=progress)


def _target(folder: ExportFolder, dl: str | None) -> Target:
    if folder.kind == DIRECTORY:
        return DirectorySource(folder)
    return IndexedFiles(folder, dl=dl)


def _write_git(
    folder: ExportFolder,
    registry: Registry,
    dl: str | None,
    left_out: Collection[UUID],
    *,
    followed: bool,
) -> Report:
    """Make a commit for each new version of the repository.

    If the last run was about something else, which `followed` tells, there is no common history, and
    one commit makes the difference.
    """
    index, report = GitIndex(folder), Report()
    head = index.head()
    config = _config(registry, dl)
    if head is None or (followed and _is_older(head, registry)):
        since = NOTHING if head is None or head.number is None else head.number
        report.added = index.write(commits(registry, since, config, left_out), head)
    else:
        report.added = _write_difference(index, head, registry, config, left_out)
    report.count = listing.count(registry.content) - len(left_out)
    return report


def _is_older(head: Head, registry: Registry) -> bool:
    return head.number is not None and head.number <= registry.content.number


def _write_difference(
    index: GitIndex, head: Head, registry: Registry, config: bytes, left_out: Collection[UUID]
) -> int:
    found = exported.crates(registry, left_out)
    crates = by_crate(
        (ExportedVersion(v.name, v.vers, v.cksum, v.line) for one in found for v in one), Report()
    )
    changes = changes_to(crates, config, index.blobs())
    number = registry.content.number
    text = message(f"Version {number} of `{registry.name}`", number)
    return index.write([Commit(text, datetime.now(UTC), changes)], head)


def _config(registry: Registry, dl: str | None) -> bytes:
    if dl is not None:
        return json.dumps({"dl": dl}, separators=(",", ":")).encode() + b"\n"
    root = registry.urls.root.rstrip("/")
    auth_required = registry.access.wants_credential
    return render_config(dl=f"{root}/api/v1/crates", api=root, auth_required=auth_required)
