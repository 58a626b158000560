"""The history of a registry as commits of a git index, one for each version of the repository.

Each file is written once for each version that changes it, crate by crate, before the commits: so
git has them all by number, and memory holds numbers only.
"""

from collections import defaultdict, deque
from collections.abc import Container, Iterator, Sequence
from uuid import UUID

from pulp_glue.cargo.export.git_index import CONFIG, Blob, Commit, message
from pulp_glue.cargo.export.versions import index_path

from pulp_cargo.app.queries.crates import exported
from pulp_cargo.app.queries.crates.exported import NumberedVersion, PastVersion
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.protocol.index_file import render_file

# Below the number of every repository version.
NOTHING = -1


def commits(
    registry: Registry, since: int, config: bytes, left_out: Container[UUID] = ()
) -> Iterator[Blob | Commit]:
    """Yield what git needs for the repository versions after `since`, in order.

    `since` is NOTHING for the whole history; raises VersionGone if its version does not exist.
    `config` is the `config.json` of the first commit of all.
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
    left = deque(sorted(changes))
    for version in _versions_after(registry, since):
        files: dict[str, bytes | int | None] = {} if since != NOTHING else {CONFIG: config}
        since = version.number
        # Those of a version that was deleted meanwhile are in the next one.
        while left and left[0] <= version.number:
            files |= changes.pop(left.popleft())
        yield Commit(message_of(version), version.created, files.items())


def message_of(version: NumberedVersion) -> str:
    """Return the message of the commit of a repository version."""
    return message(f"Version {version.number}", version.number)


def _versions_after(registry: Registry, since: int) -> list[NumberedVersion]:
    """Return the later repository versions; raises VersionGone if that of `since` was deleted.

    What was removed after a version is known only as long as that version exists.
    """
    found = exported.numbered(registry, since)
    if since == NOTHING:
        return found
    if not found or found[0].number != since:
        raise VersionGone
    return found[1:]


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
