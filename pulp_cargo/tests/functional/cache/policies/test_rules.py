"""The other rules: block and allow lists, yanked versions, licences, exceptions, and dry runs."""

import gzip
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pulp_cargo.tests.functional.cache.policies.conftest import (
    Ruled,
    ago,
    have,
    lines,
    moment,
    records,
    refusal,
    versions,
)
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.tarball import END, HARD_LINK, SYMLINK, Entry, packed, tar

NEXT_YEAR = moment(timedelta(days=365))


@pytest.fixture
def three(upstream: SparseUpstream, name: str) -> list[Crate]:
    """Versions of a crate, all old."""
    crates = [Crate(name, vers) for vers in ("1.0.0", "1.1.0", "2.0.0")]
    upstream.have(*crates)
    return crates


def test_blocked_versions(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, three: list[Crate], name: str
) -> None:
    """Absent and refused, with the line of the list and its reason; the others are served."""
    policy = ruled(block=lines(name.upper(), versions=">=1.1, <2", reason="it phones home"))
    assert versions(cache.registry, name) == ["1.0.0", "2.0.0"]
    shown = cache.registry.get(f"api/v1/crates/{name}").json()["versions"]
    assert [one["num"] for one in shown] == ["2.0.0", "1.0.0"]
    assert refusal(cache.registry, name, "1.1.0") == (
        f"`{name} 1.1.0` is blocked by the block list: `{name.upper()} >=1.1, <2`,"
        f" it phones home (crate policy `{policy['name']}`)"
    )
    for crate in (three[0], three[2]):
        assert cache.registry.download(name, crate.vers).body == crate.packed()
    assert not any("1.1.0" in path for path in upstream.paths(name))


def test_blocked_build(cache: Cache, upstream: SparseUpstream, ruled: Ruled, name: str) -> None:
    """A range is one of numbers, and means all builds; what is held back is recorded exactly."""
    upstream.have(Crate(name, "0.4.0"), Crate(name, "0.4.0+25"))
    policy = ruled(block=lines(name, versions="=0.4.0"))
    assert cache.registry.index_file(name).status == 404
    for vers in ("0.4.0", "0.4.0+25"):
        assert "block list" in refusal(cache.registry, name, vers)
    assert wait_for(lambda: len(list(records(cache.stack, policy, name))) == 2)
    assert {vers for vers, *_ in records(cache.stack, policy, name)} == {"0.4.0", "0.4.0+25"}


def test_blocked_pattern(cache: Cache, upstream: SparseUpstream, ruled: Ruled, name: str) -> None:
    """In any spelling; a crate of which nothing is left is 404."""
    ruled(block=lines(f"{name}_a*"))
    upstream.have(Crate(f"{name}-AB"))
    upstream.have(Crate(f"{name}-b"))
    assert cache.registry.index_file(f"{name}-ab").status == 404
    assert "block list" in refusal(cache.registry, f"{name}-AB")
    assert versions(cache.registry, f"{name}-b") == ["1.0.0"]


def test_block_goes_before_an_exception(cache: Cache, ruled: Ruled, three: list[Crate]) -> None:
    """And before what was served."""
    name = three[0].name
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    ruled(block=lines(name), exceptions=lines(name, reason="why", ends=NEXT_YEAR))
    assert cache.registry.index_file(name).status == 404
    assert "block list" in refusal(cache.registry, name)


def test_allow_list(
    cache: Cache, upstream: SparseUpstream, ruled: Ruled, three: list[Crate], name: str
) -> None:
    """Nothing else comes in, but by an exception."""
    policy = ruled(
        allow=lines(name, versions="1"),
        exceptions=lines(f"{name}-x*", reason="a trial", ends=NEXT_YEAR),
    )
    for one in (f"{name}-other", f"{name}-x"):
        upstream.have(Crate(one))
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0"]
    assert refusal(cache.registry, name, "2.0.0") == (
        f"`{name} 2.0.0` is blocked because it is not on the allow list (crate policy"
        f" `{policy['name']}`)"
    )
    assert cache.registry.index_file(f"{name}-other").status == 404
    assert "allow list" in refusal(cache.registry, f"{name}-other")
    assert cache.registry.download(f"{name}-x").status == 200


def test_empty_allow_list(cache: Cache, ruled: Ruled, three: list[Crate], name: str) -> None:
    """Nothing at all comes in."""
    ruled(allow=[])
    assert cache.registry.index_file(name).status == 404
    assert "allow list" in refusal(cache.registry, name)


def test_yanked_versions_are_hidden(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """But for those that were served before."""
    yanked = {"yanked": True}
    have(
        upstream, (Crate(name), {}), (Crate(name, "1.1.0"), yanked), (Crate(name, "1.2.0"), yanked)
    )
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0", "1.2.0"]
    assert cache.registry.download(name, "1.1.0").status == 200
    assert cache.keeps(f"{name} 1.1.0")
    ruled(hide_yanked=True)
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0"]
    assert cache.registry.entry(name, "1.1.0")["yanked"] is True
    assert cache.registry.download(name, "1.1.0").status == 200
    assert "is hidden because it is yanked" in refusal(cache.registry, name, "1.2.0")


@pytest.mark.parametrize("download_policy", ["on_demand", "streamed"])
def test_licence_that_is_not_allowed(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str, download_policy: str
) -> None:
    """Known once the file is here: nobody gets that, and where it is kept the index loses it."""
    licences = ("MIT OR GPL-3.0-only", "GPL-3.0-only", None)
    crates = [
        Crate(name, f"1.{minor}.0", package={"license": one} if one else {})
        for minor, one in enumerate(licences)
    ]
    upstream.have(*crates)
    cache.change(policy=download_policy)
    ruled(licenses=["MIT", "Apache-2.0"])
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0", "1.2.0"]
    for _ in range(2):
        assert cache.registry.download(name).body == crates[0].packed()
        told = refusal(cache.registry, name, "1.1.0")
        assert told.startswith(f"`{name} 1.1.0` is blocked by its licence: `GPL-3.0-only` is not")
        assert "it names none" in refusal(cache.registry, name, "1.2.0")
    wanted = ["1.0.0"] if download_policy == "on_demand" else ["1.0.0", "1.1.0", "1.2.0"]
    assert wait_for(lambda: versions(cache.registry, name) == wanted)
    cache.change(policy="on_demand")


@pytest.mark.parametrize(
    "odd",
    [
        {"files": {"README.md": b"", "readme.md": b""}},
        {"files": {"cargo.toml": b"[package]"}},
        {"files": {"src/lib.rs": b"", "src/LIB.rs": b"", "a:b": b"", "nul": b""}},
        {"manifest_tail": '[patch.crates-io]\nserde = { path = "../serde" }'},
        {"manifest_tail": '[dependencies]\nserde = { git = "https://git.example/serde" }'},
        {"package": {"license": "MIT", "rust-version": ">=1.50"}},
    ],
    ids=["readmes", "manifests", "paths", "patch", "git", "rust-version"],
)
def test_licence_of_a_crate_that_could_not_be_published_today(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str, odd: dict[str, Any]
) -> None:
    """The upstream has it, cargo builds with it, and its manifest names the licence."""
    crate = Crate(name, **{"package": {"license": "MIT"}} | odd)
    upstream.have(crate)
    ruled(licenses=["MIT"])
    assert cache.registry.download(name).body == crate.packed(upstream.index_url)
    assert cache.keeps(f"{name} 1.0.0")
    assert versions(cache.registry, name) == ["1.0.0"]
    (unit,) = cache.rest.list("content/cargo/crates/", name=name, repository_version=cache.latest)
    assert unit["license"] == "MIT"
    assert unit["is_read"] is ("files" in odd)


@pytest.mark.parametrize("odd", ["symbolic link", "hard link", "no end marker"])
def test_licence_of_a_crate_in_an_old_archive(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str, odd: str
) -> None:
    """What may not be in an archive today does not hide the manifest from the policy."""
    crate = Crate(name, package={"license": "MIT"})
    link = Entry(f"{name}-1.0.0/LICENSE".encode(), kind=SYMLINK, link=b"../LICENSE")
    hard_link = replace(link, kind=HARD_LINK, link=f"{name}-1.0.0/Cargo.toml".encode())
    archives = {
        "symbolic link": packed([*crate.entries(), link]),
        "hard link": packed([*crate.entries(), hard_link]),
        "no end marker": gzip.compress(tar(crate.entries()).removesuffix(END)),
    }
    crate = replace(crate, archive=archives[odd])
    upstream.have(crate)
    ruled(licenses=["MIT"])
    assert cache.registry.download(name).body == crate.archive
    assert cache.keeps(f"{name} 1.0.0")
    assert versions(cache.registry, name) == ["1.0.0"]
    ruled(licenses=["Apache-2.0"])
    assert "`MIT` is not" in refusal(cache.registry, name)


def test_licence_of_a_version_that_was_served_before(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """It is known, so the version is gone at once; an exception lets it through."""
    upstream.have(Crate(name, package={"license": "GPL-3.0-only"}), Crate(name, "1.1.0"))
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    ruled(licenses=["MIT"])
    assert versions(cache.registry, name) == ["1.1.0"]
    assert "licence" in refusal(cache.registry, name)
    ruled(licenses=["MIT"], exceptions=lines(name, reason="why", ends=NEXT_YEAR))
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0"]
    assert cache.registry.download(name).status == 200


def test_dry_run_only_records(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """Everything is served; index files and downloads count. Without it, refused downloads do."""
    licences = {"1.0.0": "MIT", "1.1.0": "GPL-3.0-only"}
    crates = [Crate(name, vers, package={"license": one}) for vers, one in licences.items()]
    have(upstream, (crates[0], ago(days=1)), (crates[1], ago(days=30)))
    dry = ruled(cooldown_days=7, licenses=["MIT"], dry_run=True)
    for _ in range(2):
        assert versions(cache.registry, name) == ["1.0.0", "1.1.0"]
    for crate in crates:
        assert cache.registry.download(name, crate.vers).body == crate.packed()
    assert cache.keeps(f"{name} 1.0.0", f"{name} 1.1.0")
    wet = ruled(block=lines(name, versions="=1.1.0"))
    for _ in range(3):
        assert versions(cache.registry, name) == ["1.0.0"]
        refusal(cache.registry, name, "1.1.0")
    expected = [("1.1.0", "block", False, 3)]
    assert wait_for(lambda: records(cache.stack, wet, name) == expected)
    noted = records(cache.stack, dry, name)
    assert {one[:3] for one in noted} == {
        ("1.0.0", "cooldown", True),
        ("1.1.0", "license", True),
    }
