"""The rows of the table: each measures one subject, perhaps with several values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.measure import Measure
from benchmarks.rows import (
    cache_fetch,
    cache_index,
    cache_pull,
    cold,
    counted,
    dependencies,
    downloads,
    exports,
    guarded,
    index,
    lockfile,
    memory,
    mirror,
    pages,
    past,
    publish,
    replicate,
    search,
    sync,
    upload,
)
from benchmarks.world import World


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement, its name on the command line, and its required programs."""

    name: str
    run: Callable[[World], Iterable[Measure]]
    needs: tuple[str, ...] = ()


# In the order in which they run: publishes first, since others need their crates, and last those
# that restart the content process, which would falsify its memory.
ROWS = (
    Row("publish-empty", publish.empty),
    Row("publish-filled", publish.filled),
    Row("database", publish.database),
    Row("publish-at-once", publish.at_once),
    Row("publish-history", publish.history),
    Row("replicate", replicate.metadata),
    Row("mirror", mirror.of_git_index),
    Row("sync-lock-files", sync.of_lock_files, ("cargo", "nginx")),
    Row("export-static", exports.static),
    Row("export-git", exports.git, ("git",)),
    Row("index", index.plain, ("wrk",)),
    Row("index-304", index.not_modified, ("wrk",)),
    Row("index-past", past.warm, ("wrk",)),
    Row("config", index.config, ("wrk",)),
    Row("index-large", index.large, ("wrk",)),
    Row("index-token", guarded.private, ("wrk",)),
    Row("index-rbac-guard", guarded.rbac, ("wrk",)),
    Row("index-header-guard", guarded.header, ("wrk",)),
    Row("download", downloads.small, ("wrk",)),
    Row("download-first", downloads.unheard, ("wrk",)),
    Row("download-counted", counted.downloads, ("wrk",)),
    Row("lockfile", lockfile.generate, ("cargo", "nginx")),
    Row("lockfile-http2", lockfile.generate_http2, ("cargo", "nginx", "openssl")),
    Row("update", lockfile.update, ("cargo",)),
    Row("download-large", downloads.large, ("wrk",)),
    Row("cache-index", cache_index.warm, ("nginx", "wrk")),
    Row("cache-index-real", cache_index.real, ("cargo", "nginx", "wrk")),
    Row("cache-near", cache_fetch.near, ("cargo", "nginx")),
    Row("cache-far", cache_fetch.far, ("cargo", "nginx")),
    Row("cache-offline", cache_fetch.switched_off, ("cargo", "nginx")),
    Row("cache-pull", cache_pull.all_crates, ("cargo", "nginx")),
    Row("cache-pull-large", cache_pull.one_crate, ("nginx",)),
    Row("cache-past", past.cache, ("nginx", "wrk")),
    Row("upstreams", cache_index.five_upstreams, ("nginx", "wrk")),
    Row("crate-policy", cache_index.rules, ("nginx", "wrk")),
    Row("search", search.many, ("wrk",)),
    Row("publish-searched", search.publishes),
    Row("crate-page", pages.crate),
    Row("publish-huge", publish.huge),
    Row("lists", upload.lists),
    Row("import", upload.in_one_call),
    Row("closure", dependencies.closure),
    Row("search-huge", search.huge, ("wrk",)),
    Row("dependents", search.dependents),
    Row("memory", memory.resident),
    Row("cold", cold.first_read),
    Row("index-past-cold", past.cold),
    Row("crate-page-cold", pages.first_read),
    Row("publish-largest", publish.largest),
    Row("cold-largest", cold.largest),
)
