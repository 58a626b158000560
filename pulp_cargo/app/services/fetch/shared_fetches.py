"""Fetching each .crate file once for all concurrent requests for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.services.crates.incoming_file import FileMemory
from pulp_cargo.app.services.fetch.clients import UpstreamClients
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch

Key = tuple[object, ...]


class SharedFetches:
    """The fetches of a process that are running, or whose files are being stored."""

    def __init__(self, clients: UpstreamClients, background: BackgroundTasks) -> None:
        self._clients, self._background = clients, background
        self._memory = FileMemory()
        self._fetches: dict[Key, SharedFetch] = {}

    def fetch(
        self,
        remote: UpstreamRemote,
        name: str,
        vers: str,
        cksum: str,
        done: Callable[[SharedFetch], object] | None,
    ) -> SharedFetch:
        """Return the running fetch of a file, or start one; lease it at once.

        `done` is called with a new fetch when its file is complete and verified.
        """
        key = remote.identity, name, vers, cksum
        found = self._fetches.get(key)
        if found is None:
            found = SharedFetch(
                name, vers, cksum, self._memory, lambda gone: self._forget(key, gone)
            )
            self._fetches[key] = found
            self._background.spawn(
                self._run(key, found, remote, done),
                failure=f"The file of `{name} {vers}` was downloaded, but is not stored",
                wait_at_exit=False,
            )
        return found

    @contextmanager
    def leased_if_running(
        self, remote: UpstreamRemote, name: str, vers: str, cksum: str
    ) -> Iterator[None]:
        """Lease a fetch that is running or being stored, if there is one, until the block ends.

        So a caller that queries the database meanwhile finds the file there, or still here.
        """
        found = self._fetches.get((remote.identity, name, vers, cksum))
        with nullcontext() if found is None else found.leased():
            yield

    async def _run(
        self,
        key: Key,
        found: SharedFetch,
        remote: UpstreamRemote,
        done: Callable[[SharedFetch], object] | None,
    ) -> None:
        with found.leased():
            await found.run(self._clients, remote)
            if found.error is not None:
                # The next request tries again.
                self._forget(key, found)
            elif done is not None:
                done(found)

    def _forget(self, key: Key, gone: SharedFetch) -> None:
        if self._fetches.get(key) is gone:
            del self._fetches[key]
