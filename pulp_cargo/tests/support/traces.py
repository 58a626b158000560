"""Checks that a refused request leaves nothing behind.

"Nothing stored" is verified: rows, repository versions, the bytes of the index file, files in the
storage, and unfinished uploads. Other tests may use the same stack concurrently, so only objects of
the registry, of the crate, or without an owner count.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

# The folder of git indexes below the working directory.
GIT_INDEXES = "cargo-git"
# How long an object may be without its owner, in seconds.
# A cache stores what other tests have fetched after a minute at most.
SETTLING_SECONDS = 70
# The first and the longest pause before looking again: most have their owner at once, and each look
# reads the names of all files.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0

Connection = psycopg.Connection[tuple[Any, ...]]

# What was removed is not counted: when the registry's old versions are cleaned up in the background,
# the rows of what only they had are deleted.
VERSIONS = """
    SELECT next_version, (SELECT count(*) FROM core_repositoryversion v
        WHERE v.repository_id = r.pulp_id AND NOT v.complete),
        (SELECT count(*) FROM core_repositorycontent c
            WHERE c.repository_id = r.pulp_id AND c.version_removed_id IS NULL)
    FROM core_repository r WHERE pulp_id::text = %(repository)s
"""
# Units of the crate that no other registry has.
UNITS = """
    SELECT content_ptr_id FROM (
        SELECT content_ptr_id, name AS called FROM cargo_cratecontent
        UNION ALL SELECT content_ptr_id, canonical_name FROM cargo_crateyank) units
    WHERE strpos(lower(called), lower(%(name)s)) > 0
        AND NOT EXISTS (SELECT FROM core_repositorycontent c WHERE c.content_id = content_ptr_id
            AND c.repository_id::text <> %(repository)s)
"""
# Units with files that were created after a time and are in no registry. Crates of other tests have
# other name prefixes; units of deleted registries were created before.
STRANGERS = """
    SELECT content_ptr_id FROM cargo_cratecontent
    JOIN core_content ON core_content.pulp_id = content_ptr_id
    WHERE core_content.pulp_created >= %(since)s
        AND name !~ '(^x[0-9a-f]{10}|[-_][0-9a-f]{12})'
        AND NOT EXISTS (SELECT FROM core_repositorycontent c WHERE c.content_id = content_ptr_id)
        AND EXISTS (SELECT FROM core_contentartifact a
            WHERE a.content_id = content_ptr_id AND a.artifact_id IS NOT NULL)
"""
ORPHANS = """
    SELECT sha256 FROM core_artifact a WHERE NOT EXISTS (
        SELECT FROM core_contentartifact c WHERE c.artifact_id = a.pulp_id)
    AND NOT EXISTS (SELECT FROM cargo_repositorysnapshot s WHERE s.artifact_id = a.pulp_id)
"""
KNOWN = "SELECT file FROM core_artifact"
REMOVE_ORPHAN = (
    f"DELETE FROM core_artifact WHERE sha256 = %s AND sha256 IN ({ORPHANS}) RETURNING file"
)


@dataclass(frozen=True, slots=True)
class Traces:
    """The state of a registry and of a crate at one time."""

    versions: tuple[int, ...]
    units: frozenset[str]
    index: bytes


def traces(connection: Connection, registry: Registry, name: str) -> Traces:
    """Return everything of the registry that a publish of a crate could change."""
    values = {"repository": registry.repository.rstrip("/").rpartition("/")[2], "name": name}
    versions = connection.execute(VERSIONS, values).fetchone()
    units = connection.execute(UNITS, values).fetchall()
    assert versions is not None, f"{registry} has no repository to look at"
    return Traces(
        versions=tuple(map(int, versions)),
        units=frozenset(str(unit) for (unit,) in units),
        index=registry.index_file(name, token=registry.token).body,
    )


def of_nobody(stack: Stack, connection: Connection, since: datetime) -> frozenset[str]:
    """Return artifacts without a unit, stored files without an artifact, and unfinished uploads.

    Also units without a registry that were created after a time.
    """
    stored = files(Path(stack.settings["MEDIA_ROOT"]))
    orphans, known, strangers = (
        frozenset(str(value) for (value,) in connection.execute(query, values).fetchall())
        for query, values in ((ORPHANS, {}), (KNOWN, {}), (STRANGERS, {"since": since}))
    )
    return orphans | (stored - known) | strangers | unfinished_uploads(stack)


def unfinished_uploads(stack: Stack) -> frozenset[str]:
    """Return the files in Pulp's working directory, without those of workers and of git indexes.

    A git index that a sync has fetched remains there as long as its repository.
    """
    there = files(Path(stack.settings["WORKING_DIRECTORY"]))
    folders = ((path, path.partition("/")[0]) for path in there)
    return frozenset(path for path, first in folders if "@" not in first and first != GIT_INDEXES)


@contextmanager
def nothing_left(stack: Stack) -> Iterator[None]:
    """Fail if an object without an owner remains."""
    # Units have the time of this machine, which creates them.
    since = datetime.now(UTC)
    with stack.connect() as connection:
        before = of_nobody(stack, connection, since)
    yield
    with stack.connect() as connection:
        _require_owners(stack, connection, since, before)


@contextmanager
def nothing_stored(stack: Stack, registry: Registry, name: str) -> Iterator[None]:
    """Fail if the block leaves anything behind."""
    since = datetime.now(UTC)
    with stack.connect() as connection:
        before = traces(connection, registry, name)
        of_nobody_before = of_nobody(stack, connection, since)
    yield
    with stack.connect() as connection:
        _require_owners(stack, connection, since, of_nobody_before)
        after = traces(connection, registry, name)
        assert after == before, f"{after} instead of {before}"


def _require_owners(
    stack: Stack, connection: Connection, since: datetime, before: frozenset[str]
) -> None:
    """Wait until everything new has an owner."""
    new = of_nobody(stack, connection, since) - before
    deadline, pause = time.monotonic() + SETTLING_SECONDS, FIRST_PAUSE
    # Files of other tests get their owner soon, and unfinished files are removed soon, perhaps only
    # after the response.
    while new and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
        new &= of_nobody(stack, connection, since)
    assert not new, f"nobody has {sorted(_described(stack, path) for path in new)}"


def _described(stack: Stack, path: str) -> str:
    """Return what shows which test has left a file."""
    file = Path(stack.settings["WORKING_DIRECTORY"], path)
    try:
        return f"{path}, {file.stat().st_size} bytes: {file.open('rb').read(60)!r}"
    except OSError:
        return path


def remove_orphan(stack: Stack, sent: bytes) -> None:
    """Remove the artifact of a file without a unit, such as that of a refused upload by REST.

    Pulp removes it with its orphan clean-up, after a day at least, and other tests would report it.
    """
    with stack.connect() as connection:
        row = connection.execute(REMOVE_ORPHAN, [hashlib.sha256(sent).hexdigest()]).fetchone()
    assert row is not None, "there is no such artifact, or a unit has it"
    (Path(stack.settings["MEDIA_ROOT"]) / row[0]).unlink()


def files(root: Path) -> frozenset[str]:
    """Return the files below a folder, by their relative paths."""
    # As texts, since there may be thousands. Folders of tasks may be created and removed meanwhile,
    # which `walk` tolerates.
    start = len(os.path.join(root, ""))
    return frozenset(
        os.path.join(folder, name)[start:] for folder, _, names in os.walk(root) for name in names
    )
