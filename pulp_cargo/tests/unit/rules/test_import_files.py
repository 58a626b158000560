"""Which files of other registries are used, by the paths that these give them."""

import pytest

from pulp_cargo.rules.import_files import Kind, git_file, index_name, kind_of

CRATE, MAYBE_CRATE, INDEX = Kind.CRATE, Kind.MAYBE_CRATE, Kind.INDEX
CHECKSUMS, DATABASE, GIT, OTHER = Kind.CHECKSUMS, Kind.DATABASE, Kind.GIT, Kind.OTHER
DIGEST = "ab" * 32

# docs/dev/import-layouts.md says where each layout is documented.
LAYOUTS = {
    "local registry": {
        "serde-1.0.0.crate": CRATE,
        "index/se/rd/serde": INDEX,
        "index/3/l/log": INDEX,
        "index/1/a": INDEX,
    },
    "margo": {
        "crates/se/rd/serde/1.0.0.crate": CRATE,
        "se/rd/serde": INDEX,
        "config.json": OTHER,
        "margo-config.toml": OTHER,
        "index.html": OTHER,
    },
    "cargo-http-registry": {
        "Serde-1.0.0.crate": CRATE,
        "Se/rd/Serde": INDEX,
        ".git/HEAD": GIT,
        ".git/config": OTHER,
        ".git/hooks/post-checkout": OTHER,
    },
    "ktra": {"crates/serde/1.0.0/download": CRATE, "index/se/rd/serde": INDEX},
    "kellnr": {
        "crates/serde-1.0.0.crate": CRATE,
        "db.sqlite": DATABASE,
        "db.sqlite-wal": DATABASE,
        "docs/serde/1.0.0/doc/serde/index.html": OTHER,
    },
    "alexandrie": {
        "crate-storage/serde-1.0.0.crate": CRATE,
        "crate-storage/serde-1.0.0.readme": OTHER,
        "crate-index/se/rd/serde": INDEX,
        "crate-index/.git/objects/pack/pack-" + "0" * 40 + ".pack": GIT,
    },
    "gitea": {
        f"data/packages/ab/ab/{DIGEST}": MAYBE_CRATE,
        "repositories/team/_cargo-index.git/objects/ab/" + "c" * 38: GIT,
        "repositories/team/_cargo-index.git/refs/heads/main": GIT,
        "repositories/team/_cargo-index.git/packed-refs": GIT,
        "repositories/team/_cargo-index.git/objects/info/alternates": GIT,
        "repositories/team/_cargo-index.git/objects/ab/" + "c" * 62: GIT,
    },
    "pulp_rust": {"media/artifact/ab/" + "c" * 62: MAYBE_CRATE, "media/ab/" + "c" * 62: OTHER},
    "artifactory": {"crates/serde/serde-1.0.0.crate": CRATE, ".index/se/rd/serde": INDEX},
    "cargo vendor": {
        "vendor/serde/.cargo-checksum.json": CHECKSUMS,
        "vendor/serde/src/lib.rs": OTHER,
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_of_a_layout_are_recognised(layout: str) -> None:
    """By their paths alone, in whatever folder the registry is."""
    for path, kind in LAYOUTS[layout].items():
        assert (path, kind_of(path)) == (path, kind)
        assert (path, kind_of(f"srv/registry/{path}")) == (path, kind)


@pytest.mark.parametrize("path", ["se/xx/serde", "index/serde", "x/l/log", "1/ab", "se/rd/1serde"])
def test_path_of_no_index_file_has_no_name(path: str) -> None:
    """Folders before a name must be those that cargo derives from it."""
    assert index_name(path) is None


@pytest.mark.parametrize(
    "path", ["refs/heads/../../x", "refs/heads/.", "refs/heads//x", "refs/heads/"]
)
def test_reference_that_leads_elsewhere_is_no_file_of_a_repository(path: str) -> None:
    """Files of a repository are copied to a folder, and none may leave it."""
    assert kind_of(path) is OTHER
    with pytest.raises(ValueError, match="is not a file of a git repository"):
        git_file(path)


def test_crate_that_is_called_like_a_file_of_git_is_an_index_file() -> None:
    """Registries that leave the case of names unchanged have such a path."""
    assert kind_of("index/HE/AD/HEAD") is INDEX
