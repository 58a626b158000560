"""What an import takes from the index of another registry, and when it refuses a file.

An index is only a claim, so nothing is taken from it but whether a version is yanked and when it was
published; everything else is read from the `.crate` file. A line counts only for a file with its
checksum. Cargo never builds with a file that contradicts its index line, so nobody has used such a
file, and it is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pulp_cargo.protocol.names import canonical_name

# The first crates were published to crates.io at the end of 2014.
EARLIEST = datetime(2014, 1, 1, tzinfo=UTC)

# The canonical name of a crate, and the exact version.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class IndexMark:
    """What a line of an index says about a version; `path` is the file of the index."""

    path: str
    cksum: str
    yanked: bool
    pubtime: datetime | None


@dataclass(frozen=True, slots=True)
class Marks:
    """What is taken from an index: whether the version is yanked, and when it was published."""

    yanked: bool = False
    pubtime: datetime | None = None


NO_MARKS = Marks()


def key_of(name: str, vers: str) -> Key:
    """Return the key by which lines and files are matched.

    >>> key_of("Lab-Base", "1.0.0+b")
    ('lab_base', '1.0.0+b')
    """
    return canonical_name(name), vers


def believable(text: str | None, now: datetime) -> datetime | None:
    """Return a time of publication in UTC with whole seconds, None for none that can be true.

    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> believable("2025-02-03T04:05:06Z", now)
    datetime.datetime(2025, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
    >>> believable("2026-02-03T04:05:06Z", now), believable("0001-01-01T00:00:00Z", now)
    (None, None)
    """
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    if found is None:
        return None
    found = (found if found.tzinfo else found.replace(tzinfo=UTC)).replace(microsecond=0)
    return found.astimezone(UTC) if EARLIEST <= found <= now else None


def marks_for(lines: Sequence[IndexMark], cksum: str) -> Marks | str:
    """Return what the lines of a version say about a file, or the reason to refuse the file.

    If several lines have its checksum, it is yanked if one says so, and the last time counts.
    """
    if not lines:
        return NO_MARKS
    same = [line for line in lines if line.cksum == cksum]
    if not same:
        return (
            f"its SHA-256 is {cksum}, but the index file `{lines[0].path[:200]}` has"
            f" {lines[0].cksum}: cargo would refuse it, so it is damaged, or not the published file"
        )
    times = [line.pubtime for line in same if line.pubtime is not None]
    return Marks(any(line.yanked for line in same), max(times, default=None))
