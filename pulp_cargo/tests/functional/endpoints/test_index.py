"""Index files: where they are, and what each line says (Cargo Book, "Registry Index")."""

import json
import re
from urllib.parse import quote

import pytest

from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry, index_path
from pulp_cargo.tests.support.stack import Stack

THIRD = "sparse+https://other.example/index/"
TYPES = {
    "name": str, "vers": str, "deps": list, "cksum": str, "features": dict, "yanked": bool,
}  # fmt: skip
DEP_TYPES = {
    "name": str, "req": str, "features": list, "optional": bool, "default_features": bool,
    "target": (str, type(None)), "kind": str, "registry": (str, type(None)),
}  # fmt: skip
ODD_PATHS = [
    "my/cr/%2e%2e/%2e%2e/config.json", "../my-crates/config.json", "a/../../x", "se/rd/serde%00",
    "%00", "%ff/%fe/%ff%fe", "se/rd/" + "x" * 5000, "se/rd/" + "%61" * 2000, "se//serde", "//", "1/",
    "1/a/", "se/rd/serde?x=%00", "%25%30%30", "se/rd/sérde", "3/a/%41bc", "ab/cd/abcd.json",
]  # fmt: skip


@pytest.fixture(scope="module")
def small(stack: Stack) -> Registry:
    """A registry of its own, where short names are free."""
    registry = stack.make_registry()
    for name in ("a", "io", "Log", "MyCrate", "my_crate2", "opt-dep"):
        registry.publish(Crate(name))
    return registry


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("1/a", "a"), ("2/io", "io"), ("3/l/log", "Log"), ("my/cr/mycrate", "MyCrate"),
        ("my/_c/my_crate2", "my_crate2"), ("op/t-/opt-dep", "opt-dep"),
    ],
)  # fmt: skip
def test_path_is_lower_case_and_the_name_keeps_its_spelling(small: Registry, path: str, name: str):
    """One, two, three and more letters [7, 8]."""
    answer = small.get(path)
    assert answer.status == 200
    assert json.loads(answer.body)["name"] == name


@pytest.mark.parametrize(
    "path",
    [
        "my/-c/my-crate2", "my/cr/my_crate", "xx/yy/mycrate", "my/xx/mycrate", "3/m/mycrate",
        "2/a", "1/io", "3/x/log", "lo/g/log", "my/cr/mycrate/x", "my/mycrate", "mycrate", "a",
        "op/t_/opt_dep", "no/su/nosuch", "1/b", "2/bb", "3/b/bbb",
    ],
)  # fmt: skip
def test_any_other_path_is_404(small: Registry, path: str):
    """Hyphens are not underscores, the prefix fits the name, unknown is 404 [9, 10, 11]."""
    answer = small.get(path)
    assert answer.status == 404
    assert answer.detail


@pytest.mark.parametrize("path", ["MY/CR/MYCRATE", "My/Cr/MyCrate", "3/L/Log"])
def test_upper_case_path_is_no_second_copy(small: Registry, path: str):
    """404, or a redirect to the one in lower case [10]."""
    assert small.get(path).status in (301, 404)


@pytest.mark.parametrize("path", ODD_PATHS, ids=lambda path: path[:20])
def test_odd_path_is_no_server_error(small: Registry, path: str):
    """404 or 400, whatever is asked for [13]."""
    answer = small.get(path.encode("utf-8").decode("latin-1") if path.isascii() else quote(path))
    assert answer.status in (400, 404)


def test_crate_without_versions_is_404(stack: Stack, small: Registry):
    """An index file is never empty [12]."""
    registry = stack.make_registry()
    registry.publish(Crate("gone"))
    stack.rest.post(f"{registry.repository}modify/", remove_content_units=["*"])
    assert registry.index_file("gone").status == 404
    assert registry.download("gone").status == 404


def test_every_line_has_every_field_with_its_type(registry: Registry, name: str):
    """Cargo silently loses a version of which a field is null or of another type [14, 16, 20]."""
    deps = [
        Dep(name="serde", registry=CRATES_IO),
        Dep(name="cc", kind="build", registry=CRATES_IO, target="cfg(unix)", optional=False),
    ]
    registry.publish(Crate(name, deps=deps))
    body = registry.index_file(name).body
    assert not body.startswith(b"\xef\xbb\xbf")
    assert body.endswith(b"\n") and body.count(b"\n") == 1
    entry = json.loads(body)
    assert {key: type(entry[key]) for key in TYPES} == TYPES
    for dep in entry["deps"]:
        assert all(isinstance(dep[key], kind) for key, kind in DEP_TYPES.items())


def test_every_version_has_one_line(registry: Registry, name: str):
    """In order of publication, which never changes [15]."""
    order = ["1.0.0", "0.1.0", "2.0.0-rc.1", "1.0.1+b", "2.0.0"]
    for vers in order:
        registry.publish(Crate(name, vers))
    found = [entry["vers"] for entry in registry.index(name)]
    assert sorted(found) == sorted(order)
    assert found == [entry["vers"] for entry in registry.index(name)]


def test_optional_fields(registry: Registry, name: str):
    """`links` and `rust_version` as the manifest has them, `pubtime` to the second [17, 18, 19]."""
    crate = Crate(name, package={"links": "git2", "rust-version": "1.60"})
    registry.publish(crate)
    entry = registry.entry(name)
    assert (entry["links"], entry["rust_version"]) == ("git2", "1.60")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["pubtime"])
    assert entry["cksum"] == crate.cksum(registry.index_url)


def test_pubtime_is_for_ever(registry: Registry, stack: Stack, name: str):
    """Yank, unyank, and a copy into another repository keep it [18]."""
    registry.publish(Crate(name))
    pubtime = registry.entry(name)["pubtime"]
    registry.yank(name)
    registry.unyank(name)
    assert registry.entry(name)["pubtime"] == pubtime
    unit = stack.rest.list("content/cargo/crates/", name=name)[0]["pulp_href"]
    other = stack.make_registry()
    stack.rest.post(f"{other.repository}modify/", add_content_units=[unit])
    assert other.entry(name)["pubtime"] == pubtime


def test_renamed_dependency(registry: Registry, name: str):
    """`name` is the alias, `package` the crate [21]."""
    registry.publish(Crate(name, deps=[Dep(name="rand", alias="dice", registry=CRATES_IO)]))
    (dep,) = registry.entry(name)["deps"]
    assert (dep["name"], dep["package"]) == ("dice", "rand")


def test_dependency_that_is_not_renamed(registry: Registry, name: str):
    """No `package`, or null [21]."""
    registry.publish(Crate(name, deps=[Dep(name="rand", registry=CRATES_IO)]))
    assert registry.entry(name)["deps"][0].get("package") is None


def test_every_occurrence_of_a_dependency_is_kept(registry: Registry, name: str):
    """Per kind, per target, per alias; in crates.io's order [26]."""
    rand = {"name": "rand", "registry": CRATES_IO}
    deps = [
        Dep(**rand, kind="dev", req="^3"),
        Dep(**rand, kind="build", req="^2"),
        Dep(**rand, req="^1"),
        Dep(**rand, target="cfg(unix)", req="^1.1"),
        Dep(**rand, target="x86_64-pc-windows-gnu", req="^1.2"),
        Dep(**rand, alias="dice", req="^4"),
    ]
    registry.publish(Crate(name, deps=deps))
    found = [(d["name"], d["kind"], d["req"], d["target"]) for d in registry.entry(name)["deps"]]
    assert found == [
        ("dice", "normal", "^4", None),
        ("rand", "normal", "^1", None),
        ("rand", "normal", "^1.1", "cfg(unix)"),
        ("rand", "normal", "^1.2", "x86_64-pc-windows-gnu"),
        ("rand", "build", "^2", None),
        ("rand", "dev", "^3", None),
    ]


def test_features_of_a_dependency_are_kept(registry: Registry, name: str):
    """And that its default features are off [29]."""
    dep = Dep(name="rand", registry=CRATES_IO, default_features=False, features=["std", "log"])
    registry.publish(Crate(name, deps=[dep]))
    (found,) = registry.entry(name)["deps"]
    assert (found["default_features"], found["features"]) == (False, ["std", "log"])


def test_new_kinds_of_features(registry: Registry, name: str):
    """`dep:` and `?/` stay as they are, and `v` tells cargo before 1.60 to keep away [27, 28]."""
    features = {"a": ["dep:rand"], "b": ["rand?/std"], "c": ["a", "b"]}
    registry.publish(
        Crate(name, deps=[Dep(name="rand", registry=CRATES_IO, optional=True)], features=features)
    )
    entry = registry.entry(name)
    assert {**entry["features"], **(entry.get("features2") or {})} == features
    assert entry["v"] == 2


def test_artifact_dependency_is_version_3(registry: Registry, name: str):
    """Stable cargo leaves such a version alone [28]."""
    registry.publish(
        Crate(name, deps=[Dep(name="tool", registry=CRATES_IO, kind="build", artifact=["bin"])])
    )
    assert registry.entry(name)["v"] == 3


def test_plain_crate_is_version_1_or_2(registry: Registry, name: str):
    """Nothing that an old cargo would not know [28]."""
    registry.publish(Crate(name, features={"std": []}))
    assert registry.entry(name).get("v", 1) in (1, 2)


def test_requirements_are_written_as_cargo_writes_them(registry: Registry, name: str):
    """A bare requirement is a caret one, spaces follow the commas [16]."""
    pairs = [
        ("1", "^1"), ("1.0.3", "^1.0.3"), (">=1,<2", ">=1, <2"), (">= 0.3", ">=0.3"), ("*", "*"),
        ("1.*", "1.*"), ("~1.2", "~1.2"), ("=1.0.0-rc.1", "=1.0.0-rc.1"), ("<=0.61.*", "<=0.61"),
    ]  # fmt: skip
    deps = [Dep(name=f"d{i}", req=req, registry=CRATES_IO) for i, (req, _) in enumerate(pairs)]
    registry.publish(Crate(name, deps=deps))
    assert [dep["req"] for dep in registry.entry(name)["deps"]] == [want for _, want in pairs]


def test_text_beyond_ascii(registry: Registry, name: str):
    """Feature names may be in any script [14]."""
    registry.publish(Crate(name, features={"größe": [], "日本": ["größe"]}))
    assert registry.entry(name)["features"] == {"größe": [], "日本": ["größe"]}


def test_same_bytes_without_a_change(registry: Registry, name: str):
    """A change elsewhere in the registry is none [30]."""
    registry.publish(Crate(name))
    first = registry.index_file(name)
    registry.publish(Crate(f"{name}-other"))
    second = registry.index_file(name)
    assert (first.body, first.headers["etag"]) == (second.body, second.headers["etag"])


def test_index_path_of_the_tests_is_the_books():
    """The examples of the Cargo Book [7]."""
    names = {"a": "1/a", "cc": "2/cc", "log": "3/l/log", "Serde": "se/rd/serde"}
    assert {name: index_path(name) for name in names} == names
