"""What a refused request must leave behind: nothing.

"Nothing stored" is compared, not assumed: rows, repository versions, the bytes of the index file,
files in the storage, and unfinished uploads. Other tests may use the same stack at the same time,
so only what belongs to the registry, to the crate, or to nobody at all counts.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

# How long something that belongs to nobody may be on its way to its owner, in seconds.
# A cache joins what other tests have fetched after a minute at most.
SETTLING_SECONDS = 70

VERSIONS = """
    SELECT next_version, (SELECT count(*) FROM core_repositoryversion v
        WHERE v.repository_id = r.pulp_id AND NOT v.complete),
        (SELECT count(*) FROM core_repositorycontent c WHERE c.repository_id = r.pulp_id)
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
# Units with files that were made since a moment and are in no registry. The names that other tests'
# crates begin with tell those apart; what a registry loses that is deleted was made before.
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
"""
KNOWN = "SELECT file FROM core_artifact"
REMOVE_ORPHAN = (
    f"DELETE FROM core_artifact WHERE sha256 = %s AND sha256 IN ({ORPHANS}) RETURNING file"
)


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is at one moment of a registry and of a crate."""

    versions: tuple[int, ...]
    units: frozenset[str]
    index: bytes


def traces(stack: Stack, registry: Registry, name: str) -> Traces:
    """Look at everything of the registry that a publish of a crate could have changed."""
    values = {"repository": registry.repository.rstrip("/").rpartition("/")[2], "name": name}
    with stack.connect() as connection:
        versions = connection.execute(VERSIONS, values).fetchone()
        units = connection.execute(UNITS, values).fetchall()
    assert versions is not None, f"{registry} has no repository to look at"
    return Traces(
        versions=tuple(map(int, versions)),
        units=frozenset(str(unit) for (unit,) in units),
        index=registry.index_file(name, token=registry.token).body,
    )


def of_nobody(stack: Stack, since: datetime) -> frozenset[str]:
    """Return the artifacts of no unit, the stored files of no artifact, and unfinished uploads.

    And the units of no registry that were made since a moment.
    """
    stored = files(Path(stack.settings["MEDIA_ROOT"]))
    with stack.connect() as connection:
        orphans, known, strangers = (
            frozenset(str(value) for (value,) in connection.execute(query, values).fetchall())
            for query, values in ((ORPHANS, {}), (KNOWN, {}), (STRANGERS, {"since": since}))
        )
    return orphans | (stored - known) | strangers | unfinished_uploads(stack)


def unfinished_uploads(stack: Stack) -> frozenset[str]:
    """Return the files in Pulp's working directory, which workers also use."""
    there = files(Path(stack.settings["WORKING_DIRECTORY"]))
    return frozenset(path for path in there if "@" not in path.partition("/")[0])


@contextmanager
def nothing_left(stack: Stack) -> Iterator[None]:
    """Fail if something that belongs to nobody stays behind."""
    # Units have the time of the machine that makes them, which is this one.
    since = datetime.now(UTC)
    before = of_nobody(stack, since)
    yield
    new = of_nobody(stack, since) - before
    deadline = time.monotonic() + SETTLING_SECONDS
    # What other tests have just sent gets its owner in a moment, and so does what was sent here
    # lose its file: the answer to a refusal may go out before the unfinished file is removed.
    while new and time.monotonic() < deadline:
        time.sleep(0.05)
        new &= of_nobody(stack, since)
    assert not new, f"nobody has {sorted(new)}"


@contextmanager
def nothing_stored(stack: Stack, registry: Registry, name: str) -> Iterator[None]:
    """Fail if what happens inside leaves anything behind."""
    before = traces(stack, registry, name)
    with nothing_left(stack):
        yield
    assert traces(stack, registry, name) == before


def remove_orphan(stack: Stack, sent: bytes) -> None:
    """Remove the artifact of a file that is in no unit, as that of a refused upload by REST.

    Pulp keeps such for its clean-up of orphans, a day at least, and another test would take it for
    what itself has left behind.
    """
    with stack.connect() as connection:
        row = connection.execute(REMOVE_ORPHAN, [hashlib.sha256(sent).hexdigest()]).fetchone()
    assert row is not None, "there is no such artifact, or a unit has it"
    (Path(stack.settings["MEDIA_ROOT"]) / row[0]).unlink()


def files(root: Path) -> frozenset[str]:
    """Return the files below a folder, by their paths in it."""
    # Folders of tasks come and go meanwhile, which `walk` does not mind.
    return frozenset(
        str(Path(folder, name).relative_to(root))
        for folder, _, names in os.walk(root)
        for name in names
    )
