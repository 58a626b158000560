"""What is read of a .crate file that is published here, and of one that an upstream has."""

import io
from collections.abc import Mapping
from dataclasses import replace

import pytest

from pulp_cargo.protocol.crate_file import CrateFile, Origin
from pulp_cargo.protocol.errors import InvalidCrateFile, InvalidFeatures, RegistryError, RuleBroken
from pulp_cargo.protocol.index import Dependency
from pulp_cargo.rules.limits import PublishLimits
from pulp_cargo.rules.read_crate import UpstreamCrate, read_published, read_upstream
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.tarball import SYMLINK, Entry

LIMITS = PublishLimits()
README = {"README.md": b"# leaf", "src/lib.rs": b""}
DEEP = {"docs/Intro.md": b"# deep", "src/lib.rs": b""}
LEAF = Crate("leaf", "1.0.0", files=README, package={"readme": "README.md"})
RICH = replace(
    LEAF,
    deps=(Dep(name="base", registry=CRATES_IO, optional=True),),
    features={"one": ["dep:base"], "two": ["one"]},
)
UNREADABLE = replace(
    LEAF, package={"readme": "README.md", "license": "MIT", "rust-version": "nightly"}
)


class Read(io.BytesIO):
    """A file that counts the bytes that were read of it."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes."""
        lot = super().read(size)
        self.count += len(lot)
        return lot


def file(crate: Crate) -> io.BytesIO:
    """Return the file of a crate, opened."""
    return io.BytesIO(crate.packed())


def published(crate: Crate, limits: PublishLimits = LIMITS) -> CrateFile:
    """Return what is read of a crate that says itself which one it is."""
    return read_published(file(crate), name=None, vers=None, limits=limits)[1]


def upstream(crate: Crate, limits: PublishLimits = LIMITS) -> UpstreamCrate:
    """Return what is read of a crate of an upstream, in whose index it is leaf 1.0.0."""
    return read_upstream(file(crate), name="leaf", vers="1.0.0", limits=limits)


def test_published_crate_is_its_manifest_and_its_contents() -> None:
    """The bytes of the manifest have been read, and are of no more use."""
    manifest, contents = read_published(file(RICH), name="leaf", vers="1.0.0", limits=LIMITS)
    assert (manifest.name, manifest.vers, manifest.readme) == ("leaf", "1.0.0", "README.md")
    assert manifest.deps == (Dependency("base", "^1", optional=True, registry=CRATES_IO),)
    assert manifest.features == {"one": ("dep:base",), "two": ("one",)}
    assert contents == CrateFile("leaf-1.0.0", b"", {"README.md": b"# leaf"})


@pytest.mark.parametrize(("name", "vers"), [("other", "1.0.0"), ("leaf", "1.0.1")])
def test_published_crate_is_the_one_that_was_announced(name: str, vers: str) -> None:
    """Its root has that name and that version, and cargo looks for no other."""
    with pytest.raises(InvalidCrateFile) as error:
        read_published(file(LEAF), name=name, vers=vers, limits=LIMITS)
    assert str(error.value) == (
        f"the path 'leaf-1.0.0/Cargo.toml' in the crate file is not below `{name}-{vers}/`"
    )


@pytest.mark.parametrize(("name", "vers"), [("other", "1.0.0"), ("leaf", "1.0.1")])
def test_root_is_that_of_the_manifest(name: str, vers: str) -> None:
    """Where nothing was announced, or an upstream has another manifest in the folder."""
    manifest = Crate(name, vers).manifest()
    crate = replace(LEAF, manifest_bytes=manifest)
    said = f"the crate file unpacks to `leaf-1.0.0`, but its manifest is for `{name}-{vers}`"
    with pytest.raises(InvalidCrateFile) as error:
        published(crate)
    assert str(error.value) == said
    found = upstream(crate)
    assert (found.manifest, found.readme, found.fault) == (None, None, said)


OF_THE_FILE = [
    (
        PublishLimits(unpacked_bytes=2048, max_crate_bytes=1),
        "the crate file unpacks to 2048 bytes or more, which is the limit",
    ),
    (PublishLimits(entries=2), "the crate file has more than 2 entries"),
    (PublishLimits(manifest_bytes=10), "`Cargo.toml` has 89 bytes, more than 10"),
]


@pytest.mark.parametrize(("limits", "said"), OF_THE_FILE)
def test_file_is_read_within_the_limits(limits: PublishLimits, said: str) -> None:
    """Those of unpacked bytes, entries and the manifest are for every file, wherever it is from."""
    for read in (published, upstream):
        with pytest.raises(InvalidCrateFile) as error:
            read(LEAF, limits)
        assert str(error.value) == said


def test_readme_over_its_limit_is_left_out() -> None:
    """The crate is as good without it."""
    assert published(LEAF, PublishLimits(readme_bytes=6)).readmes == {"README.md": b"# leaf"}
    assert published(LEAF, PublishLimits(readme_bytes=5)).readmes == {}
    assert upstream(LEAF, PublishLimits(readme_bytes=6)).readme == b"# leaf"
    assert upstream(LEAF, PublishLimits(readme_bytes=5)).readme is None


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (PublishLimits(features=1), "the crate has 2 features, but this registry allows at most 1"),
        (
            PublishLimits(dependencies=0),
            "the crate has 1 dependencies, but this registry allows at most 0",
        ),
        (
            PublishLimits(feature_values=0),
            "the crate has 1 values in the feature `one`, but this registry allows at most 0; the"
            " crate has 1 values in the feature `two`, but this registry allows at most 0",
        ),
    ],
)
def test_manifest_is_within_the_limits_where_it_is_published(
    limits: PublishLimits, said: str
) -> None:
    """What an upstream published is there already, and its file is as large as it is."""
    with pytest.raises(RuleBroken) as error:
        published(RICH, limits)
    assert str(error.value) == said
    assert upstream(RICH, limits).fault is None


def test_paths_are_strict_unless_they_were_published_elsewhere() -> None:
    """Windows has no file `nul`; who unpacks the crates of others has met it before."""
    crate = LEAF.with_entries(Entry(b"leaf-1.0.0/nul"))
    said = "the path 'leaf-1.0.0/nul' in the crate file names a Windows device"
    with pytest.raises(InvalidCrateFile) as error:
        published(crate)
    assert str(error.value) == said
    with pytest.raises(InvalidCrateFile):
        read_published(file(crate), name="leaf", vers="1.0.0", limits=LIMITS, origin=Origin.HERE)
    contents = read_published(
        file(crate), name="leaf", vers="1.0.0", limits=LIMITS, origin=Origin.IMPORTED
    )
    assert contents[1].root == "leaf-1.0.0"
    assert upstream(crate).fault is None


@pytest.mark.parametrize(
    ("files", "readme", "kept"),
    [
        (README, "README.md", {"README.md": b"# leaf"}),
        (README, "./README.md", {"README.md": b"# leaf"}),
        (README, None, {"README.md": b"# leaf"}),
        (DEEP, "docs/Intro.md", {"docs/Intro.md": b"# deep"}),
        (DEEP, "./docs/Intro.md", {"docs/Intro.md": b"# deep"}),
        (DEEP, "docs/Other.md", {}),
        (DEEP, None, {}),
    ],
)
def test_readme_may_be_outside_of_the_root(
    files: Mapping[str, bytes], readme: str | None, kept: Mapping[str, bytes]
) -> None:
    """Only the manifest tells where, and the file is read again for it."""
    crate = replace(LEAF, files=files, package={} if readme is None else {"readme": readme})
    assert published(crate).readmes == kept


def test_file_is_read_again_only_for_a_readme_outside_of_the_root() -> None:
    """Unpacking takes most of the time of a publish."""
    for files, readme, times in ((README, "README.md", 1), (DEEP, "docs/Intro.md", 2)):
        packed = replace(LEAF, files=files, package={"readme": readme}).packed()
        read = Read(packed)
        read_published(read, name="leaf", vers="1.0.0", limits=LIMITS)
        assert read.count == times * len(packed)


def test_second_reading_keeps_to_what_was_announced() -> None:
    """Of name, version, limits and paths the same holds each time."""
    crate = replace(LEAF, files=DEEP, package={"readme": "docs/Intro.md"})
    lenient = crate.with_entries(Entry(b"leaf-1.0.0/nul"))
    small = PublishLimits(readme_bytes=5)
    contents = read_published(
        file(lenient), name="leaf", vers="1.0.0", limits=small, origin=Origin.IMPORTED
    )
    assert contents[1] == CrateFile("leaf-1.0.0", b"", {})


FEATURE = replace(LEAF, features={"one": ["two"]})
NO_SUCH_FEATURE = "the feature `one` includes `two`, which is neither a feature nor a dependency"


def test_features_are_those_that_cargo_takes() -> None:
    """Cargo would leave out the line of the version, and nobody would know why."""
    with pytest.raises(InvalidFeatures) as error:
        published(FEATURE)
    assert str(error.value) == NO_SUCH_FEATURE


def test_crate_of_an_upstream_is_its_manifest_and_its_readme() -> None:
    """Nothing else is taken from the file, when the manifest can be read."""
    found = upstream(RICH)
    assert found.manifest is not None
    assert (found.manifest.name, found.manifest.vers) == ("leaf", "1.0.0")
    assert found.manifest.deps == (Dependency("base", "^1", optional=True, registry=CRATES_IO),)
    assert found.manifest.features == {"one": ("dep:base",), "two": ("one",)}
    assert (found.package, found.readme, found.fault) == (None, b"# leaf", None)


def test_readme_of_an_upstream_is_the_one_of_its_manifest() -> None:
    """Of several in the root it is not the first, and none where the manifest names none."""
    files = {"README.md": b"# leaf", "readme.txt": b"leaf"}
    assert upstream(replace(LEAF, files=files)).readme == b"# leaf"
    assert upstream(replace(LEAF, files=files, package={"readme": "readme.txt"})).readme == b"leaf"
    assert upstream(replace(LEAF, files=files, package={})).readme is None


@pytest.mark.parametrize(
    ("crate", "fault", "licence"),
    [
        (
            UNREADABLE,
            "the rust-version 'nightly' is not one to three numbers such as `1.70` or `1.70.0`",
            "MIT",
        ),
        (FEATURE, NO_SUCH_FEATURE, None),
    ],
)
def test_what_describes_a_crate_is_read_where_its_manifest_is_refused(
    crate: Crate, fault: str, licence: str | None
) -> None:
    """An old licence is a licence, and the fault is kept to be told."""
    package = {
        "edition": "2021",
        "description": None,
        "license": licence,
        "license_file": None,
        "homepage": None,
        "documentation": None,
        "repository_url": None,
        "keywords": [],
        "categories": [],
        "authors": [],
    }
    assert upstream(crate) == UpstreamCrate(None, package, None, fault)


@pytest.mark.parametrize(("name", "vers"), [("other", "1.0.0"), ("leaf", "1.0.1")])
def test_crate_of_an_upstream_is_the_one_of_its_index(name: str, vers: str) -> None:
    """A file with another root is no part of the version, whatever is in it."""
    with pytest.raises(RegistryError) as error:
        read_upstream(file(LEAF), name=name, vers=vers, limits=LIMITS)
    assert str(error.value) == (
        f"the path 'leaf-1.0.0/Cargo.toml' in the crate file is not below `{name}-{vers}/`"
    )


def test_crate_of_an_upstream_without_a_package_is_refused() -> None:
    """Nothing in it describes anything."""
    with pytest.raises(RegistryError) as error:
        upstream(replace(LEAF, manifest_bytes=b"[workspace]\n"))
    assert str(error.value) == "the Cargo.toml in the crate file has no `[package]`"


def test_licence_of_a_crate_with_links_counts() -> None:
    """Cargo unpacks old crates with links, so a licence policy has to know their licence."""
    crate = replace(LEAF, package={"license": "MIT", "readme": "README.md"}).with_entries(
        Entry(b"leaf-1.0.0/LICENSE", kind=SYMLINK, link=b"../LICENSE")
    )
    found = upstream(crate)
    assert found.manifest is not None
    assert (found.manifest.license, found.readme, found.fault) == ("MIT", b"# leaf", None)
    with pytest.raises(InvalidCrateFile):
        published(crate)
