"""Syncing only what a trusted key has signed: the upstream's snapshot, compared with what it lists.

The table `cargo_listed` (services/sync/listing_table) must exist. A crate policy, or the choice of some
crates, may have left versions out of it, so every listed version must be in the snapshot, but not
every one in the snapshot is listed.
"""

import io
import os
from collections.abc import Iterable, Iterator
from typing import cast

from django.db import connection
from pulp_glue.cargo.snapshot import (
    HEAD,
    LINES,
    MOST_HEAD,
    MOST_LINE,
    MOST_SIGNATURE,
    SIGNATURE,
    Entry,
    Head,
    InvalidSnapshot,
    parse_head,
    read_entries,
)

from pulp_cargo.app.models import AcceptedSnapshot
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.snapshots.signature import NotTrusted, require_signature
from pulp_cargo.app.services.sync.order import Order
from pulp_cargo.app.services.sync.upstream import ConnectedUpstream
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.app.upstream.retries import with_retries
from pulp_cargo.protocol.unavailable import UpstreamUnreachable

BATCH = 2_000
LISTED = """
    SELECT name, vers, cksum, yanked FROM cargo_listed
    ORDER BY name COLLATE "C", vers COLLATE "C"
"""


def require_signed(upstream: ConnectedUpstream, order: Order) -> AcceptedSnapshot | None:
    """Raise CannotCopy unless all listed versions are in a snapshot that a trusted key has signed.

    Without keys of the remote, nothing is required. Returns the snapshot, to be saved with what it
    is of, but None for a label, whose state is an older one.
    """
    remote = order.remote
    if not remote.snapshot_keys:
        return None
    head_bytes = _fetched(upstream, HEAD, MOST_HEAD).read()
    signature = _fetched(upstream, SIGNATURE, MOST_SIGNATURE).read()
    try:
        require_signature(head_bytes, signature, remote.snapshot_keys)
        head = parse_head(head_bytes)
        _require_not_older(head, order)
        lines = _fetched(upstream, LINES, MOST_LINE * head.count)
        _require_listed(_listed(), read_entries(lines, head))
    except (InvalidSnapshot, NotTrusted) as error:
        raise CannotCopy(f"the upstream's snapshot is not accepted: {error}") from error
    if order.label is not None:
        return None
    return AcceptedSnapshot(repository=order.repository, remote=remote, head=head_bytes.decode())


def _require_not_older(head: Head, order: Order) -> None:
    """Raise CannotCopy for a snapshot that somebody may be replaying."""
    if order.accept_older_snapshot:
        return
    known = AcceptedSnapshot.objects.filter(repository=order.repository, remote=order.remote)
    text = known.values_list("head", flat=True).first()
    if text is None:
        return
    before = parse_head(text.encode())
    if (head.domain, head.repository) != (before.domain, before.repository):
        how = "of another repository than"
    elif order.label is not None:
        # The state of a label is an older one.
        return
    elif head.version < before.version:
        how = "older than"
    elif head.version == before.version and head.root != before.root:
        how = "of other crates than"
    else:
        return
    raise CannotCopy(
        f"the upstream's snapshot of {_shown(head)} is {how} that of {_shown(before)}, with which this"
        " repository was last synced; nothing was stored, because somebody may be replaying an old state."
        " If the upstream was restored to an older state, or created again, sync once with"
        " `accept_older_snapshot`"
    )


def _shown(head: Head) -> str:
    return f"{head.what} in the domain `{head.domain}`, created {head.created},"


def _require_listed(listed: Iterable[Entry], signed: Iterator[Entry]) -> None:
    """Go through both in their common order; the snapshot is read to its end, which verifies it."""
    for entry in listed:
        found = next((one for one in signed if one.key >= entry.key), None)
        if found is None or found.key != entry.key:
            raise _differs(entry, "is not in its signed snapshot")
        if (found.cksum, found.yanked) != (entry.cksum, entry.yanked):
            raise _differs(entry, "has another checksum or yank mark in its signed snapshot")
    for _ in signed:
        pass


def _differs(entry: Entry, how: str) -> CannotCopy:
    return CannotCopy(
        f"the upstream lists `{entry.name} {entry.vers}`, which {how}; nothing was stored. If"
        " somebody has just published to the upstream, sync again. Otherwise, the upstream does not serve"
        " what was signed"
    )


def _listed() -> Iterator[Entry]:
    with connection.cursor() as cursor:
        cursor.execute(LISTED)
        while rows := cursor.fetchmany(BATCH):
            for row in rows:
                yield Entry(*row)


def _fetched(upstream: ConnectedUpstream, name: str, most: int) -> io.BufferedReader:
    """Return a file of the upstream, in the working directory of the task; raises CannotCopy."""
    connected = upstream.connection
    url = connected.root + name

    async def receive() -> IncomingFile:
        file = IncomingFile(os.getcwd())
        async with connected.answer(url, {"Accept-Encoding": "identity"}) as response:
            connected.require_same_security(response)
            connected.require_ok(response)
            async for chunk in connected.chunks(response):
                if file.size + len(chunk) > most:
                    raise CannotCopy(f"{url} has more than {most} bytes")
                file.write(chunk)
        return file

    try:
        retried = with_retries(receive, connected.breaker, connected.max_retries)
        file = upstream.run(retried)
    except UpstreamUnreachable as error:
        raise CannotCopy(
            f"the remote `{connected.name}` requires a signed snapshot, but {url} could not be read:"
            f" {error.__cause__ or error.what}"
        ) from error
    # The rest of the object is not needed: the file is removed with the task.
    return io.BufferedReader(cast(io.FileIO, file.rewind()))
