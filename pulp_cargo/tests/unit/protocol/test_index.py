"""Lines and files of the index [14-30, 102], with lines frozen from crates.io."""

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import InvalidMetadata, RegistryError
from pulp_cargo.protocol.index import Dependency, IndexEntry, parse_line, render_line, sort_deps
from pulp_cargo.protocol.index_file import as_yanked, render_file, strong_etag, with_own_registry
from pulp_cargo.tests.unit.protocol.properties import QUICK

FROZEN = Path(__file__).with_name("crates_io_lines.jsonl").read_text("utf-8").splitlines()
CKSUM = "0123456789abcdef" * 4
LEAF = IndexEntry(name="leaf", vers="1.0.0", deps=(), cksum=CKSUM, features={})
LEAF_LINE = (
    '{"name":"leaf","vers":"1.0.0","deps":[],"cksum":"' + CKSUM + '","features":{},"yanked":false}'
)
EVERYTHING = IndexEntry(
    name="Lab_base",
    vers="1.0.0+b.5",
    deps=(
        Dependency(name="x", req="^1"),
        Dependency(
            name="alias",
            req="*",
            features=("a",),
            optional=True,
            default_features=False,
            target='cfg(target_os = "linux")',
            kind="build",
            registry="sparse+https://r.example/i/",
            package="real",
            public=True,
            artifact=("bin", "cdylib"),
            bindep_target="x86_64-unknown-none",
            lib=True,
        ),
    ),
    cksum=CKSUM,
    features={"default": ("alias",)},
    features2={"new": ("dep:alias",)},
    yanked=True,
    links="base",
    rust_version="1.60",
    pubtime="2024-03-26T06:00:49Z",
    v=3,
)
EVERYTHING_LINE = (
    '{"name":"Lab_base","vers":"1.0.0+b.5","deps":['
    '{"name":"x","req":"^1","features":[],"optional":false,"default_features":true,"target":null,'
    '"kind":"normal","registry":null},'
    '{"name":"alias","req":"*","features":["a"],"optional":true,"default_features":false,'
    '"target":"cfg(target_os = \\"linux\\")","kind":"build","registry":"sparse+https://r.example/i/",'
    '"package":"real","public":true,"artifact":["bin","cdylib"],'
    '"bindep_target":"x86_64-unknown-none","lib":true}],'
    '"cksum":"' + CKSUM + '","features":{"default":["alias"]},"features2":{"new":["dep:alias"]},'
    '"yanked":true,"links":"base","rust_version":"1.60","pubtime":"2024-03-26T06:00:49Z","v":3}'
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
FEATURES = st.dictionaries(TEXTS, st.lists(TEXTS, max_size=2).map(tuple), max_size=3)
DEPS = st.builds(
    Dependency,
    name=TEXTS,
    req=TEXTS,
    features=st.lists(TEXTS, max_size=2).map(tuple),
    optional=st.booleans(),
    default_features=st.booleans(),
    target=st.none() | TEXTS,
    kind=st.sampled_from(["normal", "build", "dev"]),
    registry=st.none() | TEXTS,
    package=st.none() | TEXTS,
)
ENTRIES = st.builds(
    IndexEntry,
    name=TEXTS,
    vers=st.just("1.0.0"),
    deps=st.lists(DEPS, max_size=2).map(tuple),
    cksum=st.just(CKSUM),
    features=FEATURES,
    yanked=st.booleans(),
    links=st.none() | TEXTS,
    v=st.none() | st.integers(1, 3),
)


@pytest.mark.parametrize(
    ("entry", "line"),
    [(LEAF, LEAF_LINE), (EVERYTHING, EVERYTHING_LINE)],
    ids=["leaf", "everything"],
)
def test_line_has_the_keys_of_crates_io_in_their_order(entry, line):
    """name, vers, deps, cksum, features and yanked always, the rest only when set (16, 20)."""
    assert render_line(entry) == line
    assert parse_line(line) == entry


@pytest.mark.parametrize("line", FROZEN, ids=lambda line: json.loads(line)["name"])
def test_line_of_crates_io_is_read_and_written_alike(line):
    """crates.io leaves `registry` out where we write null; nothing else differs."""
    written = render_line(parse_line(line))
    assert written.replace(',"registry":null', "") == line


@QUICK
@given(ENTRIES)
def test_parse_is_the_inverse_of_render(entry):
    """A line gives back its entry, and stands on one line whatever is in it (14)."""
    line = render_line(entry)
    assert "\n" not in line
    assert parse_line(line) == entry


@QUICK
@given(ENTRIES)
def test_yank_flips_one_value_and_nothing_else(entry):
    """Nothing else in the line changes; order stays (102)."""
    entry = dataclasses.replace(entry, yanked=False)
    yanked = as_yanked(render_line(entry))
    assert parse_line(yanked) == dataclasses.replace(entry, yanked=True)
    assert as_yanked(yanked) == yanked


def test_yank_is_not_fooled_by_strings():
    """A string may hold what looks like the key: its quotes are escaped."""
    entry = dataclasses.replace(LEAF, links='"yanked":false', features={"yanked": ("false",)})
    assert parse_line(as_yanked(render_line(entry))) == dataclasses.replace(entry, yanked=True)


def test_own_registry_becomes_null():
    """A dep published through another URL of this same registry comes out as null (22, 25)."""
    ours, other = ["sparse+http://localhost/i/", "sparse+http://ü/i/"], "sparse+http://localhost/2/"
    deps = tuple(Dependency("a", "^1", registry=url) for url in (ours[1], other, ours[0]))
    line = with_own_registry(render_line(dataclasses.replace(LEAF, deps=deps)), ours)
    assert [dep.registry for dep in parse_line(line).deps] == [None, other, None]


def test_own_registry_is_not_looked_for_in_strings():
    """Only the value of the key changes."""
    text = '"registry":"https://r.example/i"'
    line = render_line(dataclasses.replace(LEAF, links=text))
    assert with_own_registry(line, ["https://r.example/i"]) == line


def change(**values: object) -> str:
    return json.dumps(json.loads(EVERYTHING_LINE) | values)


def without(key: str) -> str:
    return json.dumps({k: v for k, v in json.loads(EVERYTHING_LINE).items() if k != key})


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "nonsense",
        "[" * 100_000,
        "\ufeff" + LEAF_LINE,
        without("name"),
        without("vers"),
        without("deps"),
        without("cksum"),
        change(name=None),
        change(name="a\0b"),
        change(name="\ud800"),
        change(vers="1.0"),
        change(deps=None),
        change(deps={}),
        change(deps=[[]]),
        change(deps=[{"name": "a"}]),
        change(cksum=None),
        change(cksum="ABCDEF" * 11),
        change(features=None),
        change(features=[]),
        change(features={"a": "b"}),
        change(features={"a": [1]}),
        change(yanked="false"),
        change(yanked=1),
        change(pubtime="2024-03-26T06:00:49.123Z"),
        change(pubtime="2024-03-26T06:00:49+00:00"),
        change(v="2"),
        change(v=True),
        change(links=1),
    ],
)
def test_line_that_cargo_loses_is_refused(line):
    """Missing or null where it must not be, wrong types, times with fractions: version lost."""
    with pytest.raises(InvalidMetadata):
        parse_line(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (change(cksum="A"), "`cksum` of the index line is 'A'"),
        (change(pubtime="yesterday"), "`pubtime` of the index line is 'yesterday'"),
        (change(deps=[{"name": "a"}]), r"`deps\[0\]` of the index line has no `req`"),
        (change(features={"a": "b"}), "`a` of `features` of the index line must be a list"),
    ],
)
def test_refusal_names_key_and_value(line: str, said: str) -> None:
    """Whoever wrote the line by hand finds the place."""
    with pytest.raises(InvalidMetadata, match=said):
        parse_line(line)


def test_defaults_of_a_dependency():
    """Since 1.84 cargo fills in what is missing; an unknown kind is read as normal."""
    line = change(deps=[{"name": "a", "req": "^1", "kind": "future", "unknown": 1}])
    assert parse_line(line).deps == (Dependency(name="a", req="^1"),)


def test_missing_features_and_yanked_have_defaults():
    """`features` may be missing, `yanked` may be null."""
    line = json.loads(LEAF_LINE) | {"yanked": None, "new-key": []}
    del line["features"]
    assert parse_line(json.dumps(line)) == LEAF


def test_dependencies_are_in_the_order_of_crates_io():
    """By name, then normal before build before dev; nothing is merged (26)."""
    ordered = (
        Dependency("a", "^1"),
        Dependency("a", "^1", registry="https://a.example"),
        Dependency("a", "^1", registry="https://b.example"),
        Dependency("a", "^1", features=("x",)),
        Dependency("a", "^1", package="a"),
        Dependency("a", "^1", package="b"),
        Dependency("a", "^1", target="cfg(unix)"),
        Dependency("a", "^1", target="cfg(windows)"),
        Dependency("a", "^1", target="cfg(windows)", package="a"),
        Dependency("a", "^1", optional=True),
        Dependency("a", "^2"),
        Dependency("a", "^1", kind="build"),
        Dependency("a", "^1", kind="dev"),
        Dependency("a", "^1", kind="dev"),
        Dependency("b", "^1"),
    )
    assert sort_deps(ordered[::-1]) == ordered


def test_file_is_its_lines():
    """Each line ends with a newline, and there is no BOM (14)."""
    assert render_file(['{"name":"ü"}', "{}"]) == b'{"name":"\xc3\xbc"}\n{}\n'


def test_etag_changes_with_the_bytes():
    """Publish, yank and unyank each change the ETag (34); it is visible ASCII in quotes."""
    plain, yanked = (strong_etag(line.encode()) for line in (LEAF_LINE, as_yanked(LEAF_LINE)))
    assert plain != yanked
    assert plain[0] == plain[-1] == '"' and plain.isascii() and len(plain) == 34


@QUICK
@given(st.text())
def test_any_text_is_a_line_or_refused(text):
    """Nothing but a RegistryError comes of a bad line."""
    with pytest.raises(RegistryError):
        parse_line(text)
