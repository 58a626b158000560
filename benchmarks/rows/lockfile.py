"""How the real cargo fares: resolving a tree of crates, and asking again for what it has."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cargo import Project
from benchmarks.measure import Measure, at_most, percentile
from benchmarks.world import World


def generate(world: World) -> Iterator[Measure]:
    """`cargo generate-lockfile` with a fresh CARGO_HOME, in turns with nginx."""
    assert world.nginx is not None
    paths = world.tree_paths
    config = {"dl": f"{world.nginx.origin}/crates", "api": world.nginx.origin}
    world.nginx.put("config.json", json.dumps(config).encode())
    ours: list[float] = []
    theirs: list[float] = []
    # The first run of all fills the system's caches with cargo itself.
    for _ in range(world.scale.repeats + 1):
        ours.append(_lock(world.filled.index_url))
        theirs.append(_lock(f"sparse+{world.nginx.origin}/"))
    our_p50, their_p50 = percentile(ours[1:], 50), percentile(theirs[1:], 50)
    yield Measure(
        f"cargo generate-lockfile, {len(paths)} crates: time by nginx's",
        our_p50 / their_p50,
        "times",
        at_most(1.5),
        detail={"seconds": round(our_p50, 3), "seconds_nginx": round(their_p50, 3)},
    )


def update(world: World) -> Iterator[Measure]:
    """A second `cargo update` transfers no index file."""
    files = len(world.tree_paths)
    with TemporaryDirectory(prefix="bench-") as root:
        project = Project(Path(root), world.filled.index_url)
        project.run("generate-lockfile")
        paths, statuses = project.exchanges("update")
    # Requests on several connections overlap in the log, so they are only counted. Cargo keeps
    # no validator for config.json.
    asked = sum(not path.endswith("/config.json") for path in paths)
    unchanged = statuses.count(HTTPStatus.NOT_MODIFIED)
    yield Measure(
        "second cargo update: index files sent",
        asked - unchanged,
        "files",
        at_most(0),
        detail={"answered_304": unchanged, "files": files},
    )


def _lock(index_url: str) -> float:
    with TemporaryDirectory(prefix="bench-") as root:
        return Project(Path(root), index_url).run("generate-lockfile")
