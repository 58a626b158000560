"""Reading a registry by its URL, as cargo does, with many requests at once (Cargo Book, "Sparse Protocol")."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
import requests
from pulp_glue.cargo.bundle import index_path
from pulp_glue.cargo.snapshot import Entry

T = TypeVar("T")
R = TypeVar("R")

THREADS = 8
TIMEOUT_SECONDS = 60
ATTEMPTS = 6
# Status codes after which a request is repeated.
_LATER = (429, 500, 502, 503, 504)
_CHUNK = 256 * 1024


class RegistryReader:
    """A registry, with the token for it; for any thread."""

    def __init__(self, url: str, token: str | None) -> None:
        self.root = url.removeprefix("sparse+").rstrip("/") + "/"
        self._token = token
        self._own = threading.local()
        self._dl: str | None = None

    def below(self, path: str) -> "RegistryReader":
        """Return the registry at a path below this one, such as `@42/`."""
        return RegistryReader(self.root + path, self._token)

    def get(self, path: str) -> bytes:
        """Return a file of the registry; raises ClickException."""
        found = self.find(path)
        if found is None:
            raise click.ClickException(f"{self.root}{path} does not exist (404).")
        return found

    def find(self, path: str) -> bytes | None:
        """Return a file of the registry, None if there is none (404); raises ClickException."""
        with self._answer(self.root + path) as answer:
            if answer.status_code in (404, 410, 451):
                return None
            _require_ok(answer)
            return self._whole(answer)

    def index_file(self, name: str) -> bytes | None:
        """Return the index file of a crate."""
        return self.find(index_path(name))

    def crate_file(self, entry: Entry, most: int) -> bytes:
        """Return the file of a crate version; raises ClickException for more than `most` bytes."""
        with self._answer(self._url_of(entry)) as answer:
            _require_ok(answer)
            return self._whole(answer, most)

    def _url_of(self, entry: Entry) -> str:
        """Return where a file is (Cargo Book, "Index Configuration")."""
        if self._dl is None:
            self._dl = _dl_of(self.get("config.json"), self.root)
        prefix = index_path(entry.name.lower()).rpartition("/")[0]
        markers = {
            "{crate}": entry.name,
            "{version}": entry.vers,
            "{prefix}": _prefix(entry.name),
            "{lowerprefix}": prefix,
            "{sha256-checksum}": entry.cksum,
        }
        if not any(marker in self._dl for marker in markers):
            return f"{self._dl}/{entry.name}/{entry.vers}/download"
        url = self._dl
        for marker, value in markers.items():
            url = url.replace(marker, value)
        return url

    def _answer(self, url: str) -> requests.Response:
        """Return the answer to a request, which is repeated if the server is busy."""
        if not hasattr(self._own, "session"):
            self._own.session = requests.Session()
        for left in reversed(range(ATTEMPTS)):
            try:
                answer: requests.Response = self._own.session.get(
                    url, headers=self._headers(url), timeout=TIMEOUT_SECONDS, stream=True
                )
            except requests.RequestException as error:
                if not left:
                    raise click.ClickException(f"{url} cannot be read: {error}") from error
                time.sleep(ATTEMPTS - left)
                continue
            if answer.status_code not in _LATER or not left:
                return answer
            answer.close()
            time.sleep(_pause(answer.headers, ATTEMPTS - left))
        raise AssertionError("the last attempt returns or raises")

    def _headers(self, url: str) -> Mapping[str, str]:
        """Return the headers of a request; the token is for the registry's own host only."""
        of_root, of_url = urlsplit(self.root), urlsplit(url)
        is_own = (of_root.scheme, of_root.netloc) == (of_url.scheme, of_url.netloc)
        return {"Authorization": self._token} if self._token and is_own else {}

    @staticmethod
    def _whole(answer: requests.Response, most: int | None = None) -> bytes:
        body = bytearray()
        try:
            for chunk in answer.iter_content(_CHUNK):
                body += chunk
                if most is not None and len(body) > most:
                    raise click.ClickException(f"{answer.url} has more than {most} bytes.")
        except requests.RequestException as error:
            raise click.ClickException(f"{answer.url} was cut off: {error}") from error
        return bytes(body)


def in_parallel(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield the results in the order of the items; only some of them are waited for at once."""
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: list[Any] = []
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= 4 * THREADS:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def _require_ok(answer: requests.Response) -> None:
    if answer.status_code == 200:
        return
    try:
        details: Sequence[Any] = answer.json()["errors"]
        said = f": {details[0]['detail']}"
    except (ValueError, LookupError, TypeError):
        said = ""
    raise click.ClickException(f"{answer.url} was answered with {answer.status_code}{said}")


def _dl_of(config: bytes, root: str) -> str:
    try:
        dl = json.loads(config)["dl"]
        if isinstance(dl, str):
            return dl
    except (ValueError, LookupError, TypeError):
        pass
    raise click.ClickException(f"{root}config.json has no `dl`.")


def _prefix(name: str) -> str:
    if len(name) <= 2:
        return str(len(name))
    return f"3/{name[0]}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}"


def _pause(headers: Mapping[str, str], otherwise: int) -> int:
    after = headers.get("Retry-After", "")
    return min(int(after), 30) if after.isdigit() else otherwise
