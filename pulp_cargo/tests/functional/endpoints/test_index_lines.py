"""What each line of an index file says (Cargo Book, "Registry Index", "JSON Schema")."""

import json
import re

from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

TYPES = {
    "name": str, "vers": str, "deps": list, "cksum": str, "features": dict, "yanked": bool,
}  # fmt: skip
DEP_TYPES = {
    "name": str, "req": str, "features": list, "optional": bool, "default_features": bool,
    "target": (str, type(None)), "kind": str, "registry": (str, type(None)),
}  # fmt: skip


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
    """In order of publication, within a second in that of SemVer; this never changes [15]."""
    by_semver = ["0.1.0", "1.0.0", "1.0.1+b", "2.0.0-rc.1", "2.0.0"]
    for vers in ("1.0.0", "0.1.0", "2.0.0-rc.1", "1.0.1+b", "2.0.0"):
        registry.publish(Crate(name, vers))
    found = [(entry["pubtime"], by_semver.index(entry["vers"])) for entry in registry.index(name)]
    assert len(found) == len(by_semver)
    assert found == sorted(found)
    before = registry.index_file(name).body
    registry.publish(Crate(name, "3.0.0"))
    assert registry.index_file(name).body.startswith(before)


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
    assert (entry["features"], entry["v"]) == (features, 2)
    assert "features2" not in entry


def test_artifact_dependency_is_version_3(registry: Registry, name: str):
    """Stable cargo leaves such a version alone [28]."""
    registry.publish(
        Crate(name, deps=[Dep(name="tool", registry=CRATES_IO, kind="build", artifact=["bin"])])
    )
    assert registry.entry(name)["v"] == 3


def test_plain_crate_has_no_version_of_the_format(registry: Registry, name: str):
    """That is version 1: nothing that an old cargo would not know, and no `features2` [28]."""
    registry.publish(Crate(name, features={"std": []}))
    assert {"v", "features2"}.isdisjoint(registry.entry(name))


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
