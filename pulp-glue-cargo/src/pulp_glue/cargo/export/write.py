"""One run of an export: fetches what is missing, verifies it, and then updates the index.

Whatever ends a run early, the next one continues: verified files have their final names, and the
index names nothing that is not there.
"""

import errno
import os
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from pulp_glue.cargo.export.copying import Unexportable, write_verified
from pulp_glue.cargo.export.folder import ExportFolder
from pulp_glue.cargo.export.versions import (
    ExportedVersion,
    Problem,
    index_path,
    require_names,
)

# Versions whose files are fetched before the index has them.
BATCH = 500
# How many files a thread adds at once, at most, and into how many parts for each thread a batch is
# split if it has fewer.
MOST_AT_ONCE = 64
PARTS = 4
FULL = (errno.ENOSPC, errno.EDQUOT)


# An index file: its path below the export, and its content.
IndexFile = tuple[str, bytes]


class Target(Protocol):
    """A format; see `index_files.IndexedFiles` for the meaning of the methods."""

    folder: ExportFolder

    def selects(self, version: ExportedVersion) -> bool: ...

    def load(self, crates: Mapping[str, list[ExportedVersion]]) -> None: ...

    def has(self, version: ExportedVersion) -> bool: ...

    def add(self, version: ExportedVersion, verified: str) -> None: ...

    def index(self, path: str, versions: list[ExportedVersion]) -> IndexFile | None: ...

    def finish(self) -> None: ...


# Copies the pieces of a version's .crate file; raises Unexportable.
Fetch = Callable[[ExportedVersion], Iterator[bytes]]
# Adds the files of versions to a target; returns None for each, or the reason why it is not there.
Add = Callable[[list[ExportedVersion]], list[str | None]]
# Writes index files.
Store = Callable[[list[IndexFile]], None]


@dataclass(slots=True)
class Report:
    """How many versions the export has, and what was left out and why.

    `added` is the number of new .crate files or unpacked crates, for a git index that of commits.
    """

    count: int = 0
    added: int = 0
    problems: list[Problem] = field(default_factory=list)


def write(
    crates: Iterable[list[ExportedVersion]],
    fetch: Fetch,
    target: Target,
    *,
    jobs: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Make an export have exactly these crates, as `write_by` does, with files that are fetched."""

    def add(versions: list[ExportedVersion]) -> list[str | None]:
        return [_add(one, fetch, target) for one in versions]

    def store(files: list[IndexFile]) -> None:
        for path, content in files:
            target.folder.write(path, content)

    return write_by(crates, add, store, target, jobs=jobs, progress=progress)


def write_by(
    crates: Iterable[list[ExportedVersion]],
    add: Add,
    store: Store,
    target: Target,
    *,
    jobs: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Make an export have exactly these crates, each with its versions in the order of their lines.

    `jobs` threads add the files of a batch while the next one is prepared and the index files of the
    one before are written, and memory holds these. `progress` is called with the number of versions
    that are done. Raises ExportError.
    """
    report = Report()
    done = 0
    pool = ThreadPoolExecutor(jobs)
    try:
        with _index(store) as index:
            started = (_start(one, add, target, report, pool, jobs) for one in _batches(crates))
            for batch in _one_ahead(started):
                failed = set[str]()
                done += batch.count - batch.missing
                for version, problem in batch.added():
                    done += 1
                    progress(done)
                    if problem is not None:
                        failed.add(version.stem)
                        report.problems.append(Problem(version.name, version.vers, problem))
                index(list(_index_files(batch, failed, target, report)))
                report.added += batch.missing - len(failed)
                progress(done)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    target.finish()
    return report


@contextmanager
def _index(store: Store) -> Iterator[Store]:
    """Yield what writes the index files of a batch in a thread; at the end, all are written."""
    with ThreadPoolExecutor(1) as thread:
        written: Future[None] | None = None

        def write(files: list[IndexFile]) -> None:
            nonlocal written
            if written is not None:
                written.result()
            written = thread.submit(store, files)

        yield write
        if written is not None:
            written.result()


def _index_files(
    batch: "_Batch", failed: Container[str], target: Target, report: Report
) -> Iterator[IndexFile]:
    """Yield the index files that change, with the versions whose files are there."""
    for path, found in batch.crates.items():
        if kept := [one for one in found if one.stem not in failed] if failed else found:
            report.count += len(kept)
            if (file := target.index(path, kept)) is not None:
                yield file


@dataclass(frozen=True, slots=True)
class _Batch:
    """The versions of some crates, of which the missing ones are being added, in parts."""

    crates: dict[str, list[ExportedVersion]]
    count: int
    missing: int
    parts: list[tuple[list[ExportedVersion], Future[list[str | None]]]]

    def added(self) -> Iterator[tuple[ExportedVersion, str | None]]:
        """Yield each missing version when it was added, or with the reason why it was not."""
        for versions, problems in self.parts:
            yield from zip(versions, problems.result(), strict=True)


def _start(
    versions: list[ExportedVersion],
    add: Add,
    target: Target,
    report: Report,
    pool: ThreadPoolExecutor,
    jobs: int,
) -> _Batch:
    """Find out which files are missing, and let threads add them."""
    crates = by_crate((one for one in versions if target.selects(one)), report)
    target.load(crates)
    missing = [[one for one in found if not target.has(one)] for found in crates.values()]
    count = sum(map(len, missing))
    size = max(1, min(MOST_AT_ONCE, count // (jobs * PARTS)))
    added = [(part, pool.submit(add, part)) for part in _parts(missing, size)]
    return _Batch(crates, len(versions), count, added)


def _parts(crates: Iterable[list[ExportedVersion]], size: int) -> Iterator[list[ExportedVersion]]:
    """Yield lists of about so many versions; those of a crate are together, if there are not more."""
    part: list[ExportedVersion] = []
    for versions in crates:
        for start in range(0, len(versions), size):
            part += versions[start : start + size]
            if len(part) >= size:
                yield part
                part = []
    if part:
        yield part


def _one_ahead(batches: Iterable[_Batch]) -> Iterator[_Batch]:
    """Yield each batch after the next one was started."""
    started = deque[_Batch]()
    for batch in batches:
        started.append(batch)
        if len(started) > 1:
            yield started.popleft()
    yield from started


def _batches(crates: Iterable[list[ExportedVersion]]) -> Iterator[list[ExportedVersion]]:
    """Yield the versions of several crates together, so that all threads have work."""
    batch: list[ExportedVersion] = []
    for versions in crates:
        batch += versions
        if len(batch) >= BATCH:
            yield batch
            batch = []
    yield batch


def by_crate(
    versions: Iterable[ExportedVersion], report: Report
) -> dict[str, list[ExportedVersion]]:
    """Return the versions of each crate by the path of its index file, in the order of the paths.

    Those whose names cannot be parts of paths become problems of the report.
    """
    found: dict[str, list[ExportedVersion]] = {}
    # Most have the name of the one before.
    path_of = lru_cache(BATCH)(index_path)
    for version in versions:
        try:
            require_names(version)
        except Unexportable as error:
            report.problems.append(Problem(version.name[:80], version.vers[:80], str(error)))
            continue
        found.setdefault(path_of(version.name), []).append(version)
    return dict(sorted(found.items()))


def _add(version: ExportedVersion, fetch: Fetch, target: Target) -> str | None:
    """Fetch a file, verify it and hand it over; return the reason if that is not possible."""
    temporary = target.folder.temporary()
    try:
        write_verified(fetch(version), temporary, version.size, version.cksum)
        target.add(version, temporary)
        return None
    except Unexportable as error:
        reason = str(error)
    except OSError as error:
        if error.errno in FULL:
            raise target.folder.unwritable(error.strerror) from error
        reason = str(error.strerror or error)
    with suppress(FileNotFoundError):
        os.unlink(temporary)
    return reason
