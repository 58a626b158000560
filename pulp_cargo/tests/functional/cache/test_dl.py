"""Where the upstream's files are: its config.json says it (Cargo Book, "Index Configuration")."""

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.exchange import Page
from pulp_cargo.tests.support.sparse_upstream import CONFIG, SparseUpstream, file_path

BAD_CONFIGS = [
    b"",
    b"<!doctype html>",
    b"{}",
    b'{"dl": null}',
    b'{"dl": "files"}',
    b'{"dl": "file:///etc/passwd"}',
    b'{"dl": "https://[::1"}',
    b'{"dl": "http:///x"}',
    b'{"dl": "https://a b/"}',
    b'{"dl": "https://r.example", "auth-required": null}',
    b'{"dl": "https://r.example"}' + b" " * 100_000,
]


@pytest.mark.parametrize(
    ("dl", "path"),
    [
        ("/dl", "/dl/{crate}/{version}/download"),
        ("/dl/", "/dl//{crate}/{version}/download"),
        ("/{crate}-{version}.crate", "/{crate}-{version}.crate"),
        ("/{prefix}/{crate}/{version}", "/Xy/_a/{crate}/{version}"),
        ("/{lowerprefix}/{sha256-checksum}?v={version}", "/xy/_a/{cksum}?v={version}"),
    ],
)
def test_template(
    upstream: SparseUpstream, cache_of: CacheOf, name: str, dl: str, path: str
) -> None:
    """Name and version go in as the index line has them, with `+` and all."""
    crate = Crate(f"Xy_a{name}", "1.0.0-rc.1+b.5")
    upstream.have(crate)
    values = {"crate": crate.name, "version": crate.vers, "cksum": crate.cksum()}
    upstream.pages[path.format(**values)] = Page(crate.packed())
    upstream.configure(dl=upstream.origin + dl)
    cache = cache_of(upstream)
    answer = cache.registry.download(crate.name, crate.vers)
    assert (answer.status, answer.body) == (200, crate.packed())


def test_files_on_another_host(
    upstream: SparseUpstream, elsewhere: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """As crates.io has them."""
    crate = Crate(name)
    upstream.have(crate)
    upstream.configure(dl=f"{elsewhere.origin}/files")
    elsewhere.have(crate)
    assert cache_of(upstream).registry.download(name).body == crate.packed()
    assert elsewhere.paths(name) == [file_path(crate)]


def test_redirect_to_the_file(
    upstream: SparseUpstream, elsewhere: SparseUpstream, cache: Cache, name: str
) -> None:
    """Many registries answer so; the checksum says that it is the file."""
    kept = set()
    for status in (301, 302, 303, 307, 308):
        crate = Crate(f"{name}-{status}")
        upstream.have(crate)
        elsewhere.have(crate)
        path = file_path(crate)
        upstream.faults[path] = broken.says(status, Location=elsewhere.origin + path)
        assert cache.registry.download(crate.name).body == crate.packed(), status
        kept.add(f"{crate.name} 1.0.0")
    assert cache.keeps(*kept)


@pytest.mark.faults
def test_config_that_cannot_be_used(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """No file can be had, a sentence says why, and the next good config.json heals it."""
    crate = Crate(name)
    upstream.have(crate)
    for body in BAD_CONFIGS:
        upstream.pages[CONFIG] = Page(body)
        answer = own.registry.download(name)
        assert answer.status == 502, body[:50]
        assert "config.json" in answer.detail
    assert own.kept(name) == set()
    upstream.configure()
    assert launcher.wait_for(lambda: own.registry.download(name).body == crate.packed())


@pytest.mark.faults
def test_no_config(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """What has none is no registry."""
    upstream.have(Crate(name))
    del upstream.pages[CONFIG]
    answer = cache_of(upstream).registry.download(name)
    assert answer.status == 502
    assert "upstream" in answer.detail
