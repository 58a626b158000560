"""Reads a registry over HTTP, like cargo: its configuration, its listing, and .crate files.

The token of a private registry is sent to the registry's own origin only: to no other host that its
configuration names, and along no redirect, since registries redirect downloads to object storages.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from typing import IO, Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from pulp_glue.cargo.export.copying import Unexportable
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError, index_prefix

LISTING = "versions.jsonl"
CONNECT_TIMEOUT, READ_TIMEOUT = 30, 60
# Attempts for a request, with a pause between them that grows, in seconds.
ATTEMPTS = 4
PAUSE = 0.5
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
# Busy or restarting servers answer with these.
PASSING = (429, 500, 502, 503, 504)
# Answers for what is not there; an index may have 451 for a crate as well (Cargo Book).
MISSING = (404, 410, 451)
CHUNK = 256 * 1024
# Longest line of a listing in bytes, as in the server.
LONGEST_LINE = 16 * 1024 * 1024


@dataclass(slots=True)
class Listing:
    """All versions of a registry, crate by crate in the order of publication; and the entity tag.

    They are in a file, of which `places` are in memory: a listing is in another order, and that of
    a large registry has gigabytes.
    """

    etag: str | None = None
    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    places: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[ExportedVersion]:
        for place in self.places:
            self.file.seek(place)
            yield ExportedVersion(*json.loads(self.file.readline()))

    def add(self, version: ExportedVersion) -> int:
        """Write a version at the end of the file, and return its place there."""
        place = self.file.tell()
        self.file.write(json.dumps(astuple(version)).encode() + b"\n")
        return place


class RegistryClient:
    """A registry at the URL of its sparse index; threads may share it."""

    def __init__(
        self, index_url: str, token: str | None = None, *, verify: bool | str = True
    ) -> None:
        """`verify` is whether certificates are checked, or the path of a CA bundle."""
        url = index_url.removeprefix("sparse+")
        if not _is_http(url):
            raise ExportError(f"{index_url!r} is not the URL of a sparse index")
        self.url = url if url.endswith("/") else f"{url}/"
        self._token = token
        self._verify = verify
        self._local = threading.local()

    def config(self) -> dict[str, Any]:
        """Return the registry's `config.json`; raises ExportError."""
        with self._required("config.json") as response:
            try:
                found = json.loads(response.content)
            except ValueError:
                found = None
        if not isinstance(found, dict) or not isinstance(found.get("dl"), str):
            raise ExportError(f"{self.url}config.json is not the configuration of a registry")
        return found

    def listing(self, etag: str | None) -> Listing | None:
        """Return everything in the registry, None if it has not changed since `etag`.

        The caller closes it, as a context. Raises ExportError.
        """
        headers = {"If-None-Match": etag} if etag else {}
        with self._required(LISTING, headers) as response:
            if response.status_code == 304:
                return None
            listing = Listing(response.headers.get("ETag"))
            try:
                _read(response, listing)
            except (requests.RequestException, OSError) as error:
                listing.file.close()
                raise ExportError(f"the listing of {self.url} broke off: {error}") from error
            except ExportError:
                listing.file.close()
                raise
            return listing

    def find(self, path: str) -> bytes | None:
        """Return a file below the registry's URL, None if there is none; raises ExportError."""
        with self._required(path, may_be_missing=True) as response:
            try:
                return None if response.status_code in MISSING else response.content
            except requests.RequestException as error:
                raise ExportError(f"{self.url}{path} broke off: {error}") from error

    def fetch(self, dl: str, version: ExportedVersion) -> Iterator[bytes]:
        """Yield the pieces of a .crate file; raises Unexportable."""
        url = download_url(dl, version)
        try:
            with self._answer(url) as response:
                if response.status_code != 200:
                    raise Unexportable(f"{url} returned {_reason(response)}")
                yield from response.iter_content(CHUNK)
        except (requests.RequestException, ExportError) as error:
            raise Unexportable(f"{url} could not be fetched: {error}") from error

    @contextmanager
    def _required(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        may_be_missing: bool = False,
    ) -> Iterator[requests.Response]:
        url = self.url + path
        try:
            with self._answer(url, headers) as response:
                match response.status_code:
                    case 200 | 304:
                        yield response
                    case status if may_be_missing and status in MISSING:
                        yield response
                    case 401 | 403:
                        raise ExportError(
                            f"{url} needs a token that may read the registry: {_reason(response)}"
                        )
                    case _:
                        raise ExportError(f"{url} returned {_reason(response)}")
        except requests.RequestException as error:
            raise ExportError(f"{url} could not be read: {error}") from error

    @contextmanager
    def _answer(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> Iterator[requests.Response]:
        """Request a URL, again while the server is busy, and follow redirects."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self._follow(url, dict(headers or {}))
            except (requests.ConnectionError, requests.Timeout):
                if attempt == ATTEMPTS:
                    raise
            else:
                if response.status_code not in PASSING or attempt == ATTEMPTS:
                    with response:
                        yield response
                    return
                response.close()
            time.sleep(PAUSE * 2 ** (attempt - 1))

    def _follow(self, url: str, headers: dict[str, str]) -> requests.Response:
        for _ in range(MOST_REDIRECTS + 1):
            response = self._session().get(
                url,
                headers=headers,
                auth=self._authorize,
                stream=True,
                allow_redirects=False,
                verify=self._verify,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            )
            target = response.headers.get("Location")
            if response.status_code not in REDIRECTS or target is None:
                return response
            response.close()
            following = urljoin(url, target)
            if urlsplit(url).scheme == "https" and urlsplit(following).scheme != "https":
                raise ExportError(f"{url} redirects to a URL that is not encrypted")
            url = following
        raise ExportError(f"more than {MOST_REDIRECTS} redirects lead to {url}")

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As `auth`, it also replaces what `requests` would read from a ~/.netrc.
        if self._token and _origin(request.url or "") == _origin(self.url):
            request.headers["Authorization"] = self._token
        return request

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            # Some registries expect cargo's, and none needs to know more.
            self._local.session.headers["User-Agent"] = "pulp-cli-cargo"
        session: requests.Session = self._local.session
        return session


def download_url(dl: str, version: ExportedVersion) -> str:
    """Return the URL of a .crate file (Cargo Book, "Index Configuration").

    >>> download_url("https://r.example/api", ExportedVersion("leaf", "1.0.0", "0a", ""))
    'https://r.example/api/leaf/1.0.0/download'
    """
    markers = {
        "{crate}": version.name,
        "{version}": version.vers,
        "{prefix}": index_prefix(version.name),
        "{lowerprefix}": index_prefix(version.name.lower()),
        "{sha256-checksum}": version.cksum,
    }
    if not any(marker in dl for marker in markers):
        dl = f"{dl.rstrip('/')}/{{crate}}/{{version}}/download"
    for marker, value in markers.items():
        dl = dl.replace(marker, value)
    return dl


def _read(response: requests.Response, listing: Listing) -> None:
    """Take the versions of a complete listing; raises ExportError.

    The first line has the URLs that mean the registry itself, or others whose crates it has, and
    the last one the number of versions.
    """
    rows: list[tuple[str, str, str, int]] = []
    own: frozenset[str] | None = None
    ended = False
    for line in _lines(response):
        try:
            values = json.loads(line)
            if own is None:
                if values["listing"] != 1:
                    raise ExportError("the listing of the registry has an unknown format")
                own = frozenset([*values["urls"], *values.get("mirrored", [])])
            elif "end" in values:
                ended = values["end"] == len(rows)
            else:
                name, pubtime, version = _version(values, own)
                rows.append((name, pubtime, version.vers, listing.add(version)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ExportError(f"a line of the listing is invalid: {line[:200]!r}") from error
    if not ended:
        raise ExportError("the listing of the registry is incomplete")
    # As in the registry's own index files, except for versions of the same second.
    rows.sort()
    listing.places = [place for *_, place in rows]


def _version(values: Mapping[str, Any], own: frozenset[str]) -> tuple[str, str, ExportedVersion]:
    """Return a version after what it is sorted by.

    A dependency on the registry itself has no `registry` in an index, so that it means the export.
    """
    entry = json.loads(values["index_line"])
    for dependency in entry["deps"]:
        if dependency.get("registry") in own:
            dependency["registry"] = None
    entry["yanked"] = bool(values["yanked"])
    if (entry["name"], entry["vers"]) != (values["name"], values["vers"]):
        raise ValueError("its index line is that of another version")
    size = values["size"]
    return (
        str(entry["name"]).lower(),
        str(entry.get("pubtime") or ""),
        ExportedVersion(
            name=str(entry["name"]),
            vers=str(entry["vers"]),
            cksum=str(entry["cksum"]),
            line=json.dumps(entry, separators=(",", ":"), ensure_ascii=False),
            size=size if isinstance(size, int) else None,
            yanked=entry["yanked"],
        ),
    )


def _lines(response: requests.Response) -> Iterator[bytes]:
    rest = b""
    for chunk in response.iter_content(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise ExportError(f"a line of the listing has more than {LONGEST_LINE} bytes")
        yield from lines
    if rest:
        yield rest


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def _reason(response: requests.Response) -> str:
    """Return the status, with the sentence of a registry if there is one."""
    try:
        detail = json.loads(response.content)["errors"][0]["detail"]
    except (ValueError, TypeError, KeyError, IndexError, requests.RequestException):
        return f"the status {response.status_code}"
    return f"the status {response.status_code} ({str(detail)[:500]})"


def _is_http(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
