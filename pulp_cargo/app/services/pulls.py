"""Fetching .crate files from upstreams, each once for everybody who asks at the same time."""

import asyncio
from collections.abc import Callable

from pulp_cargo.app.queries.sources import RemoteView
from pulp_cargo.app.services.pull import Pull

Key = tuple[object, ...]

_pulls: dict[Key, Pull] = {}
_tasks: set[asyncio.Task[None]] = set()


def pull(
    remote: RemoteView, name: str, vers: str, cksum: str, done: Callable[[Pull], object] | None
) -> Pull:
    """Return the pull of a file, begun now or by somebody else; hold it at once.

    `done` is called with it when the file is complete and right, by whoever began it.
    """
    key = remote.identity, name, vers, cksum
    found = _pulls.get(key)
    if found is None:
        found = _pulls[key] = Pull(name, vers, cksum, lambda gone: _forget(key, gone))
        task = asyncio.get_running_loop().create_task(_run(key, found, remote, done))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
    return found


async def _run(
    key: Key, found: Pull, remote: RemoteView, done: Callable[[Pull], object] | None
) -> None:
    with found.held():
        await found.run(remote)
        if found.error is not None:
            # Who comes next tries again.
            _forget(key, found)
        elif done is not None:
            done(found)


def _forget(key: Key, gone: Pull) -> None:
    if _pulls.get(key) is gone:
        del _pulls[key]
