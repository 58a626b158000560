"""The crates that a run publishes: a tree for cargo, a crowd around it, one with many versions."""

from collections.abc import Iterator

from benchmarks import texts
from benchmarks.crates import Crate
from benchmarks.scale import Scale

# Four children each, so that cargo sees 200 crates in five rounds of requests.
BRANCHES = 4
# Dependencies per crate; a line then has about 900 bytes, a file of six versions 5 KB.
DEPENDENCIES = 5
TREE_PAYLOAD = 16_000
# The crate of which the page is requested, with the first readme of the crates with texts that is
# longer than this.
PAGED = "bench-paged"
README_CHARACTERS = 10_000


def tree_name(number: int) -> str:
    """Return the name of a crate of the tree; number 0 is the root."""
    return f"bench-tree-{number:03}"


def tree(size: int, versions: int) -> Iterator[Crate]:
    """Return every version of each crate of the tree, the root's first."""
    for number in range(size):
        first = BRANCHES * number + 1
        below = {*range(first, first + BRANCHES), number + 1}
        children = sorted(child for child in below if child < size)
        others = [(number * 7 + i * 31) % size for i in range(DEPENDENCIES - len(children))]
        for patch in range(versions):
            yield Crate(
                tree_name(number),
                f"1.0.{patch}",
                deps=tuple(map(tree_name, children)),
                dev_deps=tuple(map(tree_name, sorted({*others} - {*children, number}))),
                payload_bytes=TREE_PAYLOAD,
            )


def crowd(count: int, *, prefix: str, versions: int = 4) -> Iterator[Crate]:
    """Return this many crate versions, with a few per crate and three dependencies."""
    deps = tuple(map(tree_name, range(3)))
    for number in range(count):
        name = f"bench-{prefix}-{number // versions:05}"
        yield Crate(name, f"1.0.{number % versions}", deps=deps)


def crowd_around(scale: Scale) -> Iterator[Crate]:
    """Return the crates that fill the registry besides the tree."""
    return crowd(scale.filled - scale.tree * scale.versions, prefix="crowd")


def long_history(
    count: int, *, first: int = 0, name: str = "bench-history", readme: str | None = None
) -> Iterator[Crate]:
    """Return versions of one crate, with lines of about 740 bytes."""
    deps = tuple(map(tree_name, range(3)))
    for patch in range(first, first + count):
        yield Crate(name, f"1.{patch}.0", deps=deps, readme=readme)


def paged(count: int, *, first: int = 0) -> Iterator[Crate]:
    """Return versions of a crate with a long readme."""
    readme = next(one.readme for one in texts.crates() if len(one.readme) > README_CHARACTERS)
    return long_history(count, first=first, name=PAGED, readme=readme)
