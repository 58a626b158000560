"""The speed of downloads, and the memory of large ones."""

import threading
from collections.abc import Iterator

from benchmarks import load, proc, publishing, sets
from benchmarks.crates import Crate
from benchmarks.measure import Measure, at_least, at_most
from benchmarks.rows.loads import nginx_load, our_load
from benchmarks.world import World, get

# Short enough that there are sufficient files.
SECONDS_UNHEARD = 2


def small(world: World) -> Iterator[Measure]:
    """The .crate files of the tree, at random."""
    newest = world.scale.versions - 1
    paths = [
        download_path(sets.tree_name(number), f"1.0.{newest}") for number in range(world.scale.tree)
    ]
    size = 0
    for path in paths:
        body, _ = get(world.filled, path)
        size += len(body)
        if world.nginx is not None:
            world.nginx.put(path, body)
    ours, nginx = our_load(world, paths), nginx_load(world, paths)
    yield Measure(
        f".crate download ({size / len(paths) / 1e3:.0f} KB)",
        ours.per_second,
        "/s",
        at_least(2_000),
        nginx and nginx.per_second,
        detail=ours.detail(),
    )


def unheard(world: World) -> Iterator[Measure]:
    """The .crate files of the crowd one after the other, each for the first time."""
    crates = sets.crowd_around(world.scale)
    paths = [world.filled.path + download_path(crate.name, crate.vers) for crate in crates]
    ours = load.run(
        world.stack.origin,
        [(path, "") for path in paths],
        pids=world.stack.content_workers(),
        seconds=SECONDS_UNHEARD,
        enough=world.scale.enough,
        order="order",
    )
    yield Measure(
        ".crate download, each file for the first time",
        ours.per_second,
        "/s",
        at_least(2_000),
        detail={**ours.detail(), "files": len(paths)},
    )


def large(world: World) -> Iterator[Measure]:
    """One large file on 16 connections: memory grows by less than one copy of it."""
    size = world.scale.large_bytes
    crate = Crate("bench-large", "1.0.0", payload_bytes=size)
    publishing.one_by_one(world.filled, [crate])
    path = download_path(crate.name, crate.vers)
    pids = world.stack.content_workers()
    before = proc.resident_mb(pids)
    with PeakMemory(pids) as peak:
        ours = our_load(world, [path])
    yield Measure(
        f".crate download of {size / 1e6:.0f} MB, 16 at once: memory grows by",
        max(peak.mb - before, 0),
        "MB",
        at_most(40),
        detail={
            **ours.detail(),
            "MB_before": before,
            "MB_per_second": ours.per_second * size / 1e6,
        },
    )


def download_path(name: str, vers: str) -> str:
    """Return where a .crate file is below a registry's root."""
    return f"api/v1/crates/{name}/{vers}/download"


class PeakMemory:
    """The maximum memory of processes while the block runs, sampled every 20 ms."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.mb = 0.0

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.mb = max(self.mb, proc.resident_mb(self._pids))
