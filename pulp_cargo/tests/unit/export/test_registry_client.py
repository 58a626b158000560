"""What is read from a registry, and where its token goes."""

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pulp_glue.cargo import registry_client
from pulp_glue.cargo.export.copying import Unexportable
from pulp_glue.cargo.export.from_registry import export_registry
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError
from pulp_glue.cargo.registry_client import RegistryClient, download_url

from pulp_cargo.tests.support.crate import Crate

LEAF = Crate("leaf")
ENTRY = {
    "name": "leaf",
    "vers": "1.0.0",
    "deps": [{"name": "b", "registry": "sparse+http://own.example/"}],
    "cksum": LEAF.cksum(),
    "features": {},
    "yanked": False,
}
TOKEN = "pulp_cargo_secret"


def listed(**changes: Any) -> dict[str, Any]:
    """Return the line of a version in a listing."""
    line = json.dumps(ENTRY, separators=(",", ":"))
    size = len(LEAF.packed())
    return {
        "name": "leaf",
        "vers": "1.0.0",
        "size": size,
        "yanked": True,
        "index_line": line,
    } | changes


def listing(*lines: dict[str, Any], end: int | None = None) -> bytes:
    """Return a listing with these lines."""
    head = {"listing": 1, "urls": ["sparse+http://own.example/"], "count": len(lines)}
    last = {"end": len(lines) if end is None else end}
    return "".join(f"{json.dumps(line)}\n" for line in (head, *lines, last)).encode()


@dataclass
class Server:
    """A server whose responses a test sets: status, headers and body by path."""

    port: int
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    seen: list[tuple[str, str | None, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its URL, by the address."""
        return f"http://127.0.0.1:{self.port}/i/"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with a registry of one crate version."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token, tag = self.headers.get("Authorization"), self.headers.get("If-None-Match")
            there.seen.append((self.path, token, self.headers["Host"].partition(":")[0]))
            status, headers, body = there.answers.get(self.path, (404, {}, b""))
            if tag is not None and headers.get("ETag") == tag:
                status, body = 304, b""
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Print nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Server(http.server_port)
    dl = f"{there.url}crates"
    there.answers = {
        "/i/config.json": (200, {}, json.dumps({"dl": dl, "auth-required": True}).encode()),
        "/i/versions.jsonl": (200, {"ETag": '"1"'}, listing(listed())),
        "/i/crates/leaf/1.0.0/download": (200, {}, LEAF.packed()),
    }
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    yield there
    http.shutdown()
    http.server_close()


def client(server: Server) -> RegistryClient:
    """Return a client with a token."""
    return RegistryClient(f"sparse+{server.url}", TOKEN)


def versions_of(server: Server) -> tuple[list[ExportedVersion], str | None]:
    """Read the listing, and return its versions and its entity tag."""
    found = client(server).listing(None)
    assert found is not None
    with found:
        versions = list(found)
        assert len(versions) == len(found)
        return versions, found.etag


def test_listing_may_be_in_any_order(server: Server) -> None:
    """Versions come crate by crate, by the time of publication, and as often as they are read."""
    entries = [("b", "1.0.0", "1"), ("A", "2.0.0", "3"), ("a-b", "1.0.0", "2"), ("A", "1.0.0", "2")]
    lines = []
    for name, vers, day in entries:
        entry = {"name": name, "vers": vers, "deps": [], "cksum": "0" * 64, "features": {}}
        line = json.dumps(entry | {"pubtime": f"2026-01-0{day}T00:00:00Z"})
        lines.append(listed(name=name, vers=vers, index_line=line))
    server.answers["/i/versions.jsonl"] = (200, {}, listing(*lines))
    found = client(server).listing(None)
    assert found is not None
    with found:
        for _ in range(2):
            order = [(one.name, one.vers) for one in found]
            assert order == [("A", "1.0.0"), ("A", "2.0.0"), ("a-b", "1.0.0"), ("b", "1.0.0")]


def test_lines_are_those_of_the_index(server: Server) -> None:
    """Yanked if the version is, and dependencies on the registry itself name none."""
    found, etag = versions_of(server)
    assert etag == '"1"'
    (version,) = found
    assert version.line == (
        '{"name":"leaf","vers":"1.0.0","deps":[{"name":"b","registry":null}],'
        f'"cksum":"{LEAF.cksum()}","features":{{}},"yanked":true}}'
    )
    assert (version.size, version.yanked) == (len(LEAF.packed()), True)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (listing(listed(), end=2), "is incomplete"),
        (listing(listed())[:-12], "is incomplete"),
        (b"", "is incomplete"),
        (b'{"listing":2,"urls":[]}\n', "unknown format"),
        (b"<html>\n", "line of the listing is invalid"),
        (listing(listed(name="other")), "line of the listing is invalid"),
        (listing(listed(index_line="{}")), "line of the listing is invalid"),
    ],
)
def test_listing_that_is_damaged_changes_nothing(
    server: Server, tmp_path: Path, body: bytes, fault: str
) -> None:
    """The export stays as it is."""
    export_registry(client(server), tmp_path, "static", dl="https://x.example/{crate}")
    server.answers["/i/versions.jsonl"] = (200, {"ETag": '"2"'}, body)
    before = (tmp_path / "le/af/leaf").read_bytes()
    with pytest.raises(ExportError, match=fault):
        export_registry(client(server), tmp_path, "static", dl="https://x.example/{crate}")
    assert (tmp_path / "le/af/leaf").read_bytes() == before


def test_unchanged_registry_is_one_304(server: Server, tmp_path: Path) -> None:
    """Unless the export before was another one, or left something out."""

    def paths(dl: str = "https://x.example/{crate}") -> list[str]:
        server.seen.clear()
        assert export_registry(client(server), tmp_path, "static", dl=dl).count == 1
        return [path.rpartition("/")[2] for path, _, _ in server.seen]

    assert paths() == ["config.json", "versions.jsonl", "download"]
    assert paths() == ["config.json", "versions.jsonl"]
    server.answers["/i/versions.jsonl"] = (200, {"ETag": '"1"'}, b"not read")
    assert paths() == ["config.json", "versions.jsonl"]
    with pytest.raises(ExportError, match="is invalid"):
        paths(dl="https://y.example/{crate}")


def test_mirrored_registries_are_named_in_no_dependency(server: Server) -> None:
    """As in the index of a cache, so that an export of it stands in for its upstream, too."""
    body = listing(listed()).replace(
        b'"urls": ["sparse+http://own.example/"]',
        b'"urls": [], "mirrored": ["sparse+http://own.example/"]',
    )
    server.answers["/i/versions.jsonl"] = (200, {}, body)
    assert '"name":"b","registry":null' in versions_of(server)[0][0].line


def test_listing_may_be_compressed(server: Server) -> None:
    """As registries of Pulp send it."""
    body = gzip.compress(listing(listed()))
    server.answers["/i/versions.jsonl"] = (200, {"Content-Encoding": "gzip"}, body)
    assert len(versions_of(server)[0]) == 1


def test_token_stays_with_the_registry(server: Server, tmp_path: Path) -> None:
    """No redirect and no `dl` leads it to another host, as object storages are."""
    other = f"http://localhost:{server.port}/stored"
    server.answers["/i/crates/leaf/1.0.0/download"] = (302, {"Location": other}, b"")
    server.answers["/stored"] = (200, {}, LEAF.packed())
    assert export_registry(client(server), tmp_path, "local-registry").problems == []
    assert server.seen == [
        ("/i/config.json", TOKEN, "127.0.0.1"),
        ("/i/versions.jsonl", TOKEN, "127.0.0.1"),
        ("/i/crates/leaf/1.0.0/download", TOKEN, "127.0.0.1"),
        ("/stored", None, "localhost"),
    ]
    server.seen.clear()
    server.answers["/stored?leaf"] = (200, {}, b"")
    assert b"".join(client(server).fetch(f"{other}?{{crate}}", version())) == b""
    assert server.seen == [("/stored?leaf", None, "localhost")]


def version() -> ExportedVersion:
    """The crate version of the registry."""
    return ExportedVersion("leaf", "1.0.0", LEAF.cksum(), "")


@pytest.mark.parametrize("netrc", ["machine 127.0.0.1 login me password mine\n"])
def test_netrc_replaces_no_token(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, netrc: str
) -> None:
    """It is for other programs."""
    (tmp_path / "netrc").write_text(netrc)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client(server).config()
    RegistryClient(server.url).config()
    assert [token for _, token, _ in server.seen] == [TOKEN, None]


def test_refusal_is_passed_on(server: Server) -> None:
    """With the sentence of the registry."""
    body = b'{"errors":[{"detail":"the registry needs a token"}]}'
    server.answers["/i/config.json"] = (401, {}, body)
    with pytest.raises(ExportError, match=r"needs a token .* \(the registry needs a token\)"):
        client(server).config()


def test_busy_server_is_asked_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few times; then its status is the reason."""
    monkeypatch.setattr(registry_client, "PAUSE", 0.001)
    server.answers["/i/crates/leaf/1.0.0/download"] = (503, {}, b"")
    with pytest.raises(Unexportable, match="the status 503"):
        list(client(server).fetch(f"{server.url}crates", version()))
    assert len(server.seen) == registry_client.ATTEMPTS


def test_endless_redirects_end(server: Server) -> None:
    """Instead of a run that never ends."""
    server.answers["/i/leaf"] = (302, {"Location": "/i/leaf"}, b"")
    with pytest.raises(Unexportable, match="more than 5 redirects"):
        list(client(server).fetch(f"{server.url}{{crate}}", version()))


@pytest.mark.parametrize(
    ("dl", "url"),
    [
        ("https://r.example/api/", "https://r.example/api/Leaf/1.0.0+a/download"),
        ("https://r.example/{crate}-{version}", "https://r.example/Leaf-1.0.0+a"),
        ("https://r.example/{prefix}/{lowerprefix}", "https://r.example/Le/af/le/af"),
        ("https://r.example/{sha256-checksum}", "https://r.example/00ff"),
    ],
)
def test_download_url(dl: str, url: str) -> None:
    """The rules of the Cargo Book for `dl`."""
    assert download_url(dl, ExportedVersion("Leaf", "1.0.0+a", "00ff", "")) == url


@pytest.mark.parametrize("url", ["https+git://x.example/", "file:///srv", "x.example"])
def test_only_sparse_indexes_are_read(url: str) -> None:
    """They have the listing."""
    with pytest.raises(ExportError, match="is not the URL of a sparse index"):
        RegistryClient(url)
