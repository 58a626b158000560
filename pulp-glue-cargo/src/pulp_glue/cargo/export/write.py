"""One run of an export: fetches what is missing, verifies it, and then updates the index.

Whatever ends a run early, the next one continues: verified files have their final names, and the
index names nothing that is not there.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from io import FileIO
from itertools import islice
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

# Batches beyond those that threads work on, and how many files a batch has at most.
AHEAD = 4
MOST_AT_ONCE = 64
# Versions whose files are fetched before the index has them.
BATCH = 2_000
FULL = (errno.ENOSPC, errno.EDQUOT)


class Target(Protocol):
    """A format; see `index_files.IndexedFiles` for the meaning of the methods."""

    folder: ExportFolder

    def selects(self, version: ExportedVersion) -> bool: ...

    def load(self, paths: list[str]) -> None: ...

    def has(self, version: ExportedVersion) -> bool: ...

    def add(self, version: ExportedVersion, verified: str) -> None: ...

    def index(self, path: str, versions: list[ExportedVersion]) -> None: ...

    def finish(self) -> None: ...


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
    crates: Iterable[list[ExportedVersion]],
    fetch: Fetch,
    target: Target,
    *,
    jobs: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Make an export have exactly these crates, each with its versions in the order of their lines.

    Memory holds one batch of them. `progress` is called with the number of versions that are done.
    Raises ExportError.
    """
    report = Report()
    done = 0
    for batch in _batches(crates):
        there = by_crate((one for one in batch if target.selects(one)), report)
        target.load(list(there))
        missing = [one for found in there.values() for one in found if not target.has(one)]
        failed = set[str]()
        done += len(batch) - len(missing)
        for version, problem in _fetch_all(missing, fetch, target, jobs):
            done += 1
            progress(done)
            if problem is not None:
                failed.add(version.stem)
                report.problems.append(Problem(version.name, version.vers, problem))
        for path, found in there.items():
            if kept := [one for one in found if one.stem not in failed]:
                target.index(path, kept)
                report.count += len(kept)
        report.added += len(missing) - len(failed)
        progress(done)
    target.finish()
    return report


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
    size = max(1, min(MOST_AT_ONCE, len(missing) // (jobs * 8)))
    rest = iter([missing[start : start + size] for start in range(0, len(missing), size)])

    def add(batch: list[ExportedVersion]) -> list[tuple[ExportedVersion, str | None]]:
        return [(one, _add(one, fetch, target)) for one in batch]

    with ThreadPoolExecutor(jobs) as pool:
        try:
            running = {pool.submit(add, one) for one in islice(rest, jobs + AHEAD)}
            while running:
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield from future.result()
                    running |= {pool.submit(add, one) for one in islice(rest, 1)}
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _add(version: ExportedVersion, fetch: Fetch, target: Target) -> str | None:
    """Fetch a file, verify it and hand it over; return the reason if that is not possible."""
    temporary = target.folder.temporary()
    try:
        _copy(version, fetch, temporary)
        target.add(version, temporary)
        return None
    except Unexportable as error:
        reason = str(error)
    except OSError as error:
        if error.errno in FULL:
            raise ExportError(
                f"'{target.folder.root}' cannot be written: {error.strerror}"
            ) from error
        reason = str(error.strerror or error)
    with suppress(FileNotFoundError):
        os.unlink(temporary)
    return reason


def _copy(version: ExportedVersion, fetch: Fetch, temporary: str) -> None:
    digest, size = hashlib.sha256(), 0
    # Not buffered: the pieces are large.
    with open(temporary, "xb", buffering=0) as file:
        for chunk in fetch(version):
            size += len(chunk)
            if version.size is not None and size > version.size:
                raise Unexportable(f"the file has more than the {version.size} bytes of its record")
            digest.update(chunk)
            _write_all(file, chunk)
    if digest.hexdigest() != version.cksum:
        raise Unexportable(
            f"the file has the checksum {digest.hexdigest()}, but the index has {version.cksum}"
        )


def _write_all(file: FileIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]
