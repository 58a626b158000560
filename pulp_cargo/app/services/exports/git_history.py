"""The history of a registry as commits of a git index, one for each version of the repository.

Each file is written once for each version that changes it, crate by crate, before the commits: so
git has them all by number, and memory holds numbers only.
"""

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from uuid import UUID

from pulp_glue.cargo.export.git_index import CONFIG, Blob, Commit, message
from pulp_glue.cargo.export.versions import index_path

from pulp_cargo.app.queries.crates import exported
from pulp_cargo.app.queries.crates.exported import PastVersion
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.protocol.index_file import render_file

# Below the number of every repository version.
NOTHING = -1


def commits(
    registry: Registry, since: int, config: bytes, left_out: Container[UUID] = ()
) -> Iterator[Blob | Commit]:
    """Yield what git needs for the repository versions after `since`, in order.

    `since` is NOTHING for the whole history. `config` is the `config.json` of its first commit.
    """
    changes: dict[int, dict[str, bytes | int | None]] = defaultdict(dict)
    mark = 0
    for versions in exported.history(registry, since, left_out):
        path = index_path(versions[0].name)
        for number, content in _contents(versions, since, registry.content.number):
            if content is None:
                changes[number][path] = None
                continue
            mark += 1
            changes[number][path] = mark
            yield Blob(mark, content)
    for number, created in exported.numbers(registry, since):
        files = changes.pop(number, {})
        if since == NOTHING:
            files[CONFIG], since = config, number
        yield Commit(message(f"Version {number}", number), created, files.items())


def _contents(
    versions: Sequence[PastVersion], since: int, until: int
) -> Iterator[tuple[int, bytes | None]]:
    """Yield the index file of a crate at each number that changes it; None if it has no versions."""
    before = _content(versions, since)
    for number in sorted({one for version in versions for one in version.changes()}):
        if since < number <= until:
            content = _content(versions, number)
            if content != before:
                yield number, content
            before = content


def _content(versions: Sequence[PastVersion], number: int) -> bytes | None:
    lines = [line for one in versions if (line := one.line_at(number)) is not None]
    return render_file(lines) if lines else None
