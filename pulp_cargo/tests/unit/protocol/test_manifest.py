"""The Cargo.toml in a .crate file [16, 21-23, 28, 29, 66, 81-93]."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import (
    InvalidManifest,
    InvalidName,
    InvalidRegistryUrl,
    InvalidRequirement,
    InvalidVersion,
    RegistryError,
)
from pulp_cargo.protocol.index import Dependency, render_line
from pulp_cargo.protocol.manifest import parse_manifest, read_package
from pulp_cargo.protocol.registry_url import CRATES_IO
from pulp_cargo.tests.unit.protocol.properties import QUICK
from pulp_cargo.tests.unit.protocol.test_index import FROZEN

PACKAGE = '[package]\nname = "leaf"\nversion = "1.0.0"\n'


def deps(toml: str) -> tuple[Dependency, ...]:
    return parse_manifest((PACKAGE + toml).encode()).deps


def dep(toml: str) -> Dependency:
    (only,) = deps(toml)
    return only


def test_smallest_manifest():
    """Name and version are all that a private registry must have."""
    manifest = parse_manifest(PACKAGE.encode())
    assert (manifest.name, manifest.vers, manifest.deps) == ("leaf", "1.0.0", ())
    assert manifest.entry("00", None).v is None


def test_package_may_be_called_project() -> None:
    """So it was before Rust 1.0; where both are there, cargo takes the new one."""
    old = PACKAGE.replace("package", "project")
    assert parse_manifest(old.encode()).name == "leaf"
    assert parse_manifest((old.replace("leaf", "old") + PACKAGE).encode()).name == "leaf"


def test_every_field_of_the_package():
    """What the web pages and the search show comes from the manifest."""
    manifest = parse_manifest(
        (
            PACKAGE + 'description = "d"\nlicense = "MIT"\nlicense-file = "L"\nlinks = "z"\n'
            'keywords = ["k"]\ncategories = ["c"]\nhomepage = "h"\ndocumentation = "o"\n'
            'repository = "r"\nreadme = "R.md"\nedition = "2021"\nauthors = ["A"]\n'
            'rust-version = "1.60"\n[package.metadata.x]\nworkspace = true\n[features]\nb = []\na = []'
        ).encode()
    )
    assert (manifest.description, manifest.license, manifest.license_file) == ("d", "MIT", "L")
    assert (manifest.homepage, manifest.documentation, manifest.repository) == ("h", "o", "r")
    assert (manifest.keywords, manifest.categories, manifest.authors) == (("k",), ("c",), ("A",))
    assert (manifest.links, manifest.readme, manifest.edition) == ("z", "R.md", "2021")
    assert manifest.rust_version == "1.60"
    entry = manifest.entry("00", None)
    assert (entry.links, entry.rust_version) == ("z", "1.60")
    assert list(manifest.features) == ["a", "b"]


def test_metadata_of_other_tools_may_say_anything() -> None:
    """Cargo does not look into `package.metadata`."""
    toml = f"{PACKAGE}[package.metadata]\nworkspace = true"
    assert parse_manifest(toml.encode()).name == "leaf"


@pytest.mark.parametrize(
    ("value", "readme"), [('"a/R.md"', "a/R.md"), ("false", None), ("true", "README.md")]
)
def test_readme_may_be_switched_off(value, readme):
    """`readme = false` in the manifest is legal."""
    assert parse_manifest(f"{PACKAGE}readme = {value}".encode()).readme == readme


def test_dependency_without_registry_is_from_crates_io():
    """No key in the packed manifest: exactly the git URL of crates.io (23)."""
    assert dep('[dependencies]\na = "1.0"') == Dependency("a", "^1.0", registry=CRATES_IO)


def test_dependency_from_a_registry_has_its_url_verbatim():
    """`registry-index` becomes the absolute registry (24)."""
    url = "sparse+https://r.example/i/"
    assert dep(f'[dependencies.a]\nversion = "1"\nregistry-index = "{url}"').registry == url


def test_empty_registry_is_crates_io() -> None:
    """So it stands in old manifests, and so cargo takes it."""
    assert dep('[dependencies.a]\nversion = "1"\nregistry-index = ""').registry == CRATES_IO


def test_renamed_dependency_changes_places():
    """`name` = alias, `package` = real crate (21), also where both are the same word."""
    renamed = dep('[dependencies.alias]\nversion = "1"\npackage = "real"')
    assert (renamed.name, renamed.package) == ("alias", "real")
    assert dep('[dependencies.a]\nversion = "1"\npackage = "a"').package == "a"


@pytest.mark.parametrize("key", ["default-features", "default_features"])
def test_dependency_keeps_features(key):
    """`default_features:false` and features are kept (29); criterion spells it with underscore."""
    found = dep(f'[dependencies.a]\nversion = "1"\nfeatures = ["x", ""]\n{key} = false')
    assert (found.default_features, found.features) == (False, ("x",))


@pytest.mark.parametrize(
    ("table", "kind", "target"),
    [
        ("dependencies", "normal", None),
        ("dev-dependencies", "dev", None),
        ("dev_dependencies", "dev", None),
        ("build-dependencies", "build", None),
        ("build_dependencies", "build", None),
        ("target.'cfg(a=\"b\")'.dependencies", "normal", 'cfg(a = "b")'),
        ("target.x86_64-pc-windows-gnu.dev-dependencies", "dev", "x86_64-pc-windows-gnu"),
    ],
)
def test_kind_and_target_of_a_dependency(table, kind, target):
    """Each table is read in both spellings, and targets are as cargo prints them."""
    found = dep(f'[{table}]\na = "1"')
    assert (found.kind, found.target) == (kind, target)


@pytest.mark.parametrize(("value", "public"), [("true", True), ("false", False)])
def test_dependency_may_be_public(value: str, public: bool) -> None:
    """Cargo has the key as unstable, and writes what the manifest says into the index."""
    found = dep(f'[dependencies.a]\nversion = "1"\npublic = {value}')
    assert found == Dependency("a", "^1", registry=CRATES_IO, public=public)


def test_nothing_is_merged():
    """Target and kind duplicates of one dependency are all kept (26)."""
    found = deps(
        '[dependencies]\na="1"\n[dev-dependencies]\na="1"\n[target."cfg(unix)".dependencies]\na="1"'
    )
    assert [(dep.kind, dep.target) for dep in found] == [
        ("normal", None),
        ("normal", "cfg(unix)"),
        ("dev", None),
    ]


def test_artifact_dependency_hides_the_version_from_stable_cargo():
    """A dep with `artifact` makes `v` 3 (28)."""
    toml = '[dependencies.a]\nversion = "1"\nartifact = "bin"\nlib = true\ntarget = "x"'
    manifest = parse_manifest((PACKAGE + toml).encode())
    (found,) = manifest.deps
    assert (found.artifact, found.lib, found.bindep_target) == (("bin",), True, "x")
    assert manifest.entry("00", None).v == 3
    several = '[dependencies.a]\nversion = "1"\nartifact = ["bin", "cdylib"]'
    assert dep(several).artifact == ("bin", "cdylib")
    named = '[dependencies.a]\nversion = "1"\nartifact = ["bin:tool", "staticlib"]'
    assert dep(named).artifact == ("bin:tool", "staticlib")


@pytest.mark.parametrize("version", ["18446744073709551615", "1.18446744073709551615.0"])
def test_rust_version_has_numbers_of_64_bits(version):
    """As cargo reads them."""
    toml = f'{PACKAGE}rust-version = "{version}"'.encode()
    assert parse_manifest(toml).rust_version == version


@pytest.mark.parametrize(("value", "v"), [("dep:a", 2), ("a?/x", 2), ("a/x", None), ("a", None)])
def test_new_feature_syntax_is_version_2(value, v):
    """Cargo before 1.60 leaves a version alone whose features it cannot read (27)."""
    toml = f'{PACKAGE}[dependencies.a]\nversion = "1"\noptional = true\n[features]\nf = ["{value}"]'
    entry = parse_manifest(toml.encode()).entry("00", "2024-03-26T06:00:49Z")
    assert (entry.v, entry.features2, entry.pubtime) == (v, None, "2024-03-26T06:00:49Z")


MANIFESTS_OF_FROZEN = {
    "itoa": """
        [package]
        name = "itoa"
        version = "1.0.11"
        rust-version = "1.36"
        [dependencies.no-panic]
        version = "0.1"
        optional = true
    """,
    "rand_core": """
        [package]
        name = "rand_core"
        version = "0.6.4"
        [dependencies]
        serde = { version = "1", features = ["derive"], optional = true }
        getrandom = { version = "0.2", optional = true }
        [features]
        std = ["alloc", "getrandom", "getrandom/std"]
        alloc = []
        serde1 = ["serde"]
    """,
    "winapi-util": """
        [package]
        name = "winapi-util"
        version = "0.1.9"
        [target."cfg(windows)".dependencies.windows-sys]
        version = ">=0.48.0, <=0.59.*"
        features = [
            "Win32_Foundation",
            "Win32_Storage_FileSystem",
            "Win32_System_Console",
            "Win32_System_SystemInformation",
        ]
    """,
}


@pytest.mark.parametrize("name", MANIFESTS_OF_FROZEN)
def test_entry_is_that_of_crates_io(name):
    """From the same declarations crates.io made the frozen line."""
    line = next(line for line in FROZEN if json.loads(line)["name"] == name)
    frozen = json.loads(line)
    manifest = parse_manifest(MANIFESTS_OF_FROZEN[name].encode())
    ours = render_line(manifest.entry(frozen["cksum"], frozen["pubtime"]))
    assert ours.replace(f',"registry":"{CRATES_IO}"', "") == line


@pytest.mark.parametrize(
    ("toml", "error", "said"),
    [
        (b"\xff", InvalidManifest, "not UTF-8 at byte 0"),
        (b"a = \nb", InvalidManifest, "not TOML.*line 1"),
        (b"a = " + b"[" * 100_000, InvalidManifest, "not TOML"),
        (b"a = " + b"9" * 10_000, InvalidManifest, "not TOML"),
        (b"a." * 1000 + b"a = 1", InvalidManifest, "too many nested keys"),
        (b'[ "a" . ' + b"'b-c'\t. " * 1000 + b"a ]", InvalidManifest, "too many nested keys"),
        ((b"a." * 63 + b"a = 1\n") * 123, InvalidManifest, "too many nested keys"),
        (b"a." * 63 + b"a = 1", InvalidManifest, r"no `\[package\]`"),
        (b'a = "' + b"1.3.6.1.4.1.311.21.8 " * 2000 + b'"', InvalidManifest, r"no `\[package\]`"),
        (b"a = '" + b"word-" * 100_000 + b"'", InvalidManifest, r"no `\[package\]`"),
        (b"", InvalidManifest, r"no `\[package\]`"),
        (b"package = 1", InvalidManifest, "`package` of the Cargo.toml in the crate file must be"),
        (b'dependencies = 1\n[package]\nname = "a"\nversion = "1.0.0"', InvalidManifest, "a table"),
        (b"[workspace]\nmembers = []", InvalidManifest, r"no `\[package\]`"),
        (b'[package]\nversion = "1.0.0"', InvalidManifest, "no `name`"),
        (b'[package]\nname = "a"', InvalidManifest, "no `version`"),
        (b'[package]\nname = 1\nversion = "1.0.0"', InvalidManifest, "must be a string"),
        (b'[package]\nname = "a b"\nversion = "1.0.0"', InvalidName, "a b"),
        (b'[package]\nname = "a"\nversion = "1.0"', InvalidVersion, r"1\.0"),
        (b'[package]\nname = "a"\nversion.workspace = true', InvalidManifest, "inherited"),
    ],
)
def test_file_that_is_no_manifest_is_refused(toml, error, said):
    """Not UTF-8 TOML, no `[package]`, `name` or `version`: 400, with the position."""
    with pytest.raises(error, match=said):
        parse_manifest(toml)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("description.workspace = true", "`package.description` is still inherited"),
        ("[lints]\nworkspace = true", "`lints` is still inherited"),
        ("[dependencies.a]\nworkspace = true", "`workspace`"),
        ("[patch.crates-io]\na = {}", r"\[patch\]"),
        ('[replace]\n"a:1.0.0" = {}', r"\[replace\]"),
        ('[dependencies.a]\npath = "../a"', "`path`"),
        ('[dependencies.a]\nversion = "1"\ngit = "https://g.example"', "`git`"),
        ('[dependencies.a]\nversion = "1"\nbranch = "b"', "`branch`"),
        ('[dependencies.a]\nversion = "1"\nregistry = "mine"', "`registry`"),
        ("[target.x.dependencies.a]\nworkspace = true", "`workspace`"),
        ("[dependencies]\na = 1", "must be a table"),
        ("[dependencies.a]\nversion = 1", "must be a string"),
        ("[dependencies.a]\noptional = 1", "must be true or false"),
        ('[dependencies.a]\nfeatures = "x"', "must be a list"),
        ("[features]\na = 1", "must be a list"),
        ('rust-version = ""', "rust-version"),
        ('rust-version = "^1.60"', "rust-version"),
        ('rust-version = "1.60.0-beta"', "rust-version"),
        ('rust-version = "1.18446744073709551616"', "a number above 18446744073709551615"),
        ('rust-version = "99999999999999999999"', "a number above 18446744073709551615"),
        ('rust-version = "1.0.18446744073709551616"', "a number above 18446744073709551615"),
        ('[dependencies.a]\nversion = "1"\nartifact = "lib"', "'lib'; it may have `bin`"),
        ('[dependencies.a]\nversion = "1"\nartifact = ["bin", "exe"]', "'exe'; it may have"),
        ('[dependencies.a]\nversion = "1"\nartifact = "bin:"', "'bin:'; it may have `bin`"),
        ('[dependencies.a]\nversion = "1"\nartifact = ""', "''; it may have `bin`"),
        ('description = "a\\u0000b"', "cannot be stored"),
        ('[dependencies]\n"a\\u0000" = "1"', "has a key with a character that cannot be stored"),
    ],
)
def test_manifest_that_cargo_does_not_pack_is_refused(toml, said):
    """Manifest with `[patch]` or unresolved `workspace = true`: 400 (83)."""
    with pytest.raises(InvalidManifest, match=said):
        parse_manifest((PACKAGE + toml).encode())


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ('"nonsense"', InvalidRequirement),
        ('{ version = "1", registry-index = "https+x://r/" }', InvalidRegistryUrl),
        ('{ version = "1", registry-index = "sparse+https://r.example/i" }', InvalidRegistryUrl),
        ('{ version = "1", package = "-a" }', InvalidName),
    ],
)
def test_broken_dependency_is_refused(value, error):
    """Requirement that does not parse (89), slash-less sparse registry URL (93): 400."""
    with pytest.raises(error):
        deps(f"[dependencies]\na = {value}")


def test_path_beside_a_version_is_passed_over():
    """The first releases of cargo packed the manifest as written: block 0.1.6 is such a crate."""
    found = dep('[dev-dependencies.a]\nversion = "0.0"\npath = "../a"')
    assert found == Dependency("a", "^0.0", kind="dev", registry=CRATES_IO)


TEXTS = {
    "edition": "edition",
    "description": "description",
    "license": "license",
    "license_file": "license-file",
    "homepage": "homepage",
    "documentation": "documentation",
    "repository_url": "repository",
}
LISTS = ("keywords", "categories", "authors")
NOTHING = dict.fromkeys(TEXTS) | {field: [] for field in LISTS}


@pytest.mark.parametrize(("field", "key"), TEXTS.items())
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"1.0 ü"', "1.0 ü"),
        ('""', ""),
        ('"a\\u0000"', None),
        ("1", None),
        ("true", None),
        ('["a"]', None),
        ("{ workspace = true }", None),
    ],
)
def test_text_of_a_package_is_read_if_it_is_one(
    field: str, key: str, value: str, text: str | None
) -> None:
    """And what is not, or cannot be stored, is as if it were not there."""
    toml = f"[package]\n{key} = {value}\n"
    assert read_package(toml.encode()) == NOTHING | {field: text}


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ('["a", "ü"]', ["a", "ü"]),
        ('["a", 1, "b\\u0000", ["c"], "d"]', ["a", "d"]),
        ('"abc"', []),
        ("1", []),
        ("{ workspace = true }", []),
    ],
)
def test_list_of_a_package_has_the_texts_in_it(field: str, value: str, texts: list[str]) -> None:
    """One bad keyword says nothing against the others."""
    toml = f"[package]\n{field} = {value}\n"
    assert read_package(toml.encode()) == NOTHING | {field: texts}


def test_package_is_read_whatever_else_is_wrong() -> None:
    """With a name, a version and a dependency that are refused today it has its licence."""
    toml = '[package]\nname = 1\nversion = "1"\nlicense = "MIT"\n[dependencies]\na = 1\n'
    assert read_package(toml.encode()) == NOTHING | {"license": "MIT"}


def test_package_that_is_read_may_be_called_project() -> None:
    """The new name counts where both are there, as it does for cargo."""
    old, new = '[project]\nlicense = "MIT"\n', '[package]\nlicense = "ISC"\n'
    assert read_package(old.encode()) == NOTHING | {"license": "MIT"}
    assert read_package((old + new).encode()) == NOTHING | {"license": "ISC"}


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (b"", "the Cargo.toml in the crate file has no `[package]`"),
        (b"[workspace]", "the Cargo.toml in the crate file has no `[package]`"),
        (b"package = 1", "the Cargo.toml in the crate file has no `[package]`"),
        (b"\xff", "the Cargo.toml in the crate file is not UTF-8 at byte 0"),
    ],
)
def test_file_without_a_package_describes_nothing(toml: bytes, said: str) -> None:
    """There is no crate that could be told about."""
    with pytest.raises(InvalidManifest) as error:
        read_package(toml)
    assert str(error.value) == said


@QUICK
@given(st.text() | st.text("[]=\"{}.\n'packgenmvrsio-dt10", max_size=60))
def test_any_text_is_a_manifest_or_refused(text):
    """Nothing but a RegistryError comes of a bad manifest."""
    with pytest.raises(RegistryError):
        parse_manifest(text.encode(errors="replace"))
