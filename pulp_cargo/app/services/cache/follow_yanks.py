"""Copying an upstream's yanks to the versions that are stored of it."""

from pulp_cargo.app.queries.upstreams import stores as upstream_stores
from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.runtime.background import spawn
from pulp_cargo.app.services.cache.parsed_indexes import versions_of
from pulp_cargo.app.services.downloads import persist_queue
from pulp_cargo.app.services.downloads.persist_changes import SetYanked


def follow(remote: UpstreamRemote, copy: IndexFileCopy) -> None:
    """Mark the stored versions of a crate in the background as yanked or not, as its new index file."""
    spawn(_follow(remote, copy), failure=f"The yanks of `{copy.name}` were not followed")


async def _follow(remote: UpstreamRemote, copy: IndexFileCopy) -> None:
    stores = await threads.read(upstream_stores.stores_of, remote.pk, copy.canonical_name)
    if not stores:
        return
    versions = await versions_of(remote, copy)
    for store in stores:
        for vers, was_yanked in store.yanked.items():
            is_yanked = versions[vers].yanked if vers in versions else was_yanked
            if is_yanked is not was_yanked:
                change = SetYanked((copy.canonical_name, vers), is_yanked)
                persist_queue.put_change(store.repository, store.domain, change)
