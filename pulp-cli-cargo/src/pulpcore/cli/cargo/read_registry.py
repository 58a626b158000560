"""A registry by its URL, as `bundle` and `verify` read it, with errors for the command line."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, TypeVar

import click
from pulp_cli.generic import PulpCLIContext
from pulp_glue.cargo.export.copying import Unexportable
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError, index_path
from pulp_glue.cargo.registry_client import RegistryClient
from pulp_glue.cargo.sentences import capitalized
from pulp_glue.cargo.snapshot import Entry

from pulpcore.cli.cargo.cargo_config import read_token

T = TypeVar("T")
R = TypeVar("R")

THREADS = 8

token_option = click.option(
    "--token-file",
    type=click.File("r"),
    help="A file with the token for a private registry. By default it is the one that cargo has for"
    " the registry.",
)


class RegistryReader:
    """A registry, with the token for it; for any thread."""

    def __init__(self, url: str, token: str | None = None, *, verify: bool | str = True) -> None:
        with _for_people():
            self._client = RegistryClient(url, token, verify=verify)
        self.root = self._client.url
        self._how = token, verify
        self._dl: str | None = None

    def below(self, path: str) -> "RegistryReader":
        """Return the registry at a path below this one, such as `@42/`."""
        token, verify = self._how
        return RegistryReader(self.root + path, token, verify=verify)

    def get(self, path: str) -> bytes:
        """Return a file of the registry; raises ClickException."""
        found = self.find(path)
        if found is None:
            raise click.ClickException(f"{self.root}{path} does not exist.")
        return found

    def find(self, path: str) -> bytes | None:
        """Return a file of the registry, None if there is none; raises ClickException."""
        with _for_people():
            return self._client.find(path)

    def index_file(self, name: str) -> bytes | None:
        """Return the index file of a crate, None if there is none; raises ClickException."""
        return self.find(index_path(name))

    def crate_file(self, entry: Entry, most: int) -> bytes:
        """Return the file of a crate version; raises ClickException for more than `most` bytes."""
        version = ExportedVersion(entry.name, entry.vers, entry.cksum, line="")
        body = bytearray()
        with _for_people():
            if self._dl is None:
                self._dl = str(self._client.config()["dl"])
            for chunk in self._client.fetch(self._dl, version):
                body += chunk
                if len(body) > most:
                    raise Unexportable(f"`{entry.file_name}` has more than {most} bytes")
        return bytes(body)


def reader_for(pulp_ctx: PulpCLIContext, url: str, token_file: IO[str] | None) -> RegistryReader:
    """Return the registry at a URL, with the token in a file, or the one that cargo has for it."""
    token = token_in(token_file) if token_file else read_token(url)
    verify = getattr(pulp_ctx, "verify_ssl", None)
    return RegistryReader(url, token, verify=True if verify is None else verify)


def token_in(file: IO[str]) -> str:
    """Return the token in a file; raises ClickException."""
    try:
        return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.ClickException(f"'{file.name}' cannot be read: {reason}.") from error


def in_parallel(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield the results in the order of the items; only some of them are waited for at once."""
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= 4 * THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _for_people() -> Iterator[None]:
    try:
        yield
    except (ExportError, Unexportable) as error:
        raise click.ClickException(f"{capitalized(str(error))}.") from error
