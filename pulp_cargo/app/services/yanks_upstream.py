"""Following an upstream's yanks in what is kept of it."""

import asyncio
import logging

from pulp_cargo.app.queries import upstream_stores
from pulp_cargo.app.queries.sources import RemoteView
from pulp_cargo.app.queries.upstream_index import IndexCopy
from pulp_cargo.app.services import kept, threads
from pulp_cargo.app.services.keep import SetYanked
from pulp_cargo.app.services.upstream_versions import versions_of

log = logging.getLogger(__name__)

_following: set[asyncio.Task[None]] = set()


def follow(remote: RemoteView, copy: IndexCopy) -> None:
    """Mark the kept versions of a crate as its new index file has them, soon."""
    task = asyncio.get_running_loop().create_task(_follow(remote, copy))
    _following.add(task)
    task.add_done_callback(_following.discard)


async def _follow(remote: RemoteView, copy: IndexCopy) -> None:
    try:
        stores = await threads.read(upstream_stores.stores_of, remote.pk, copy.canonical_name)
        if not stores:
            return
        versions = await versions_of(remote, copy)
        for store in stores:
            for vers, was_yanked in store.yanked.items():
                is_yanked = versions[vers].yanked if vers in versions else was_yanked
                if is_yanked is not was_yanked:
                    change = SetYanked((copy.canonical_name, vers), is_yanked)
                    kept.keep_change(store.repository, store.domain, change)
    except Exception as error:
        log.warning("The yanks of `%s` were not followed: %s", copy.name, error)
