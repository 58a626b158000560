"""One run of an export: fetches what is missing, verifies it, and then updates the index.

Whatever ends a run early, the next one continues: verified files have their final names, and the
index names nothing that is not there.
"""

import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

from pulp_glue.cargo.export.folder import ExportFolder
from pulp_glue.cargo.export.versions import (
    ExportedVersion,
    ExportError,
    Problem,
    Unexportable,
    index_path,
    require_names,
)

# How many files are requested beyond those that threads work on.
AHEAD = 4
FULL = (errno.ENOSPC, errno.EDQUOT)


class Target(Protocol):
    """A format; see `index_files.IndexedFiles` for the meaning of the methods."""

    folder: ExportFolder

    def selects(self, version: ExportedVersion) -> bool: ...

    def load(self, paths: list[str]) -> None: ...

    def has(self, version: ExportedVersion) -> bool: ...

    def add(self, version: ExportedVersion, verified: Path) -> None: ...

    def finish(self, crates: Mapping[str, list[ExportedVersion]]) -> None: ...


# Copies the pieces of a version's .crate file; raises Unexportable.
Fetch = Callable[[ExportedVersion], Iterator[bytes]]


@dataclass(slots=True)
class Report:
    """How many versions the export has, and what was left out and why.

    `added` is the number of new .crate files or unpacked crates, for a git index that of commits.
    """

    count: int = 0
    added: int = 0
    problems: list[Problem] = field(default_factory=list)


def write(
    versions: Iterable[ExportedVersion],
    fetch: Fetch,
    target: Target,
    *,
    jobs: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Make an export have exactly these versions; the order of a crate's versions is that of its lines.

    `progress` is called with the number of fetched files and their total. Raises ExportError.
    """
    report = Report()
    crates = by_crate((one for one in versions if target.selects(one)), report)
    target.load(list(crates))
    missing = [one for found in crates.values() for one in found if not target.has(one)]
    failed = set[ExportedVersion]()
    progress(0, len(missing))
    for done, (version, problem) in enumerate(_fetch_all(missing, fetch, target, jobs), 1):
        progress(done, len(missing))
        if problem is None:
            report.added += 1
            continue
        failed.add(version)
        report.problems.append(Problem(version.name, version.vers, problem))
    remaining = {
        path: kept
        for path, found in crates.items()
        if (kept := [v for v in found if v not in failed])
    }
    target.finish(remaining)
    report.count = sum(map(len, remaining.values()))
    return report


def by_crate(
    versions: Iterable[ExportedVersion], report: Report
) -> dict[str, list[ExportedVersion]]:
    """Return the versions of each crate by the path of its index file, in the order of the paths.

    Those whose names cannot be parts of paths become problems of the report.
    """
    found: dict[str, list[ExportedVersion]] = {}
    for version in versions:
        try:
            require_names(version)
        except Unexportable as error:
            report.problems.append(Problem(version.name[:80], version.vers[:80], str(error)))
            continue
        found.setdefault(index_path(version.name), []).append(version)
    return dict(sorted(found.items()))


def _fetch_all(
    missing: list[ExportedVersion], fetch: Fetch, target: Target, jobs: int
) -> Iterator[tuple[ExportedVersion, str | None]]:
    """Yield each version when it was added, or with the reason why it was not."""
    rest = iter(missing)
    with ThreadPoolExecutor(jobs) as pool:
        try:
            running = {
                pool.submit(_add, one, fetch, target): one for one in islice(rest, jobs + AHEAD)
            }
            while running:
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    version = running.pop(future)
                    yield version, future.result()
                    for one in islice(rest, 1):
                        running[pool.submit(_add, one, fetch, target)] = one
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _add(version: ExportedVersion, fetch: Fetch, target: Target) -> str | None:
    """Fetch a file, verify it and hand it over; return the reason if that is not possible."""
    temporary = target.folder.temporary()
    try:
        _copy(version, fetch, temporary)
        target.add(version, temporary)
    except Unexportable as error:
        return str(error)
    except OSError as error:
        if error.errno in FULL:
            raise ExportError(
                f"'{target.folder.root}' cannot be written: {error.strerror}"
            ) from error
        return str(error.strerror or error)
    finally:
        temporary.unlink(missing_ok=True)
    return None


def _copy(version: ExportedVersion, fetch: Fetch, temporary: Path) -> None:
    digest, size = hashlib.sha256(), 0
    with temporary.open("wb") as file:
        for chunk in fetch(version):
            size += len(chunk)
            if version.size is not None and size > version.size:
                raise Unexportable(f"the file has more than the {version.size} bytes of its record")
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != version.cksum:
        raise Unexportable(
            f"the file has the checksum {digest.hexdigest()}, but the index has {version.cksum}"
        )
