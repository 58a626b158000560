"""One run of an exporter: makes a folder have what a registry serves at this moment."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.storage import FileSystemStorage, Storage
from pulp_glue.cargo.export.copying import CHUNK, Unexportable
from pulp_glue.cargo.export.directory import DIRECTORY, DirectorySource
from pulp_glue.cargo.export.folder import ExportFolder, open_folder
from pulp_glue.cargo.export.git_index import (
    GIT,
    Blob,
    Commit,
    GitIndex,
    Head,
    changes_to,
    index_files,
    message,
)
from pulp_glue.cargo.export.index_files import IndexedFiles, static_dl
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError
from pulp_glue.cargo.export.write import Fetch, Report, write, write_by

from pulp_cargo.app.queries.crates import exported, listing
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.services.exports.copiers import COUNT, NOT_STORED, copiers
from pulp_cargo.app.services.exports.git_history import NOTHING, commits, message_of
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.config import render_config
from pulp_cargo.protocol.errors import BadRequest

# Reading and writing files waits for disks, not for processors.
JOBS = 4


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
        url = static_dl(dl) if dl else None
        if kind == GIT:
            # Commits have only the crates that have changed, but these change the others as well.
            config = _config(registry, url).decode()
            settings |= {"config": config, "urls": sorted(registry.urls.null)}
        with open_folder(root, kind) as folder:
            state = folder.state
            same = all(state.get(key) == value for key, value in settings.items())
            if same and state.get("etag") == etag:
                return Report(count=state["count"])
            left_out = evaluate.left_out_of_listing(registry.upstreams)
            if kind == GIT:
                followed = same and state.get("followed", False)
                report = _write_git(folder, registry, url, left_out, settings, followed=followed)
            else:
                # Until this run is complete, the next one must not take the folder for unchanged.
                folder.remember(**settings)
                report = _write_files(folder, registry, url, left_out, progress)
            if not report.problems:
                folder.remember(**settings, followed=True, etag=etag, count=report.count)
            return report
    except ExportError as error:
        raise CannotExport(str(error)) from error
    except VersionGone as error:
        raise CannotExport("the repository version was deleted meanwhile: export again") from error


def _write_files(
    folder: ExportFolder,
    registry: Registry,
    dl: str | None,
    left_out: Collection[UUID],
    progress: Callable[[int, int], None],
) -> Report:
    total = listing.count(registry.content) - len(left_out)
    crates = exported.crates(registry, left_out)
    storage = registry.domain.get_storage()

    def show(done: int) -> None:
        progress(done, total)

    if folder.kind == DIRECTORY:
        target = DirectorySource(folder)
        return write(crates, _reader(storage), target, jobs=JOBS, progress=show)
    files = IndexedFiles(folder, dl=dl)
    if not isinstance(storage, FileSystemStorage):
        return write(crates, _reader(storage), files, jobs=JOBS, progress=show)
    with copiers(storage.location, files, total=total) as processes:
        return write_by(crates, processes.add, processes.store, files, jobs=COUNT, progress=show)


def _reader(storage: Storage) -> Fetch:
    """Return what reads the pieces of a stored file."""

    def fetch(version: ExportedVersion) -> Iterator[bytes]:
        if version.source is None:
            raise Unexportable(NOT_STORED)
        with storage.open(version.source, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    return fetch


def _write_git(
    folder: ExportFolder,
    registry: Registry,
    dl: str | None,
    left_out: Collection[UUID],
    settings: Mapping[str, Any],
    *,
    followed: bool,
) -> Report:
    """Make a commit for each new version of the repository.

    If the newest commit is of another registry or has other settings, which `followed` tells, there
    is no common history, and one commit makes the difference.
    """
    index, report = GitIndex(folder), Report()
    head = index.head()
    followed = head is None or followed
    # A run that is killed has made all commits or none, so the next one knows what to continue.
    folder.remember(**settings, followed=followed)
    config = _config(registry, dl)
    if head is None or (followed and _is_older(head, registry)):
        report.added = index.write(_history(index, head, registry, config, left_out), head)
    else:
        report.added = _write_difference(index, head, registry, config, left_out)
    report.count = listing.count(registry.content) - len(left_out)
    return report


def _history(
    index: GitIndex,
    head: Head | None,
    registry: Registry,
    config: bytes,
    left_out: Collection[UUID],
) -> Iterator[Blob | Commit]:
    """Yield a commit for each version that came after the newest commit, and still exists."""
    since = NOTHING if head is None or head.number is None else head.number
    left = exported.numbered(registry, since)
    if not left:
        raise VersionGone
    first = left[0]
    if since not in (NOTHING, first.number):
        # Of a version that was deleted, it is not known what was removed after it. So the files of
        # the first one that is left are compared with those of the commit.
        then = registry.at_version(first.pk, first.number)
        wanted = index_files(exported.crates(then, left_out), config)
        yield Commit(message_of(first), first.created, changes_to(wanted, index.blobs()))
        since = first.number
    yield from commits(registry, since, config, left_out)


def _is_older(head: Head, registry: Registry) -> bool:
    return head.number is not None and head.number <= registry.content.number


def _write_difference(
    index: GitIndex, head: Head, registry: Registry, config: bytes, left_out: Collection[UUID]
) -> int:
    number = registry.content.number
    text = message(f"Version {number} of `{registry.name}`", number)
    wanted = index_files(exported.crates(registry, left_out), config)
    return index.write_difference(wanted, text, head)


def _config(registry: Registry, dl: str | None) -> bytes:
    if dl is not None:
        return json.dumps({"dl": dl}, separators=(",", ":")).encode() + b"\n"
    root = registry.urls.root.rstrip("/")
    auth_required = registry.access.wants_credential
    return render_config(dl=f"{root}/api/v1/crates", api=root, auth_required=auth_required)
