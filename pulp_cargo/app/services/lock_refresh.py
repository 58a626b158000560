"""Asking upstreams for the index files that the packages of a lock file need."""

import asyncio
from collections.abc import Collection, Iterator

from pulp_cargo.app.queries.locked import File
from pulp_cargo.app.services import index_rows, upstream_index
from pulp_cargo.app.services.lock_lookup import Lookup
from pulp_cargo.app.services.lock_places import FromRemote
from pulp_cargo.app.services.upstream_loop import start
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable

# How long all of them may take where somebody is waiting, in seconds.
PATIENCE = 50


def refresh(lookup: Lookup, names: Collection[str], *, patience: int = PATIENCE) -> None:
    """Bring the index files of crates up to date, as far as their upstreams answer.

    In rounds: the next upstream in order is asked only where the one before does not have the
    crate, and none at all for a name that is claimed.
    """
    start(_refresh(lookup, sorted(names), patience)).result()


async def _refresh(lookup: Lookup, names: Collection[str], patience: int) -> None:
    deadline = asyncio.get_running_loop().time() + patience
    asked: set[File] = set()
    while wanted := dict(_next(lookup, names, asked)):
        async with asyncio.TaskGroup() as group:
            for file, place in wanted.items():
                group.create_task(_ask(lookup, place, file, deadline))
        asked |= wanted.keys()
    await index_rows.written()


def _next(
    lookup: Lookup, names: Collection[str], asked: Collection[File]
) -> Iterator[tuple[File, FromRemote]]:
    """Go through the files that can be asked for by what is known so far."""
    for name in names:
        answer = lookup.answer(name)
        for place in lookup.asked(answer):
            is_new = isinstance(place, FromRemote) and place.file(name) not in asked
            if isinstance(place, FromRemote) and is_new:
                yield place.file(name), place
            if not answer.mixed and (is_new or place.has(name) is not False):
                # It answers, or may once it is asked.
                break


async def _ask(lookup: Lookup, place: FromRemote, file: File, deadline: float) -> None:
    try:
        async with asyncio.timeout_at(deadline):
            current = await upstream_index.current(place.remote, file[1])
    except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
        lookup.indexes.note_fault(file, str(error))
    except TimeoutError:
        lookup.indexes.note_fault(
            file, f"`{place.source.name}` takes too long to answer; try again"
        )
    else:
        copy = current.copy
        is_there = copy is not None and copy.gzipped is not None
        lookup.indexes.take(file, copy if is_there else None, is_old=current.age is not None)
