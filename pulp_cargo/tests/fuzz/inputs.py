"""Bytes of every kind: noise, good input with damage in it, and shapes that are made to cost much."""

import gzip
import itertools
from collections.abc import Callable, Iterator, Sequence
from itertools import product

from hypothesis import strategies as st

from pulp_cargo.tests.fuzz.ordinary import HEAD
from pulp_cargo.tests.fuzz.readers import Reader
from pulp_cargo.tests.support.tarball import END, Entry, pax, tar

JSON = (
    *'{}[],:"\\',
    "null",
    "true",
    "NaN",
    "-1",
    "1e999",
    "0" * 30,
    '"\\ud800"',
    '"name":',
    '"name":"a"',
    '"vers":"1.0.%d"',
    '"deps":[',
    '"features":{',
    '"f%d":["f0"]',
    '"registry":"',
    '"cksum":"' + "0" * 64 + '"',
    '"yanked":false',
    '"affected":[',
    '"package":{"ecosystem":"crates.io","name":"a"}',
    '"events":[{"introduced":"0"}]',
    '"versions":["1.0.%d"]',
    '"dl":"https://',
    '"urls":["https://',
    '"index_line":"',
    '{"name":"a"},',
    "\u0301\u0323",
)
TOML = (
    *"[].=,#\"'{}\\ \t",
    "\n",
    '"""',
    "'''",
    "[a.b.%d]\n",
    "[[a.%d]]\n",
    "a.b.c.%d = 1\n",
    HEAD,
    "[package]\n",
    "[dependencies]\n",
    "[features]\n",
    "[[package]]\n",
    "[metadata]\n",
    "[target.'cfg(",
    ")'.dependencies]\n",
    'd%d = "1"\n',
    'f%d = ["f0"]\n',
    "keywords = [",
    'license = "',
    'homepage = "https://',
    'name = "a%d"\nversion = "1.0.0"\n',
    'source = "registry+https://',
    "```toml\n",
    "[advisory]\n",
    "[versions]\npatched = [",
    '">=1", ',
    "1979-05-27T07:32:00Z",
    "0x" + "f" * 20,
    "\u0301\u0323",
)
TEXT = (
    *"(),.-+*^~=<>/:@?#%&;[] \t",
    "cfg(",
    "all(",
    "not(",
    "any(unix,",
    'a = "b"',
    "1.0.0",
    "-a.",
    ">=1,",
    "MIT",
    " OR ",
    " AND ",
    " WITH ",
    "GPL-2.0+",
    "https://",
    "sparse+",
    "ssh://",
    "Bearer ",
    "Basic ",
    "Fri, 02 Jan 2026 ",
    "03:04:05 GMT",
    "9" * 30,
    "\u0301\u0323",
    "\u00b2",
    "\0",
)
TOKENS = {
    "body": JSON,
    "metadata": JSON,
    "manifest": TOML,
    "package": TOML,
    "crate": TOML,
    "upstream_crate": TOML,
    "index": (*JSON, "\n", "\n\n", " ", "x\n"),
    "packed_index": (*JSON, "\n", "\n\n", " ", "x\n"),
    "index_line": JSON,
    "line_deps": JSON,
    "listed": JSON,
    "listing_head": JSON,
    "lock_file": TOML,
    "project": TOML,
    "advisory": (*TOML, *JSON),
    "upstream_config": JSON,
    "upstream_search": JSON,
}
IN_JSON = (
    ("", ""),
    ("{", "}"),
    ('{"a":[', "{}]}"),
    ('{"name":"', '"}'),
    ('{"name":"a","vers":"1.0.0","deps":[', "{}]}"),
    ('{"name":"a","x":[', "{}]}\n"),
    ('{"name":"a","features":{', '"f":[]}}'),
)
IN_TOML = (
    ("", ""),
    (HEAD, ""),
    (HEAD + "a = ", "\n"),
    (HEAD + 'license = "', '"\n'),
    (HEAD + 'homepage = "https://', '"\n'),
    (HEAD + "keywords = [", "]\n"),
    (HEAD + "[dependencies]\n", ""),
    (HEAD + '[dependencies]\na = { version = "1", registry-index = "https://', '" }\n'),
    (HEAD + "[features]\n", ""),
    (HEAD + "[features]\n'", '\' = ["a"]\n'),
    (HEAD + "[target.'cfg(all(", "))'.dependencies]\n"),
    (HEAD + "[target.'", "'.dependencies]\n"),
)
# Where a reader looks into what stands there: the text before it, and the text after it.
PLACES = {
    "body": IN_JSON,
    "metadata": IN_JSON,
    "manifest": IN_TOML,
    "package": IN_TOML,
    "crate": IN_TOML,
    "upstream_crate": IN_TOML,
    "index": (*IN_JSON, ("x\n", ""), ("{}\n", "\n"), ('{"registry":"', '"}\n')),
    "packed_index": (*IN_JSON, ("x\n", ""), ("{}\n", "\n")),
    "index_line": (*IN_JSON, ('{"name":"a","vers":"1.0.0","deps":[],"x":[', "{}]}")),
    "line_deps": (*IN_JSON, ('{"name":"a","deps":[],"features":{"a":[', '"b",]}}')),
    "listed": (*IN_JSON, ('{"name":"a","vers":"1.0.0","cksum":"","index_line":"', '"}')),
    "listing_head": (*IN_JSON, ('{"listing":1,"count":1,"urls":["https://', '"]}')),
    "project": (
        *IN_TOML,
        (HEAD + "[workspace.dependencies]\n", ""),
        (HEAD + '[dependencies]\na = { workspace = true, features = ["', '"] }\n'),
        (HEAD + '[dependencies]\na = "', '"\n'),
    ),
    "lock_file": (
        ("", ""),
        ("a = ", ""),
        ('[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+https://', '"\n'),
        ('[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "git+https://', '"\n'),
        ("[metadata]\n'checksum ", '\' = "<none>"\n'),
    ),
    "advisory": (
        *IN_JSON,
        ("[advisory]\n", ""),
        ("```toml\n", "\n```\n"),
        ('{"id":"X","affected":[', "{}]}"),
    ),
    "upstream_config": (*IN_JSON, ('{"dl":"https://', '"}')),
    "upstream_search": (
        *IN_JSON,
        ('{"crates":[', "{}]}"),
        ('{"crates":[{"name":"a","max_version":"1.0.0","description":"', '"}]}'),
    ),
    "url": (("https://", "/"), ("sparse+https://", "/"), ("ssh://", "@a/"), ("", "")),
    "platform": (("cfg(", ")"), ("cfg(all(", "))"), ("", "")),
}
SMALL_SIZES = (64, 4_096, 65_536)
KINDS = b"0125xgLKS\0"


def inputs(reader: Reader, sizes: Sequence[int] = SMALL_SIZES) -> st.SearchStrategy[bytes]:
    """Return all kinds of input for a reader; those of a shape have about one of the sizes."""
    kinds = [st.binary(max_size=500), damaged(reader), damaged(reader)]
    if reader.name in ("crate", "upstream_crate"):
        texts = shaped(reader.name, sizes) | st.binary(max_size=2_000)
        kinds += [archives(texts, sizes).map(packed), archives(texts, sizes).map(packed)]
    elif reader.name == "packed_index":
        kinds += [shaped(reader.name, sizes).map(packed), members(sizes)]
    elif reader.name == "body":
        kinds += [shaped(reader.name, sizes).map(framed), frames()]
    else:
        kinds += [shaped(reader.name, sizes), shaped(reader.name, sizes)]
    return st.one_of(kinds).map(lambda data: data[: reader.limit])


def every_shape(reader: Reader, size: int) -> Iterator[bytes]:
    """Go through every token again and again in every place, in inputs of about a size."""
    pack = PACKING.get(reader.name, bytes)
    backs = ("", 'd%d = "1"\n') if PLACES.get(reader.name) is IN_TOML else ("",)
    places = PLACES.get(reader.name, (("", ""),))
    for (opening, closing), unit, back in product(places, TOKENS.get(reader.name, TEXT), backs):
        count = size // len((unit + back).encode())
        parts = (opening, *numbered(unit, count), closing, *numbered(back, count))
        yield pack("".join(parts).encode())[: reader.limit]


@st.composite
def shaped(draw: st.DrawFn, name: str, sizes: Sequence[int]) -> bytes:
    """Return something again and again, where a reader looks into it, and something else behind it."""
    tokens = TOKENS.get(name, TEXT)
    one, some = st.sampled_from(tokens), st.lists(st.sampled_from(tokens), max_size=3).map("".join)
    around = st.sampled_from(PLACES.get(name, (("", ""),))) | st.tuples(some, some)
    opening, closing = draw(around)
    unit, back, end = draw(one | some), draw(st.just("") | one | some), draw(st.just("") | some)
    size = draw(st.sampled_from(sizes))
    count = max(1, size // max(1, len((unit + back).encode())))
    parts = (opening, *numbered(unit, count), closing, *numbered(back, count), end)
    return "".join(parts).encode()


def numbered(unit: str, count: int) -> list[str]:
    """Return a text so many times, each with its number for `%d`."""
    if "%d" not in unit:
        return [unit * count]
    return [unit.replace("%d", str(number)) for number in range(count)]


@st.composite
def damaged(draw: st.DrawFn, reader: Reader) -> bytes:
    """Return good input with some bytes changed, left out, doubled or put in."""
    data = bytearray(reader.ordinary(draw(st.sampled_from((64, 2_000)))))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        until = min(len(data), at + draw(st.integers(0, 40)))
        piece = draw(
            st.binary(max_size=8)
            | st.sampled_from(TOKENS.get(reader.name, TEXT)).map(str.encode)
            | st.integers(0, 64).map(lambda count, part=data[at:until]: bytes(part) * count)
        )
        data[at:until] = piece
    return bytes(data)


@st.composite
def archives(draw: st.DrawFn, texts: st.SearchStrategy[bytes], sizes: Sequence[int]) -> bytes:
    """Return a tar archive, with odd headers, extensions and paths in it."""
    manifest = Entry(b"a-1.0.0/Cargo.toml", draw(st.just(HEAD.encode()) | texts))
    parts = [manifest, *draw(st.lists(entries(texts), max_size=4))]
    count = max(1, draw(st.sampled_from(sizes)) // 1_024)
    many = [Entry(draw(paths(number)), b"") for number in range(min(count, 3))]
    repeated = b"".join(entry.packed() for entry in many) * (count // 3)
    archive = bytearray(tar(parts)[: -len(END)] + repeated + END)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(archive) - 1))
        archive[at] = draw(st.integers(0, 255))
    return bytes(archive)


@st.composite
def entries(draw: st.DrawFn, texts: st.SearchStrategy[bytes]) -> Entry:
    """Return an entry of any kind; its size may be a lie."""
    if draw(st.booleans()):
        records = st.dictionaries(st.sampled_from(["path", "size", "mtime", "x"]), st.text())
        return pax(**draw(records))
    kind = bytes([draw(st.sampled_from(KINDS))])
    size = draw(st.none() | st.integers(0, 2**33 - 1))
    return Entry(draw(paths(0)), draw(texts), kind, size)


def paths(number: int) -> st.SearchStrategy[bytes]:
    """Return paths below the root of the crate, and others."""
    parts = st.sampled_from([b"a", b"..", b".", b"", b"con", b"A.rs", b"README.md", b"\xff", b":"])
    below = st.lists(parts, max_size=12).map(b"/".join)
    return below.map(lambda path: b"a-1.0.0/%d/" % number + path) | below


@st.composite
def members(draw: st.DrawFn, sizes: Sequence[int]) -> bytes:
    """Return several gzip members, some of them empty."""
    parts = draw(st.lists(shaped("packed_index", (64,)) | st.just(b""), min_size=1, max_size=4))
    one = b"".join(map(packed, parts))
    return one * max(1, draw(st.sampled_from(sizes)) // len(one))


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Return two parts with lengths that may be lies."""
    lengths = st.sampled_from([0, 1, 4, 2**20, 2**20 + 1, 2**32 - 1])
    parts = [draw(st.binary(max_size=40)), draw(st.binary(max_size=40))]
    said = [draw(st.just(len(part)) | lengths) for part in parts]
    return b"".join(
        itertools.chain.from_iterable(
            (length.to_bytes(4, "little"), part) for length, part in zip(said, parts, strict=True)
        )
    )


def framed(metadata: bytes) -> bytes:
    """Return the body of a publish with such metadata."""
    return len(metadata).to_bytes(4, "little") + metadata + bytes(4)


def packed(data: bytes) -> bytes:
    """Return bytes compressed, the same for the same."""
    return gzip.compress(data, 1, mtime=0)


def with_manifest(text: bytes) -> bytes:
    """Return a .crate file with such a manifest."""
    return packed(tar([Entry(b"a-1.0.0/Cargo.toml", text)]))


PACKING: dict[str, Callable[[bytes], bytes]] = {
    "body": framed,
    "crate": with_manifest,
    "upstream_crate": with_manifest,
    "packed_index": packed,
}
