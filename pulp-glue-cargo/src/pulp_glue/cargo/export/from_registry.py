"""Exports a registry over HTTP, with the rights of whoever may read it."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from pulp_glue.cargo.export.directory import DIRECTORY, DirectorySource
from pulp_glue.cargo.export.folder import ExportFolder, open_folder
from pulp_glue.cargo.export.git_index import GIT, GitIndex, index_files, message
from pulp_glue.cargo.export.index_files import STATIC, IndexedFiles
from pulp_glue.cargo.export.versions import ExportedVersion
from pulp_glue.cargo.export.write import Report, Target, by_crate, write
from pulp_glue.cargo.registry_client import RegistryClient

JOBS = 8


def export_registry(
    client: RegistryClient,
    root: Path,
    kind: str,
    *,
    dl: str | None = None,
    with_yanked: bool = False,
    jobs: int = JOBS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Make a folder an export of the registry as it is now; raises ExportError.

    `dl` is where the .crate files of a static registry are, or those that a git index names; without
    it, a git index names those of the registry. `with_yanked` is for directory sources.
    """
    with open_folder(root, kind) as folder:
        own = client.config()
        config = _config(own, kind, dl)
        settings = {"registry": client.url, "config": config, "with_yanked": with_yanked}
        same = all(folder.state.get(key) == value for key, value in settings.items())
        listing = client.listing(folder.state.get("etag") if same else None)
        if listing is None:
            return Report(count=folder.state["count"])
        # Until this run is complete, the next one must not take the folder for unchanged.
        folder.remember(**settings)
        with listing:
            if kind == GIT:
                report = _write_git(folder, listing, config, client.url)
            else:
                target = _target(folder, dl, with_yanked=with_yanked)
                report = write(
                    _by_name(listing),
                    lambda version: client.fetch(own["dl"], version),
                    target,
                    jobs=jobs,
                    progress=lambda done: progress(done, len(listing)),
                )
        if not report.problems:
            folder.remember(**settings, etag=listing.etag, count=report.count)
        return report


def _by_name(versions: Iterable[ExportedVersion]) -> Iterator[list[ExportedVersion]]:
    """Yield the versions of each crate, which come one after the other."""
    for _, found in groupby(versions, lambda one: one.name.lower()):
        yield list(found)


def _config(config: dict[str, Any], kind: str, dl: str | None) -> dict[str, Any] | None:
    """Return the `config.json` of the export; None if the format has none."""
    if kind == GIT:
        return config if dl is None else {"dl": dl}
    return {"dl": dl} if kind == STATIC else None


def _target(folder: ExportFolder, dl: str | None, *, with_yanked: bool) -> Target:
    if folder.kind == DIRECTORY:
        return DirectorySource(folder, with_yanked=with_yanked)
    return IndexedFiles(folder, dl=dl)


def _write_git(
    folder: ExportFolder,
    versions: Iterable[ExportedVersion],
    config: dict[str, Any] | None,
    url: str,
) -> Report:
    """Make one commit, if there is a difference."""
    report = Report()
    # The listing is read twice, since the number of versions comes before their lines.
    for found in _by_name(versions):
        report.count += sum(map(len, by_crate(found, report).values()))
    index = GitIndex(folder)
    encoded = json.dumps(config, separators=(",", ":")).encode() + b"\n"
    wanted = index_files(_by_name(versions), encoded)
    text = message(f"Export {report.count} crate versions of {url}")
    report.added = index.write_difference(wanted, text, index.head())
    return report
