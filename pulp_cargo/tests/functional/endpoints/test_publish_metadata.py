"""What a publish says of its crate: the manifest in the file is the truth."""

import pytest

from pulp_cargo.tests.conftest import Refuse
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry

SERDE = Dep(name="serde", registry=CRATES_IO)
OPTIONAL = Dep(name="serde", registry=CRATES_IO, optional=True)

BAD_MANIFESTS = [
    ("not UTF-8", b"[package]\nname = '\xff'\n", "UTF-8"),
    ("not TOML", b"[package\n", "TOML"),
    ("nested deep", b"a = " + b"[" * 50_000, "TOML"),
    ("empty", b"", "[package]"),
    ("no package", b"[lib]\n", "[package]"),
    ("no name", b"[package]\nversion = '1.0.0'\n", "name"),
    ("no version", b"[package]\nname = 'NAME'\n", "version"),
    ("another name", b"[package]\nname = 'other'\nversion = '1.0.0'\n", "other"),
    ("another spelling", b"[package]\nname = 'UPPER'\nversion = '1.0.0'\n", "UPPER"),
    ("another version", b"[package]\nname = 'NAME'\nversion = '1.0.1'\n", "1.0.1"),
    ("other build metadata", b"[package]\nname = 'NAME'\nversion = '1.0.0+b'\n", "1.0.0+b"),
]
BAD_TAILS = [
    ("a patch", "[patch.crates-io]\nserde = { path = 'x' }", "patch"),
    ("a replacement", "[replace]\n'serde:1.0.0' = { path = 'x' }", "replace"),
    ("an inherited dependency", "[dependencies]\nserde = { workspace = true }", "workspace"),
    ("an inherited field", "[package.homepage]\nworkspace = true", "homepage"),
    ("inherited lints", "[lints]\nworkspace = true", "lints"),
    ("a dependency by path alone", "[dependencies]\nserde = { path = '../serde' }", "path"),
    (
        "a dependency from git",
        "[dependencies]\nserde = { version = '1', git = 'https://x.y/z' }",
        "git",
    ),
    (
        "a registry by name",
        "[dependencies]\nserde = { version = '1', registry = 'mine' }",
        "registry",
    ),
    ("a dependency that is a number", "[dependencies]\nserde = 1", "serde"),
    ("a dependency with a bad name", "[dependencies]\n'a b' = '1'", "a b"),
    ("a dependency with a long name", f"[dependencies]\n{'a' * 65} = '1'", "64"),
]
BAD_REQUIREMENTS = ["", "one", "1.2.3.4", "^", "1 2", ">=1 <2", "~*", "1.0.0-", "=1.*.0", "v1"]
BAD_URLS = [
    "sparse+https://o.example/i", "i", "/i/", "sparse+/i/", "https://", "sparse+ftp://o.example/i/",
    "sparse+https://o.example/i/?q", "ftp://o.example/", "sparse+https://o.example/ i/",
]  # fmt: skip
BAD_FEATURES = [
    ("naming nothing", {"a": ["b"]}, [], "`b`"),
    ("dep: on what is not optional", {"a": ["dep:serde"]}, [SERDE], "dep:serde"),
    ("dep: on nothing", {"a": ["dep:serde"]}, [], "dep:serde"),
    ("a weak feature of what is not optional", {"a": ["serde?/std"]}, [SERDE], "serde?/std"),
    ("a bare name of what is not optional", {"a": ["serde"]}, [SERDE], "serde"),
    ("a feature of nothing", {"a": ["serde/std"]}, [], "serde/std"),
    ("a dependency that nothing turns on", {"serde": []}, [OPTIONAL], "serde"),
    ("itself", {"default": ["default"]}, [], "default"),
    ("dep: with a slash", {"a": ["dep:serde/std"]}, [OPTIONAL], "dep:serde/std"),
    ("two slashes", {"a": ["serde/std/x"]}, [SERDE], "serde/std/x"),
    ("an empty name", {"": []}, [], "feature"),
    ("a name with a space", {"a b": []}, [], "a b"),
    ("a name with a slash", {"a/b": []}, [], "a/b"),
    ("a name with dep:", {"dep:a": []}, [], "dep:a"),
    ("a name with a leading hyphen", {"-a": []}, [], "-a"),
    ("a name with a leading plus", {"+a": []}, [], "+a"),
]


@pytest.mark.parametrize(
    ("manifest", "words"), [case[1:] for case in BAD_MANIFESTS], ids=[c[0] for c in BAD_MANIFESTS]
)
def test_manifest_that_is_not_the_crates_is_refused(
    registry: Registry, refuse: Refuse, name: str, manifest: bytes, words: str
):
    """The manifest names just the crate and version of the JSON and of the folder [66, 82]."""
    upper = name.upper().encode()
    manifest = manifest.replace(b"NAME", name.encode()).replace(b"UPPER", upper)
    detail = refuse(registry, Crate(name, manifest_bytes=manifest))
    assert words.replace("UPPER", name.upper()) in detail


@pytest.mark.parametrize(
    ("tail", "words"), [case[1:] for case in BAD_TAILS], ids=[case[0] for case in BAD_TAILS]
)
def test_manifest_that_cargo_did_not_normalise_is_refused(
    registry: Registry, refuse: Refuse, name: str, tail: str, words: str
):
    """What only means something on the author's machine never comes from `cargo package` [83]."""
    assert words in refuse(registry, Crate(name, manifest_tail=tail))


@pytest.mark.parametrize(
    "version",
    ["", ">=1.60", "1.60.0-beta", "1.60.0.0", "one", "1.x", "1.18446744073709551616"],
)
def test_rust_version_that_would_hide_the_crate_is_refused(
    registry: Registry, refuse: Refuse, name: str, version: str
):
    """Cargo loses a version whose `rust_version` is not one to three numbers [19]."""
    assert repr(version) in refuse(registry, Crate(name, package={"rust-version": version}))


def test_manifest_overrules_the_json(registry: Registry, name: str):
    """Dependencies, features and links of the index are those that consumers build [87]."""
    crate = Crate(
        name,
        deps=[SERDE],
        features={"std": []},
        package={"links": "z"},
        json_changes={"deps": [], "features": {"x": ["y"]}, "links": "other"},
    )
    registry.publish(crate)
    entry = registry.entry(name)
    assert [dep["name"] for dep in entry["deps"]] == ["serde"]
    assert entry["features"] == {"std": []}
    assert entry["links"] == "z"


def test_optional_dev_dependency_is_refused(registry: Registry, refuse: Refuse, name: str):
    """Cargo loses such a version [88]."""
    dep = Dep(name="serde", registry=CRATES_IO, kind="dev", optional=True)
    assert "serde" in refuse(registry, Crate(name, deps=[dep]))


@pytest.mark.parametrize("req", BAD_REQUIREMENTS)
def test_requirement_that_does_not_parse_is_refused(
    registry: Registry, refuse: Refuse, name: str, req: str
):
    """Cargo loses a version with such a dependency [89]."""
    crate = Crate(name, deps=[Dep(name="serde", registry=CRATES_IO, req=req)])
    assert repr(req) in refuse(registry, crate)


@pytest.mark.parametrize(
    ("features", "deps", "words"),
    [case[1:] for case in BAD_FEATURES],
    ids=[c[0] for c in BAD_FEATURES],
)
def test_feature_that_cargo_cannot_use_is_refused(
    registry: Registry,
    refuse: Refuse,
    name: str,
    features: dict[str, list[str]],
    deps: list[Dep],
    words: str,
):
    """A crate that cargo would not see is refused rather than invisible [90]."""
    assert words in refuse(registry, Crate(name, deps=deps, features=features))


def test_features_beyond_the_limit_are_refused(registry: Registry, refuse: Refuse, name: str):
    """The sentence has the limit and the count; real crates are far below [91]."""
    features = {f"f{number}": [] for number in range(10_001)}
    detail = refuse(registry, Crate(name, features=features, json_changes={"features": {}}))
    assert "10000" in detail and "10001" in detail


def test_as_many_features_as_real_crates_have(registry: Registry, name: str):
    """web-sys has 1,727 features and is on crates.io [91]."""
    registry.publish(Crate(name, features={f"f{number}": [] for number in range(1_727)}))
    assert len(registry.entry(name)["features"]) == 1_727


def test_dependencies_beyond_the_limit_are_refused(registry: Registry, refuse: Refuse, name: str):
    """The sentence has the limit and the count [91]."""
    deps = [Dep(name=f"d{number}", registry=CRATES_IO) for number in range(5_001)]
    detail = refuse(registry, Crate(name, deps=deps, json_changes={"deps": []}))
    assert "5000" in detail and "5001" in detail


@pytest.mark.parametrize("url", BAD_URLS)
def test_registry_url_that_breaks_consumers_is_refused(
    registry: Registry, refuse: Refuse, name: str, url: str
):
    """A relative URL, or a sparse one without a final slash, would be read by every consumer [93]."""
    crate = Crate(name, deps=[Dep(name="leaf", registry=url)])
    assert url in refuse(registry, crate)
