"""The dependencies of a project's own Cargo.toml files."""

import pytest

from pulp_cargo.protocol import project_manifest
from pulp_cargo.protocol.errors import InvalidManifest, TooLarge
from pulp_cargo.protocol.project_manifest import (
    MAX_SIZE,
    ByName,
    ByUrl,
    Local,
    ProjectDep,
    Source,
    parse_projects,
)

HEAD = '[package]\nname = "app"\n'
ROOT = """
[workspace]
members = ["app"]
[workspace.dependencies]
serde = { version = "1.0", features = ["std"], default-features = false }
near = { path = "near" }
"""


def deps(*texts: str) -> list[ProjectDep]:
    """Return the dependencies of all files."""
    return [dep for project in parse_projects(texts) for dep in project.deps]


def one(text: str) -> ProjectDep:
    """Return the only dependency of a package."""
    (found,) = deps(HEAD + text)
    return found


@pytest.mark.parametrize(
    ("text", "crate", "req", "kind", "target"),
    [
        ('[dependencies]\na = "1.2"', "a", "^1.2", "normal", None),
        ("[dependencies.a]\nversion = '=1.0.0'", "a", "=1.0.0", "normal", None),
        ('[dev-dependencies]\na = "*"', "a", "*", "dev", None),
        ('[build-dependencies]\na = ">=1, <3"', "a", ">=1, <3", "build", None),
        ('[build_dependencies]\na = "1"', "a", "^1", "build", None),
        (
            "[target.'cfg(unix)'.dependencies]\nb = { package = 'a', version = '0.3' }",
            *("a", "^0.3", "normal", "cfg(unix)"),
        ),
        (
            "[target.i686-pc-windows-gnu.dev-dependencies]\na = '1'",
            *("a", "^1", "dev", "i686-pc-windows-gnu"),
        ),
    ],
)
def test_dependencies_of_every_kind(
    text: str, crate: str, req: str, kind: str, target: str | None
) -> None:
    """As in an index line; a renamed one is the crate that it is."""
    dep = one(text).dep
    assert (dep.crate, dep.req, dep.kind, dep.target) == (crate, req, kind, target)
    assert dep.requested == {"default"}


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ('"1"', ByUrl()),
        ('{ version = "1", registry = "company" }', ByName("company")),
        (
            '{ version = "1", registry-index = "sparse+https://r.example/" }',
            ByUrl("sparse+https://r.example/"),
        ),
        ('{ version = "1", path = "../a" }', Local("the folder `../a`")),
        ('{ git = "https://g.example/a" }', Local("the git repository `https://g.example/a`")),
        ("{ workspace = true }", Local("a workspace whose Cargo.toml was not given")),
    ],
)
def test_sources(value: str, source: Source) -> None:
    """Cargo takes a folder or a git repository even if there is a version."""
    assert one(f"[dependencies]\na = {value}").source == source


def test_dependencies_of_a_workspace() -> None:
    """They count by themselves, and are inherited with more features, whatever the order of files."""
    member = (
        HEAD
        + """[dependencies]
serde = { workspace = true, features = ["derive"], optional = true }
[dev-dependencies]
near.workspace = true
"""
    )
    for files in ((ROOT, member), (member, ROOT)):
        projects = {one.label: one for one in parse_projects(files)}
        serde, near = projects["the Cargo.toml of `app`"].deps
        assert (serde.dep.req, serde.dep.optional) == ("^1.0", True)
        assert serde.dep.requested == {"std", "derive"}
        assert (near.dep.kind, near.source) == ("dev", Local("the folder `near`"))
    assert [one.dep.crate for one in deps(ROOT)] == ["serde", "near"]
    with_default = HEAD + "[dependencies]\nserde = { workspace = true, default-features = true }"
    assert "default" in deps(ROOT, with_default)[-1].dep.requested
    same = ROOT + HEAD + "[dependencies]\nserde = { workspace = true }"
    assert [one.dep.crate for one in deps(same)] == ["serde", "near", "serde"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<<<<<<< HEAD", "Cargo.toml number 2 is not TOML.*line 1"),
        ("", "Cargo.toml number 2 has neither `.package.` nor `.workspace.`"),
        ("version = 4", "neither"),
        ("package = 1", None),
        ("dependencies = 1\n" + HEAD, None),
        (HEAD + "[dependencies]\na = 1", "`a` of `dependencies` of Cargo.toml number 2 must be"),
        (HEAD + "[dependencies]\na = 'one'", "`a` of .*: the requirement 'one' is invalid"),
        (HEAD + "[dependencies]\na = {}", "`a` of .* has none of `version`, `path`, `git`"),
        (HEAD + "[dependencies]\na = { version = 1 }", "`version` of `a` .* must be a string"),
        (HEAD + "[dependencies]\n'a b' = '1'", "`a b` of .*: .*'a b'"),
        (HEAD + "[dependencies]\na = { version = '1', package = '-' }", "`a` of .*: .*'-'"),
        (HEAD + "[target.'cfg('.dependencies]\na = '1'", "`cfg\\(` of `target` .*: `cfg\\(`"),
        (
            HEAD + "[dependencies]\na = { version = '1', registry-index = 'x' }",
            "`a` of .*: .*'x' cannot be used",
        ),
        (ROOT.replace('"1.0"', '"one"'), "`serde` of .*workspace.*: the requirement 'one'"),
    ],
)
def test_files_that_are_refused(text: str, said: str | None) -> None:
    """The sentence names the file, the place, the value and the rule."""
    with pytest.raises(InvalidManifest, match=said or "must be a table"):
        parse_projects([HEAD, text])


def test_largest_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes, in dependencies of one file, and in those of all."""
    assert parse_projects([HEAD.ljust(MAX_SIZE, "#")])[0].deps == ()
    with pytest.raises(TooLarge, match=f"{MAX_SIZE + 1} bytes, more than {MAX_SIZE}"):
        parse_projects([HEAD.ljust(MAX_SIZE + 1, "#")])
    file = HEAD + "[dependencies]\na = '1'\nb = '1'"
    monkeypatch.setattr(project_manifest, "MOST_IN_ALL", 3)
    with pytest.raises(TooLarge, match="more than 3 dependencies"):
        parse_projects([file, file])
    monkeypatch.setattr(project_manifest, "MOST_DEPENDENCIES", 1)
    with pytest.raises(TooLarge, match="number 1 has 2 dependencies, more than 1"):
        parse_projects([file])


def test_patches_by_crates_of_registries() -> None:
    """They count like dependencies, with the features of what they replace; other patches do not."""
    found = deps(
        HEAD
        + """[dependencies]
log = { version = "0.4", features = ["std"] }
[patch.crates-io]
log = { version = "0.4.20", registry = "company", features = ["ignored"] }
rand = { package = "rand-fork", version = "1", registry-index = "sparse+https://r.example/" }
near = { path = "../near" }
far = { git = "https://g.example/far" }
[patch."https://g.example/a"]
plain = "2"
"""
    )
    assert [(one.dep.crate, one.dep.req, one.source) for one in found] == [
        ("log", "^0.4", ByUrl()),
        ("log", "^0.4.20", ByName("company")),
        ("rand-fork", "^1", ByUrl("sparse+https://r.example/")),
        ("plain", "^2", ByUrl()),
    ]
    assert [one.dep.requested for one in found[:3]] == [
        {"default", "std"},
        {"default", "std"},
        {"default"},
    ]


def test_patches_count_towards_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those of a file."""
    monkeypatch.setattr(project_manifest, "MOST_DEPENDENCIES", 1)
    with pytest.raises(TooLarge, match="number 1 has 2 dependencies, more than 1"):
        parse_projects([HEAD + "[dependencies]\na = '1'\n[patch.crates-io]\nb = '1'"])
