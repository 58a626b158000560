"""Fetching .crate files from upstreams, each once for everybody who asks at the same time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime.background import spawn
from pulp_cargo.app.services.downloads.shared_download import SharedDownload

Key = tuple[object, ...]


class SharedDownloads:
    """The downloads of a process that are under way, or whose files are being stored."""

    def __init__(self) -> None:
        self._downloads: dict[Key, SharedDownload] = {}

    def download(
        self,
        remote: UpstreamRemote,
        name: str,
        vers: str,
        cksum: str,
        done: Callable[[SharedDownload], object] | None,
    ) -> SharedDownload:
        """Return the download of a file, begun now or by somebody else; lease it at once.

        `done` is called with it when the file is complete and right, by whoever began it.
        """
        key = remote.identity, name, vers, cksum
        found = self._downloads.get(key)
        if found is None:
            found = SharedDownload(name, vers, cksum, lambda gone: self._forget(key, gone))
            self._downloads[key] = found
            spawn(
                self._run(key, found, remote, done),
                failure=f"The file of `{name} {vers}` came, but is not kept",
                wait_at_exit=False,
            )
        return found

    @contextmanager
    def leased_if_running(
        self, remote: UpstreamRemote, name: str, vers: str, cksum: str
    ) -> Iterator[None]:
        """Keep a download that is under way, or being stored, until the block ends.

        Whoever asks the tables for its file meanwhile finds it there, or else still here.
        """
        found = self._downloads.get((remote.identity, name, vers, cksum))
        with nullcontext() if found is None else found.leased():
            yield

    async def _run(
        self,
        key: Key,
        found: SharedDownload,
        remote: UpstreamRemote,
        done: Callable[[SharedDownload], object] | None,
    ) -> None:
        with found.leased():
            await found.run(remote)
            if found.error is not None:
                # Who comes next tries again.
                self._forget(key, found)
            elif done is not None:
                done(found)

    def _forget(self, key: Key, gone: SharedDownload) -> None:
        if self._downloads.get(key) is gone:
            del self._downloads[key]


# Those of this process.
shared_downloads = SharedDownloads()
download = shared_downloads.download
leased_if_running = shared_downloads.leased_if_running
