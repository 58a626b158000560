"""Synchronizing a repository with an upstream registry: by its listing, or by its index.

Another Pulp has a listing. Of other registries the index is read: all of it if it is a git repository
or a folder, otherwise the index files of the crates that are named. Units are created, files are
fetched if the remote's policy is `immediate`, and one new repository version is created unless
nothing changed.
"""

from pulp_cargo.app.services.repository_use import require_replaceable
from pulp_cargo.app.services.sync import from_index, from_listing, upstream
from pulp_cargo.app.services.sync.order import Order, Services, Synced
from pulp_cargo.app.upstream.errors import NoListing


def synchronize(services: Services, order: Order) -> Synced:
    """Bring a repository up to date with its upstream.

    Raises CannotCopy, CannotReplace and StorageFull.
    """
    services.disk.require_room()
    if order.mirror:
        require_replaceable(order.repository)
    with upstream.connected(services.loop, order.remote) as connected:
        # A closure needs the crates one by one, which a listing does not help with.
        if order.remote.is_sparse and not order.selection.closure:
            try:
                return from_listing.synchronize(services, order, connected)
            except NoListing:
                if order.selection.names is None:
                    raise
        return from_index.synchronize(services, order, connected)
