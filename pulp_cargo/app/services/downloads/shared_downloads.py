"""Fetching .crate files from upstreams, each once for everybody who asks at the same time."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.services.downloads.shared_download import SharedDownload

Key = tuple[object, ...]

_pulls: dict[Key, SharedDownload] = {}
_tasks: set[asyncio.Task[None]] = set()


def pull(
    remote: UpstreamRemote,
    name: str,
    vers: str,
    cksum: str,
    done: Callable[[SharedDownload], object] | None,
) -> SharedDownload:
    """Return the pull of a file, begun now or by somebody else; lease it at once.

    `done` is called with it when the file is complete and right, by whoever began it.
    """
    key = remote.identity, name, vers, cksum
    found = _pulls.get(key)
    if found is None:
        found = _pulls[key] = SharedDownload(name, vers, cksum, lambda gone: _forget(key, gone))
        task = asyncio.get_running_loop().create_task(_run(key, found, remote, done))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
    return found


@contextmanager
def leased_if_running(remote: UpstreamRemote, name: str, vers: str, cksum: str) -> Iterator[None]:
    """Keep a download that is under way, or being stored, until the block ends.

    Whoever asks the tables for its file meanwhile finds it there, or else still here.
    """
    found = _pulls.get((remote.identity, name, vers, cksum))
    with nullcontext() if found is None else found.leased():
        yield


async def _run(
    key: Key,
    found: SharedDownload,
    remote: UpstreamRemote,
    done: Callable[[SharedDownload], object] | None,
) -> None:
    with found.leased():
        await found.run(remote)
        if found.error is not None:
            # Who comes next tries again.
            _forget(key, found)
        elif done is not None:
            done(found)


def _forget(key: Key, gone: SharedDownload) -> None:
    if _pulls.get(key) is gone:
        del _pulls[key]
