"""The speed of cargo: resolving a tree of crates, and updating it."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import cargo
from benchmarks.measure import Measure, at_most, percentile
from benchmarks.world import World


def generate(world: World) -> Iterator[Measure]:
    """`cargo generate-lockfile` with an empty CARGO_HOME, alternating with nginx."""
    assert world.nginx is not None
    yield _compared(world, "", world.filled.root, world.nginx.origin)


def generate_http2(world: World) -> Iterator[Measure]:
    """The same over TLS and HTTP/2: ours behind nginx, with our snippet, and nginx's own files."""
    assert world.nginx is not None and world.nginx.tls is not None
    tls = world.nginx.tls
    ours = f"{tls.proxy}{world.filled.path}"
    yield _compared(world, " behind nginx, HTTP/2", ours, tls.static, tls.certificate)


def _compared(
    world: World, where: str, ours: str, theirs: str, certificate: Path | None = None
) -> Measure:
    assert world.nginx is not None
    paths = world.tree_paths
    config = {"dl": f"{theirs}/crates", "api": theirs}
    world.nginx.put("config.json", json.dumps(config).encode())
    our_times: list[float] = []
    their_times: list[float] = []
    # The first run loads cargo into the system's caches.
    for _ in range(world.scale.repeats + 1):
        our_times.append(_lock(f"sparse+{ours}", certificate))
        their_times.append(_lock(f"sparse+{theirs}/", certificate))
    our_p50, their_p50 = percentile(our_times[1:], 50), percentile(their_times[1:], 50)
    return Measure(
        f"cargo generate-lockfile{where}, {len(paths)} crates: time by nginx's",
        our_p50 / their_p50,
        "times",
        at_most(1.5),
        detail={"seconds": round(our_p50, 3), "seconds_nginx": round(their_p50, 3)},
    )


def update(world: World) -> Iterator[Measure]:
    """A second `cargo update` transfers no index file."""
    files = len(world.tree_paths)
    with TemporaryDirectory(prefix="bench-") as root:
        project = cargo.of_tree(Path(root), world.filled.index_url)
        project.run("generate-lockfile")
        paths, statuses = project.exchanges("update")
    # Requests on several connections overlap in the log, so they are only counted. Cargo stores
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


def _lock(index_url: str, certificate: Path | None) -> float:
    with TemporaryDirectory(prefix="bench-") as root:
        return cargo.of_tree(Path(root), index_url, certificate).run("generate-lockfile")
