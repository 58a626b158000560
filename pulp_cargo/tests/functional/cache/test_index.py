"""The index through a cache: the upstream's own bytes, and our config.json (Cargo Book, "Index")."""

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import CRATES_IO, Crate
from pulp_cargo.tests.support.registry import index_path
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at

# As no serializer of ours would write it: spaces, another order, numbers and keys nobody knows.
STRANGE = """\
{"vers":"0.1.0","name":"%(name)s", "deps":[],"cksum":"%(sum)s","features":{},"yanked":true}
{"name":"%(name)s","vers":"0.2.0","deps":[{"name":"serde","req":">=1, <2","features":["a",""],\
"optional":false,"default_features":true,"target":null,"kind":"normal","registry":"%(crates_io)s"},\
{"name":"alias","package":"real","req":"= 1","kind":"dev","registry":\
"sparse+https://other.example/i/","new-key":[1]}],"cksum":"%(sum)s","features":{"default":[]},\
"features2":{"x":["dep:serde"]},"yanked":false,"links":"z","rust_version":"1.60",\
"pubtime":"2020-02-29T12:00:00Z","v":2,"future":{"a":[1,2.50,1e3],"\\u00e4":"\\ud83e\\udd80"}}

{"name":"%(name)s","vers":"9.0.0","deps":[],"cksum":"%(sum)s","features":{},"yanked":false,"v":99}
{"name":"%(name)s","vers":"one","deps":"none"}\r
{"name":"%(name)s","vers":"1.0.0","deps":[],"cksum":"%(sum)s","features":{},"yanked":false}"""


def strange(name: str) -> bytes:
    """Return an index file in which a serializer of ours would change every line."""
    return (STRANGE % {"name": name, "sum": "ab" * 32, "crates_io": CRATES_IO}).encode()


def test_index_file_is_the_upstreams_byte_by_byte(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """Unknown fields, yanks, times, other registries, order, even lines that cargo cannot read."""
    upstream.index(name, strange(name))
    answer = cache.registry.index_file(name)
    assert (answer.status, answer.body) == (200, strange(name))
    assert answer.headers["content-type"].startswith("text/plain")
    again = cache.registry.index_file(name)
    assert again.body == strange(name), "from what was stored, too"


def test_whole_index_is_there_before_any_download(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """All versions, of which none is in the repository."""
    upstream.have(*(Crate(name, f"1.{number}.0") for number in range(5)))
    assert len(cache.registry.index(name)) == 5
    assert cache.kept(name) == set()


def test_large_index_file(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """The largest of crates.io has 5 MB."""
    line = '{"name":"%s","vers":"1.%d.0","deps":[],"cksum":"%s","features":{},"x":"%s"}\n'
    lines = [line % (name, number, "ab" * 32, "y" * 50_000) for number in range(100)]
    upstream.index(name, "".join(lines).encode())
    assert cache.registry.index_file(name).body == "".join(lines).encode()


def test_config_is_ours(upstream: SparseUpstream, own: Cache) -> None:
    """Downloads and the web API are with us, whatever the upstream says of itself."""
    upstream.configure(
        dl="https://dl.example/{crate}", api="https://api.example", auth_required=True
    )
    root = own.registry.url.rstrip("/")
    assert own.registry.get("config.json").json() == {
        "dl": f"{root}/api/v1/crates",
        "api": root,
        "auth-required": False,
    }


def test_config_needs_no_upstream(upstream: SparseUpstream, cache: Cache) -> None:
    """Cargo asks for it first, and the upstream may be gone."""
    with upstream.switched_off():
        assert cache.registry.get("config.json").status == 200


def test_unknown_crate_is_404(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """Never another status: cargo would stop."""
    answer = cache.registry.index_file(name)
    assert answer.status == 404
    assert answer.detail == f"this registry has no crate `{name}`"
    assert upstream.paths(name) == [at(name)]


@pytest.mark.parametrize("path", ["xx/yy/{name}", "{upper}", "{path}/", "{path}.json", "a/{path}"])
def test_paths_of_no_index_file_never_reach_the_upstream(
    upstream: SparseUpstream, cache: Cache, name: str, path: str
) -> None:
    """What cannot be an index file is 404 here."""
    upstream.index(name, strange(name))
    right = index_path(name)
    asked = path.format(name=name, path=right, upper=right.upper())
    assert cache.registry.get(asked).status == 404
    assert upstream.paths(name) == []


def test_spellings(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """A file has a path in lower case; hyphen and underscore are two, of which one is there."""
    crate = Crate(f"{name.capitalize()}_b")
    upstream.have(crate)
    assert cache.registry.entry(crate.name)["name"] == crate.name
    assert cache.registry.index_file(f"{name}-b").status == 404
    assert cache.registry.download(crate.name).body == crate.packed()


def test_private_cache(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """A stranger gets nothing and asks nothing; a reader's token stays here."""
    crate = Crate(name)
    upstream.have(crate)
    private = cache_of(upstream, distribution={"auth_required": True}).registry
    for answer in (private.index_file(name), private.download(name)):
        assert answer.status == 401
    assert upstream.paths(name) == []
    answer = private.index_file(name, token=private.token)
    assert answer.status == 200
    assert "private" in answer.headers["cache-control"]
    assert private.download(name, token=private.token).body == crate.packed()
    assert private.index_file(name).status == private.download(name).status == 401
    assert not any("authorization" in asked.headers for asked in upstream.asked)


def test_cache_takes_no_uploads(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """A publish or a yank gets a sentence, and the upstream hears nothing of it."""
    upstream.have(Crate(name))
    for answer in (cache.registry.send(Crate(f"{name}-own")), cache.registry.yank(name)):
        assert answer.status == 403
        assert "allow uploads" in answer.detail
    assert upstream.paths(name) == []
