"""Input as well-meaning people send it, in any size: what the cost of other input is compared with."""

import gzip
import json
import random

from pulp_cargo.tests.support.tarball import Entry, tar

HEAD = '[package]\nname = "a"\nversion = "1.0.0"\nlicense = "MIT"\n'
CKSUM = "0" * 64
REGISTRY = "https://github.com/rust-lang/crates.io-index"


def filled(unit: str, size: int) -> str:
    """Return a text again and again, each with its number for `%d`, up to a size."""
    parts, left = [], size
    while left > 0:
        parts.append(unit.replace("%d", str(len(parts))))
        left -= len(parts[-1])
    return "".join(parts)


def body(size: int) -> bytes:
    """Return the body of a publish."""
    said, crate_file = metadata(size // 2), random.Random(0).randbytes(size // 2)
    return b"".join(len(part).to_bytes(4, "little") + part for part in (said, crate_file))


def metadata(size: int) -> bytes:
    """Return what cargo sends before the .crate file."""
    unit = '{"name":"dep%d","version_req":"^1","kind":"normal","features":[],"registry":null},'
    deps = filled(unit, min(size, 256 * 1024))
    readme = "Words. " * ((size - len(deps)) // 7)
    said = f'"name":"a","vers":"1.0.0","deps":[{deps}{{"name":"a"}}],"readme":"{readme}"'
    return f"{{{said}}}".encode()


def manifest(size: int) -> bytes:
    """Return a Cargo.toml; what is too much for dependencies is in its features."""
    deps = filled('dep%d = "1.0"\n', min(size, 64 * 1024))
    features = filled('f%d = ["dep0/std"]\n', size - len(deps))
    return f"{HEAD}[dependencies]\n{deps}[features]\n{features}".encode()


def crate(size: int) -> bytes:
    """Return a .crate file of a manifest and small files."""
    noise = random.Random(0)
    files = [
        Entry(b"a-1.0.0/src/%d.rs" % number, noise.randbytes(512) * 2)
        for number in range(size // 3072)
    ]
    entries = [Entry(b"a-1.0.0/Cargo.toml", manifest(size // 2)), *files]
    return gzip.compress(tar(entries), 1, mtime=0)


def index(size: int) -> bytes:
    """Return an index file."""
    rest = f'"deps":[],"cksum":"{CKSUM}","features":{{}},"yanked":false}}\n'
    return filled('{"name":"a","vers":"1.0.%d",' + rest, size).encode()


def index_line(size: int) -> bytes:
    """Return a line of an index."""
    unit = '{"name":"dep%d","req":"^1","features":[],"optional":false,"default_features":true,'
    deps = filled(unit + f'"target":null,"kind":"normal","registry":"{REGISTRY}"}},', size)
    return (
        f'{{"name":"a","vers":"1.0.0","deps":[{deps.removesuffix(",")}],"cksum":"{CKSUM}",'
        '"features":{},"yanked":false}'
    ).encode()


def listed(size: int) -> bytes:
    """Return a line of a listing."""
    said = {"name": "a", "vers": "1.0.0", "cksum": CKSUM, "size": 512, "yanked": False}
    return json.dumps(said | {"index_line": index_line(size).decode()}).encode()


def listing_head(size: int) -> bytes:
    """Return the first line of a listing."""
    urls = [f"sparse+https://r{number}.example/i/" for number in range(1 + size // 32)]
    return json.dumps({"listing": 1, "urls": urls, "count": 1}).encode()


def lock_file(size: int) -> bytes:
    """Return a Cargo.lock."""
    unit = f'source = "registry+{REGISTRY}"\nchecksum = "{CKSUM}"\ndependencies = ["a0"]\n'
    text = filled('[[package]]\nname = "a%d"\nversion = "1.0.0"\n' + unit, size)
    return f"version = 4\n{text}".encode()


def advisory(size: int) -> bytes:
    """Return an advisory of OSV."""
    event = '{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.%d.0"}]},'
    ranges = filled(event, size).removesuffix(",")
    package = '"package":{"ecosystem":"crates.io","name":"a"}'
    return f'{{"id":"X","affected":[{{{package},"ranges":[{ranges}]}}]}}'.encode()


def config(size: int) -> bytes:
    """Return a config.json, with more keys than it needs."""
    more = filled('"key%d":"value",', size)
    return f'{{{more}"dl":"https://r.example/dl"}}'.encode()


def search(size: int) -> bytes:
    """Return a response to a search with many crates."""
    crate = '{"name":"a%d","max_version":"1.0.0","description":"Words."},'
    return f'{{"crates":[{filled(crate, size).removesuffix(",")}],"meta":{{"total":1}}}}'.encode()


def words(size: int) -> bytes:
    """Return a text to search for."""
    return filled("words ", size).encode()


def authorization(size: int) -> bytes:
    """Return a header with a token."""
    return b"Bearer " + b"a" * size


def retry_after(size: int) -> bytes:
    """Return a header with a date, whatever the size."""
    return b"Fri, 02 Jan 2026 03:04:05 GMT"


def if_none_match(size: int) -> bytes:
    """Return a header with tags."""
    return filled('"tag%d", ', size).encode()


def req(size: int) -> bytes:
    """Return a requirement of as many parts as it may have."""
    return b",".join([b">=1.0.0"] * min(32, 1 + size // 8))


def vers(size: int) -> bytes:
    """Return a version, of as many characters as it may have."""
    return b"1.0.0-" + b"a" * min(100, size)


def platform(size: int) -> bytes:
    """Return a `cfg(…)`."""
    return f"cfg(any({filled('unix,', size)}windows))".encode()


def url(size: int) -> bytes:
    """Return a registry's URL, of as many characters as it may well have."""
    return b"sparse+https://r.example/" + b"i" * min(100, size) + b"/"


def license(size: int) -> bytes:
    """Return a licence of as many parts as anybody needs."""
    return b" OR ".join([b"MIT"] * min(20, 1 + size // 7))
