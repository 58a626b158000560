"""What a refused request must leave behind: nothing.

"Nothing stored" is compared, not assumed: rows, repository versions, the bytes of the index file,
files in the storage, and unfinished uploads.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

# Versions by their numbers, since old ones of any repository may be removed meanwhile.
COUNTS = """
    SELECT (SELECT count(*) FROM core_repositoryversion WHERE NOT complete),
        (SELECT count(*) FROM core_content), (SELECT count(*) FROM core_artifact),
        (SELECT sum(next_version) FROM core_repository)
"""


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is in a stack at one moment."""

    rows: tuple[int, ...]
    index: bytes
    stored: frozenset[str]
    unfinished: frozenset[str]


def traces(stack: Stack, registry: Registry, name: str) -> Traces:
    """Look at everything that a publish of a crate could have changed."""
    with stack.connect() as connection:
        rows = connection.execute(COUNTS).fetchone()
    return Traces(
        rows=tuple(map(int, rows or ())),
        index=registry.index_file(name, token=registry.token).body,
        stored=files(Path(stack.settings["MEDIA_ROOT"])),
        unfinished=unfinished_uploads(stack),
    )


def unfinished_uploads(stack: Stack) -> frozenset[str]:
    """Return the files in Pulp's working directory, which workers also use."""
    there = files(Path(stack.settings["WORKING_DIRECTORY"]))
    return frozenset(path for path in there if "@" not in path.partition("/")[0])


@contextmanager
def nothing_stored(stack: Stack, registry: Registry, name: str) -> Iterator[None]:
    """Fail if what happens inside leaves anything behind."""
    before = traces(stack, registry, name)
    yield
    after = traces(stack, registry, name)
    deadline = time.monotonic() + 2
    # The answer to a refusal may go out a moment before the unfinished file is removed.
    while after != before and time.monotonic() < deadline:
        time.sleep(0.05)
        after = traces(stack, registry, name)
    assert after == before


def files(root: Path) -> frozenset[str]:
    """Return the files below a folder, by their paths in it."""
    return frozenset(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
