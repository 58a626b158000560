"""Syncs from the index of any registry: a git index made by git, or a sparse index."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.lock_file import parse_lock_file
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.mirror_selection import locked_names, locked_packages
from pulp_cargo.rules.project_needs import LeftOut, NeededCrate
from pulp_cargo.tests.database.mirrors import MISPLACED, MirrorOf, in_a_task, mirror_of
from pulp_cargo.tests.support import sparse_upstream, upstream_faults
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.exchange import Page
from pulp_cargo.tests.support.git_index import GitIndex
from pulp_cargo.tests.support.keys import Key
from pulp_cargo.tests.support.registry import index_path
from pulp_cargo.tests.support.signed_state import sign
from pulp_cargo.tests.support.sparse_upstream import Fault, SparseUpstream, index_line

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.services.sync.order import Synced

__all__ = ["in_a_task", "mirror_of"]


@pytest.fixture
def upstream() -> Iterator[SparseUpstream]:
    """A sparse registry, and the place of all files."""
    with sparse_upstream.running() as server:
        yield server


@pytest.fixture
def index(tmp_path: Path, upstream: SparseUpstream) -> GitIndex:
    """A git index without crates, whose files are those of the sparse registry."""
    return GitIndex(tmp_path / "up" / "index", f"{upstream.origin}{sparse_upstream.FILES}")


def test_git_index_is_mirrored(index: GitIndex, mirror_of: MirrorOf, name: str) -> None:
    """Versions, yanks and everything that the lines say; config.json is no crate."""
    from pulp_cargo.app.models import CrateContent

    index.have(Crate(name, deps=[Dep(name="serde")]), Crate(name, "2.0.0+b"), Crate(f"{name}-b"))
    index.yank(name, "1.0.0")
    mirror = mirror_of(index.url)
    done = mirror.sync()
    assert mirror.crates == [f"{name} 1.0.0!", f"{name} 2.0.0+b", f"{name}-b 1.0.0"]
    assert (done.report.count, done.version and done.version.number) == (0, 1)
    unit = CrateContent.objects.get(name=name, vers="1.0.0")
    line = json.loads(unit.index_line)
    assert (line["yanked"], line["deps"][0]["registry"]) == (False, index.url)
    assert (unit.dependency_names, unit.registries) == (["serde"], [index.url])
    assert unit.pubtime.isoformat() == "2026-01-02T03:04:05+00:00"
    assert unit.metadata_source != ""
    # What no line says is as in any new unit.
    assert (unit.time_source, unit.keywords, unit.readme, unit.pulp_labels) == ("", [], None, {})
    assert (unit.pulp_type, unit.pulp_domain_id) == (
        "cargo.crate",
        mirror.repository.pulp_domain_id,
    )
    mirror.repository.refresh_from_db()
    assert mirror.repository.index_aliases == [index.url]


def test_refresh_reads_the_difference_only(
    index: GitIndex, mirror_of: MirrorOf, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed crates are read again, removed ones are removed, and all others stay."""
    from pulp_cargo.app.upstream.git import GitRepository

    index.have(Crate(f"{name}-a"), Crate(f"{name}-b"), Crate(f"{name}-c"))
    mirror = mirror_of(index.url)
    mirror.sync(mirror=True)
    assert mirror.sync(mirror=True).version is None

    def no_tree(self: object, commit: str) -> Any:
        raise AssertionError("the whole tree is read")

    monkeypatch.setattr(GitRepository, "tree", no_tree)
    index.have(Crate(f"{name}-b", "1.1.0"))
    index.yank(f"{name}-b", "1.0.0")
    index.remove(f"{name}-c")
    mirror.sync(mirror=True)
    assert mirror.crates == [f"{name}-a 1.0.0", f"{name}-b 1.0.0!", f"{name}-b 1.1.0"]
    index.remove(f"{name}-a")
    index.have(Crate(f"{name}-d"))
    mirror.sync(mirror=True)
    assert mirror.crates == [f"{name}-b 1.0.0!", f"{name}-b 1.1.0", f"{name}-d 1.0.0"]


def test_squashed_history(index: GitIndex, mirror_of: MirrorOf, name: str) -> None:
    """crates.io squashes its history from time to time; then there is no common commit."""
    index.have(Crate(name))
    mirror = mirror_of(index.url)
    mirror.sync(mirror=True)
    index.have(Crate(name, "2.0.0"))
    index.squash()
    index.have(Crate(name, "3.0.0"))
    mirror.sync(mirror=True)
    assert mirror.crates == [f"{name} 1.0.0", f"{name} 2.0.0", f"{name} 3.0.0"]


@pytest.mark.parametrize("is_mirror", [False, True])
def test_what_was_removed_comes_back(
    index: GitIndex, mirror_of: MirrorOf, name: str, is_mirror: bool
) -> None:
    """After a rollback, the mirror has what the upstream has, although nothing changed there."""
    from pulp_cargo.app.models import CrateContent

    index.have(Crate(f"{name}-a"), Crate(f"{name}-b"))
    mirror = mirror_of(index.url)
    mirror.sync(mirror=is_mirror)
    with mirror.repository.new_version() as version:
        version.remove_content(CrateContent.objects.filter(name=f"{name}-a"))
    assert mirror.crates == [f"{name}-b 1.0.0"]
    mirror.sync(mirror=is_mirror)
    assert mirror.crates == [f"{name}-a 1.0.0", f"{name}-b 1.0.0"]
    assert mirror.sync(mirror=is_mirror).version is None


def test_files_that_move_to_another_place(index: GitIndex, mirror_of: MirrorOf, name: str) -> None:
    """If config.json changes, the files of all crates get their new URLs, not only of changed ones."""
    from pulpcore.plugin.models import RemoteArtifact

    index.have(Crate(f"{name}-a"), Crate(f"{name}-b"))
    mirror = mirror_of(index.url)
    mirror.sync(mirror=True)
    index.configure({"dl": "http://127.0.0.1:9/moved"})
    index.have(Crate(f"{name}-b", "2.0.0"))
    mirror.sync(mirror=True)
    found = RemoteArtifact.objects.filter(remote=mirror.remote).order_by("url")
    assert [one.url for one in found] == [
        f"http://127.0.0.1:9/moved/{name}-{path}/download"
        for path in ("a/1.0.0", "b/1.0.0", "b/2.0.0")
    ]


def test_lost_folder_is_fetched_again(
    index: GitIndex, mirror_of: MirrorOf, name: str, tmp_path: Path
) -> None:
    """The next sync may run on another machine."""

    index.have(Crate(name))
    mirror = mirror_of(index.url)
    mirror.sync()
    shutil.rmtree(tmp_path / "cargo-git")
    index.have(Crate(name, "2.0.0"))
    mirror.sync()
    assert mirror.crates == [f"{name} 1.0.0", f"{name} 2.0.0"]


def remain_locked(folder: Path) -> None:
    """Leave what git leaves if it is killed."""
    for path in ("shallow.lock", "refs/cargo/fetched.lock", "objects/pack/tmp_pack_x"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


def lose_head(folder: Path) -> None:
    """Leave an empty file, as after a power failure."""
    (folder / "HEAD").write_bytes(b"")


def lose_refs(folder: Path) -> None:
    """Leave empty files instead of the ids of commits."""
    for ref in (folder / "refs/cargo").iterdir():
        ref.write_bytes(b"")


def lose_objects(folder: Path) -> None:
    """Remove all objects."""
    shutil.rmtree(folder / "objects")
    (folder / "objects").mkdir()


@pytest.mark.parametrize("damage", [remain_locked, lose_head, lose_refs, lose_objects])
def test_damaged_folder_is_fetched_again(
    index: GitIndex,
    mirror_of: MirrorOf,
    name: str,
    tmp_path: Path,
    damage: Callable[[Path], None],
) -> None:
    """The next sync repairs it, and nobody has to."""
    index.have(Crate(name))
    mirror = mirror_of(index.url)
    mirror.sync(mirror=True)
    (folder,) = (tmp_path / "cargo-git").iterdir()
    damage(folder)
    index.have(Crate(name, "2.0.0"))
    mirror.sync(mirror=True)
    assert mirror.crates == [f"{name} 1.0.0", f"{name} 2.0.0"]
    assert not [*folder.rglob("*.lock"), *folder.rglob("tmp_*")]
    assert mirror.sync(mirror=True).version is None


def test_file_of_the_index_that_was_lost(
    index: GitIndex,
    mirror_of: MirrorOf,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sync fails, since the crate is not gone upstream, and the next one fetches it again."""
    from pulp_cargo.app.upstream.errors import CannotCopy
    from pulp_cargo.app.upstream.git import GitRepository

    index.have(Crate(f"{name}-a"), Crate(f"{name}-b"))
    mirror = mirror_of(index.url)
    mirror.sync(mirror=True)
    lost = index.git("rev-parse", f"HEAD:{index_path(f'{name}-a')}")
    fetch = GitRepository.fetch

    def lose(*given: Any) -> str:
        commit = fetch(*given)
        (file,) = (tmp_path / "cargo-git").glob(f"*/objects/{lost[:2]}/{lost[2:]}")
        file.unlink()
        return commit

    index.configure({"dl": "http://127.0.0.1:9/moved"})
    with monkeypatch.context() as patched, pytest.raises(CannotCopy, match="the whole index again"):
        patched.setattr(GitRepository, "fetch", lose)
        mirror.sync(mirror=True)
    assert mirror.crates == [f"{name}-a 1.0.0", f"{name}-b 1.0.0"]
    index.remove(f"{name}-b")
    mirror.sync(mirror=True)
    assert mirror.crates == [f"{name}-a 1.0.0"]


def test_folders_of_deleted_repositories_are_removed(
    index: GitIndex, mirror_of: MirrorOf, tmp_path: Path
) -> None:
    """No API process could remove them from all workers."""
    gone = tmp_path / "cargo-git" / "01a00000-0000-7000-8000-000000000000"
    gone.mkdir(parents=True)
    mirror = mirror_of(index.url)
    mirror.sync()
    assert os.listdir(tmp_path / "cargo-git") == [str(mirror.repository.pk)]


def test_lines_that_cannot_be_used_are_left_out(
    index: GitIndex, mirror_of: MirrorOf, name: str
) -> None:
    """Each is reported with its reason, and everything else is mirrored."""
    good = index_line(Crate(name), index.url)
    lines = [
        good | {"vers": "one"},
        good | {"vers": "2.0.0", "cksum": "0"},
        good | {"vers": "3.0.0", "name": "other"},
        good | {"vers": "4.0.0", "features": {"a": ["b"]}},
        good,
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    index.write(index_path(name), f"{body}no JSON\n".encode())
    mirror = mirror_of(index.url)
    report = mirror.sync().report
    assert mirror.crates == [f"{name} 1.0.0"]
    assert [(one["vers"], one["reason"][:40]) for one in report.listed] == [
        ("one", "the version 'one' is not SemVer: expecte"),
        ("2.0.0", "`cksum` is '0'"),
        ("3.0.0", "it is a line of another crate, 'other'"),
        ("4.0.0", "the feature `a` includes `b`, which is n"),
        ("", "it is not an index line: JSON is malform"),
    ]


def test_two_spellings_of_a_name(index: GitIndex, mirror_of: MirrorOf, name: str) -> None:
    """A registry has one crate per canonical name; the first one stays."""
    index.have(Crate(f"{name}-a"), Crate(f"{name}_a"))
    mirror = mirror_of(index.url)
    report = mirror.sync().report
    assert mirror.crates == [f"{name}-a 1.0.0"]
    assert report.listed[0]["reason"] == f"the index has the crate as `{name}-a` as well"


@pytest.mark.parametrize("policy", ["immediate", "on_demand"])
def test_line_that_lies_about_its_checksum(
    index: GitIndex,
    upstream: SparseUpstream,
    mirror_of: MirrorOf,
    name: str,
    policy: str,
) -> None:
    """With files at once it is left out, and nothing of its file is stored."""
    from pulpcore.plugin.models import Artifact

    good, bad = Crate(name), Crate(f"{name}-bad")
    upstream.have(good)
    upstream.have(bad)
    upstream.pages[sparse_upstream.file_path(bad)] = Page(good.packed(upstream.index_url))
    index.have(good, bad)
    mirror = mirror_of(index.url, policy=policy)
    report = mirror.sync().report
    stored = [Artifact.objects.filter(sha256=one.cksum()).exists() for one in (good, bad)]
    if policy == "on_demand":
        assert (report.count, stored) == (0, [False, False])
        return
    assert stored == [True, False]
    assert mirror.crates == [f"{name} 1.0.0"]
    assert "is not the file that the index names: its SHA-256 is" in report.listed[0]["reason"]
    # The next sync tries again, although the index has not changed.
    upstream.have(bad)
    mirror.sync()
    assert mirror.crates == [f"{name} 1.0.0", f"{name}-bad 1.0.0"]


@pytest.mark.parametrize(
    "fault",
    [upstream_faults.says(500), upstream_faults.cut_off, upstream_faults.reset],
    ids=["status", "cut-off", "reset"],
)
def test_file_that_always_fails(
    index: GitIndex, upstream: SparseUpstream, mirror_of: MirrorOf, name: str, fault: Fault
) -> None:
    """It is left out and reported if the upstream sends others, in this sync or an earlier one."""
    good, bad = Crate(name), Crate(f"{name}-bad")
    upstream.have(good)
    upstream.have(bad)
    index.have(good, bad)
    path = sparse_upstream.file_path(bad)
    upstream.faults[path] = fault
    mirror = mirror_of(index.url, policy="immediate")
    for _ in range(2):
        report = mirror.sync().report
        assert mirror.crates == [f"{name} 1.0.0"]
        (refused,) = report.listed
        assert refused["name"] == bad.name
        assert refused["reason"].startswith(f"{upstream.origin}{path} could not be downloaded: ")
    upstream.faults.clear()
    assert mirror.sync().report.count == 0
    assert mirror.crates == [f"{name} 1.0.0", f"{name}-bad 1.0.0"]


@pytest.mark.parametrize("is_mirror", [False, True])
def test_outage_leaves_nothing_out(
    index: GitIndex, upstream: SparseUpstream, mirror_of: MirrorOf, name: str, is_mirror: bool
) -> None:
    """If the upstream does not send what it has sent before either, the sync fails."""
    from pulp_cargo.app.upstream.errors import CannotCopy

    crates = [Crate(f"{name}-{letter}") for letter in "abc"]
    for crate in crates:
        upstream.have(crate)
    mirror = mirror_of(index.url, policy="immediate")
    index.have(*crates[:1])
    mirror.sync()
    index.have(*crates[1:])
    upstream.faults[sparse_upstream.EVERYWHERE] = upstream_faults.says(503)
    with pytest.raises(
        CannotCopy, match=f"{name}-[bc]/1.0.0/download could not be downloaded: .*503"
    ):
        mirror.sync(mirror=is_mirror)
    assert mirror.crates == [f"{name}-a 1.0.0"]
    with pytest.raises(
        CannotCopy, match=f"{name}-[bc]/1.0.0/download could not be downloaded: .*503"
    ):
        mirror_of(index.url, policy="immediate").sync(f"{name}-b", f"{name}-c")


@pytest.mark.parametrize(
    ("wanted", "selection", "found"),
    [
        (["{}-a"], {}, ["a 1.0.0!", "a 1.1.0", "a 2.0.0-rc.1"]),
        (["{}-*"], {"yanked": False}, ["a 1.1.0", "a 2.0.0-rc.1", "b 1.0.0"]),
        (["{}-a@1.1", "{}_b"], {}, ["a 1.1.0", "b 1.0.0"]),
        (["{}-a@2.0.0-rc.1"], {}, ["a 2.0.0-rc.1"]),
        ([], {"newest": 1}, ["a 1.1.0", "b 1.0.0"]),
    ],
    ids=str,
)
def test_selection(
    index: GitIndex,
    mirror_of: MirrorOf,
    name: str,
    wanted: list[str],
    selection: dict[str, Any],
    found: list[str],
) -> None:
    """Names and patterns, requirements, and the newest versions that are not yanked."""
    index.have(*(Crate(f"{name}-a", vers) for vers in ("1.0.0", "1.1.0", "2.0.0-rc.1")))
    index.have(Crate(f"{name}-b"))
    index.yank(f"{name}-a", "1.0.0")
    mirror = mirror_of(index.url)
    report = mirror.sync(*(one.format(name) for one in wanted), **selection).report
    assert mirror.crates == [f"{name}-{one}" for one in found]
    assert report.count == 0


def test_sparse_index_of_any_registry(
    upstream: SparseUpstream, mirror_of: MirrorOf, name: str
) -> None:
    """Crates that are named; one that does not exist is reported."""
    upstream.configure()
    upstream.have(Crate(name), Crate(name, "2.0.0"))
    upstream.have(Crate(f"{name}-b"))
    mirror = mirror_of(upstream.index_url)
    report = mirror.sync(f"{name}@2", f"{name}_b", f"{name}-none").report
    assert mirror.crates == [f"{name} 2.0.0", f"{name}-b 1.0.0"]
    assert report.listed == [
        {"name": f"{name}-none", "vers": "", "reason": "the upstream has no such crate"}
    ]


@pytest.mark.parametrize("kind", ["git", "sparse"])
def test_closure(
    index: GitIndex, upstream: SparseUpstream, mirror_of: MirrorOf, name: str, kind: str
) -> None:
    """Of dependencies, those versions come along that cargo would choose; dev ones do not."""
    deps = [Dep(name=f"{name}-b", req="^1"), Dep(name=f"{name}-dev", kind="dev")]
    gone = Dep(name=f"{name}-gone")
    crates = [
        Crate(name, deps=deps),
        Crate(f"{name}-b", "1.0.0"),
        Crate(f"{name}-b", "1.2.0", deps=[gone]),
        Crate(f"{name}-b", "2.0.0"),
        Crate(f"{name}-dev"),
    ]
    index.have(*crates)
    upstream.configure()
    for one in {crate.name for crate in crates}:
        upstream.have(*(crate for crate in crates if crate.name == one))
    mirror = mirror_of(index.url if kind == "git" else upstream.index_url)
    report = mirror.sync(name, closure=True).report
    assert mirror.crates == [f"{name} 1.0.0", f"{name}-b 1.2.0"]
    (refused,) = report.listed
    assert refused["name"] == f"{name}-gone"
    assert refused["reason"] == (f"the upstream has no such crate, which `{name}-b 1.2.0` needs")


def test_projects(index: GitIndex, mirror_of: MirrorOf, name: str) -> None:
    """What meets their requirements; what nothing meets, or is from elsewhere, is reported."""
    index.have(*(Crate(name, vers) for vers in ("1.0.0", "1.1.0", "2.0.0")))
    index.have(Crate(f"{name}-b"))
    wanted = [NeededCrate(name, parse_requirement(req)) for req in ("^1", "^3")]
    none = NeededCrate(f"{name}-none", parse_requirement("1"))
    selection = {
        "needed": {name: tuple(wanted), f"{name}_none": (none,)},
        "left_out": (LeftOut("near", "*", "it is from the folder `near`"),),
    }
    mirror = mirror_of(index.url)
    report = mirror.sync(newest=1, **selection).report
    assert mirror.crates == [f"{name} 1.1.0"]
    assert [(one["name"], one["vers"], one["reason"]) for one in report.listed] == [
        ("near", "*", "it is from the folder `near`"),
        (f"{name}-none", "", "the upstream has no such crate"),
        (name, "^3", "no mirrored version meets it"),
    ]


def test_index_files_that_cannot_be_used(
    upstream: SparseUpstream, index: GitIndex, mirror_of: MirrorOf, name: str
) -> None:
    """Whatever is selected of such a crate, and wherever its index is, it is reported."""
    body = json.dumps(index_line(Crate(name), index.url)).encode() + b"\n" * 17_000_000
    path = index_path(name)
    index.write(path, body)
    other = index_path(f"{name}-b")
    index.write(other, b"<html>\n")
    upstream.configure()
    upstream.pages[f"{sparse_upstream.ROOT}{path}"] = Page(body)
    upstream.pages[f"{sparse_upstream.ROOT}{other}"] = Page(b"<html>\n")
    too_large = "its index file has more than 16777216 bytes"
    for mirror in (mirror_of(index.url), mirror_of(upstream.index_url)):
        report = mirror.sync(name).report
        assert report.listed == [{"name": name, "vers": "", "reason": too_large}]
        report = mirror.sync(name, f"{name}-b", closure=True).report
        assert [one["name"] for one in report.listed] == [name, f"{name}-b"]
        assert report.listed[0]["reason"].endswith(" bytes, more than 16777216")
        assert report.listed[1]["reason"].endswith("none of its lines is a version of a crate")
        assert mirror.crates == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (upstream_faults.redirects_for_ever, "it redirects more than 5 times"),
        (
            upstream_faults.redirects_to("ftp://127.0.0.1"),
            "it redirects to something that is not an http or https URL",
        ),
        (
            upstream_faults.redirects_to("http://"),
            "it redirects to something that is not an http or https URL",
        ),
        (
            upstream_faults.redirects_with_a_user,
            "it redirects to a URL with a user, although the request had a credential",
        ),
    ],
)
def test_redirects_that_cannot_be_followed(
    upstream: SparseUpstream, mirror_of: MirrorOf, name: str, fault: Fault, said: str
) -> None:
    """A file is left out and reported, and the others are copied; without the index nothing is."""
    from pulp_cargo.app.upstream.errors import CannotCopy

    upstream.configure(auth_required=True)
    for crate in (Crate(name), Crate(f"{name}-b")):
        upstream.have(crate)
    path = f"{sparse_upstream.FILES}/{name}/1.0.0/download"
    upstream.faults[path] = fault
    mirror = mirror_of(upstream.index_url, policy="immediate", token="secret")
    (refused,) = mirror.sync(name, f"{name}-b", mirror=True).report.listed
    reason = f"{upstream.origin}{path} could not be downloaded: {said}"
    assert refused == {"name": name, "vers": "1.0.0", "reason": reason}
    assert mirror.crates == [f"{name}-b 1.0.0"]
    upstream.faults = {sparse_upstream.CONFIG: fault}
    with pytest.raises(CannotCopy, match=said):
        mirror_of(upstream.index_url, token="secret").sync(name)
    upstream.faults = {}
    assert mirror.sync(name, f"{name}-b", mirror=True).report.count == 0
    assert mirror.crates == [f"{name} 1.0.0", f"{name}-b 1.0.0"]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, ["b", "c", "d", "e", "win"]),
        ({"targets": ("x86_64-unknown-linux-gnu",)}, ["b", "c", "d", "e"]),
        ({"all_features": False}, ["b", "c", "d", "win"]),
        ({"all_features": False, "features": ("x",)}, ["b", "c", "win"]),
        ({"all_features": False, "features": ()}, ["b", "win"]),
    ],
    ids=str,
)
def test_narrower_closure(
    index: GitIndex, mirror_of: MirrorOf, name: str, fields: dict[str, Any], found: list[str]
) -> None:
    """By features of the selected crates and of their dependencies, and by targets."""
    deps = [
        Dep(name=f"{name}-b"),
        Dep(name=f"{name}-c", optional=True),
        Dep(name=f"{name}-d", optional=True),
        Dep(name=f"{name}-win", target="i686-pc-windows-gnu"),
    ]
    features = {"x": [f"dep:{name}-c"], "y": [f"dep:{name}-d"]}
    index.have(Crate(name, deps=deps, features=features))
    index.have(Crate(f"{name}-b", deps=[Dep(name=f"{name}-e", optional=True)]))
    index.have(*(Crate(f"{name}-{one}") for one in ("c", "d", "e", "win")))
    mirror = mirror_of(index.url)
    report = mirror.sync(name, closure=True, **fields).report
    assert mirror.crates == [f"{name} 1.0.0", *(f"{name}-{one} 1.0.0" for one in found)]
    assert report.count == 0


def test_closure_of_projects(index: GitIndex, mirror_of: MirrorOf, name: str) -> None:
    """The features that they enable count, if not all do."""
    deps = [Dep(name=f"{name}-{one}", optional=True) for one in ("a", "b", "c")]
    features = {"default": ["a"], **{one: [f"dep:{name}-{one}"] for one in ("a", "b", "c")}}
    index.have(Crate(name, deps=deps, features=features))
    index.have(*(Crate(f"{name}-{one}") for one in ("a", "b", "c")))
    one = NeededCrate(name, parse_requirement("1"), frozenset(["b"]))
    mirror = mirror_of(index.url)
    mirror.sync(needed={name: (one,)}, closure=True, all_features=False)
    assert mirror.crates == [f"{name} 1.0.0", f"{name}-b 1.0.0"]


def test_lock_file(index: GitIndex, mirror_of: MirrorOf, name: str) -> None:
    """Its packages from the upstream come exactly, yanked or not, if the checksums agree."""
    crates = [Crate(name, vers) for vers in ("1.0.0", "1.1.0", "1.2.0")]
    index.have(*crates)
    index.yank(name, "1.0.0")
    text = "version = 4\n" + "".join(
        f'[[package]]\nname = "{name}"\nversion = "{vers}"\n'
        f'source = "registry+{index.url}"\nchecksum = "{cksum}"\n'
        for vers, cksum in (("1.0.0", crates[0].cksum()), ("1.1.0", "0" * 64))
    )
    locked = locked_packages([parse_lock_file(text)], [index.url])
    mirror = mirror_of(index.url)
    report = mirror.sync(locked=locked, yanked=False).report
    assert mirror.crates == [f"{name} 1.0.0!"]
    (refused,) = report.listed
    assert refused["vers"] == "1.1.0"
    assert refused["reason"].startswith(f"a lock file has the checksum {'0' * 64}, the index ")


def test_lock_file_with_a_name_of_hyphens_and_underscores(
    index: GitIndex, mirror_of: MirrorOf, name: str
) -> None:
    """As `derive_more-impl`: the index has no file under a name with one of them only."""
    crate = Crate(f"{name}_a-b")
    index.have(crate)
    lock = parse_lock_file(
        f'version = 4\n[[package]]\nname = "{crate.name}"\nversion = "{crate.vers}"\n'
        f'source = "registry+{index.url}"\nchecksum = "{crate.cksum()}"\n'
    )
    selection = {
        "locked": locked_packages([lock], [index.url]),
        "spelled": locked_names([lock], [index.url]),
    }
    mirror = mirror_of(index.url)
    report = mirror.sync(**selection).report
    assert mirror.crates == [f"{crate.name} {crate.vers}"]
    assert report.listed == []


@pytest.mark.parametrize("closure", [False, True])
def test_selected_versions_that_do_not_exist(
    index: GitIndex, mirror_of: MirrorOf, name: str, closure: bool
) -> None:
    """A build from the mirror would miss them, so they are reported, at every sync."""
    index.have(Crate(name), Crate(f"{name}-b"))
    mirror = mirror_of(index.url)
    locked = {(name, "1.0.0"): None, (name, "2.0.0"): None, ("a:../b", "1.0.0"): None}
    for _ in range(2):
        report = mirror.sync(f"{name}-b@3", locked=locked, closure=closure).report
        assert mirror.crates == [f"{name} 1.0.0"]
        assert [(one["name"], one["vers"], one["reason"]) for one in report.listed] == [
            ("a:../b", "", "it is not the name of a crate"),
            (f"{name}-b", "^3", "no mirrored version meets it"),
            (name, "2.0.0", "the upstream has no such version"),
        ]
        index.have(Crate(f"{name}-c"))


def test_patterns_that_match_nothing(index: GitIndex, mirror_of: MirrorOf, name: str) -> None:
    """They are reported at every sync, and one that matches is not, whatever has changed."""
    index.have(Crate(f"{name}-a"))
    wanted = f"{name}_a*", f"{name}-a*@2", f"{name}-b*"
    mirror = mirror_of(index.url)
    for _ in range(2):
        report = mirror.sync(*wanted).report
        assert [(one["name"], one["vers"], one["reason"]) for one in report.listed] == [
            (f"{name}-a*", "^2", "no mirrored version matches it"),
            (f"{name}-b*", "*", "no mirrored version matches it"),
        ]
    index.have(Crate(f"{name}-a", "2.0.0"), Crate(f"{name}-b"))
    assert mirror.sync(*wanted).report.count == 0
    index.have(Crate(f"{name}-c"))
    assert mirror.sync(*wanted).report.count == 0
    assert mirror.crates == [f"{name}-a 1.0.0", f"{name}-a 2.0.0", f"{name}-b 1.0.0"]


def test_files_at_other_paths_than_index_files(
    index: GitIndex, mirror_of: MirrorOf, name: str
) -> None:
    """They are reported, unless no crate is meant, or none that is selected."""
    index.have(Crate(name))
    for path in (f"{name}", f"xx/yy/{name}-b", f"3/l/{name}.json", "README", ".github/ci.yml"):
        index.write(path, b"{}\n")
    mirror = mirror_of(index.url)
    report = mirror.sync().report
    assert mirror.crates == [f"{name} 1.0.0"]
    assert sorted((one["name"], one["vers"], one["reason"]) for one in report.listed) == sorted(
        (path, "", MISPLACED) for path in (name, f"xx/yy/{name}-b", f"3/l/{name}.json")
    )
    report = mirror_of(index.url).sync(f"{name}-*").report
    assert [one["name"] for one in report.listed] == [f"xx/yy/{name}-b", f"{name}-*"]


def test_repository_that_is_no_index(index: GitIndex, mirror_of: MirrorOf, name: str) -> None:
    """It has no config.json, or one that names no place of files that could be fetched."""
    from pulp_cargo.app.upstream.errors import CannotCopy

    index.configure({"dl": "file:///etc"})
    mirror = mirror_of(index.url)
    with pytest.raises(CannotCopy, match="its `dl` 'file:///etc' is not an http or https URL"):
        mirror.sync()
    (index.folder / "config.json").unlink()
    index.commit()
    with pytest.raises(CannotCopy, match=r"has no config\.json"):
        mirror.sync()


def test_sync_that_is_killed_goes_on(
    index: GitIndex, mirror_of: MirrorOf, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was stored before is in no repository, and is used by the next sync."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.sync import listing_units, mirrored_units

    index.have(*(Crate(f"{name}-{letter}") for letter in "abc"))
    mirror = mirror_of(index.url)
    monkeypatch.setattr(mirrored_units, "VERSIONS_AT_ONCE", 1)
    calls = iter([True, False])

    def fail_at_the_second(change: Callable[[], object]) -> None:
        if not next(calls):
            raise KeyboardInterrupt
        change()

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(listing_units, "again_if_taken", fail_at_the_second)
        mirror.sync()
    (before,) = CrateContent.objects.filter(name__startswith=name).values_list("pk", flat=True)
    assert mirror.crates == []
    mirror.sync()
    assert len(mirror.crates) == 3
    assert CrateContent.objects.filter(pk=before, name=f"{name}-a").exists()
    assert CrateContent.objects.filter(name__startswith=name).count() == 3


def test_units_that_another_sync_creates_meanwhile(
    index: GitIndex,
    mirror_of: MirrorOf,
    new_repository: "Callable[..., CargoRepository]",
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are found once they are in the way, and what is still new is created."""
    from pulpcore.plugin.models import RemoteArtifact

    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.sync import mirrored_units

    index.have(Crate(f"{name}-a"), Crate(f"{name}-b"), Crate(f"{name}-c"))
    mirror = mirror_of(index.url)
    other = replace(mirror, repository=new_repository())
    write, waiting = mirrored_units._write, ["the other sync"]

    def write_after_the_other(*args: Any) -> None:
        if waiting:
            waiting.clear()
            other.sync(f"{name}-b", f"{name}-c")
        write(*args)

    monkeypatch.setattr(mirrored_units, "_write", write_after_the_other)
    mirror.sync()
    assert mirror.crates == [f"{name}-a 1.0.0", f"{name}-b 1.0.0", f"{name}-c 1.0.0"]
    assert other.crates == [f"{name}-b 1.0.0", f"{name}-c 1.0.0"]
    assert CrateContent.objects.filter(name__startswith=name).count() == 3
    assert RemoteArtifact.objects.filter(remote=mirror.remote).count() == 3


def test_connections_for_writing_are_closed(
    index: GitIndex, mirror_of: MirrorOf, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threads that write have connections of their own, which end with the sync."""
    from django.db import connection

    from pulp_cargo.app.services.sync import mirrored_units

    index.have(*(Crate(f"{name}-{letter}") for letter in "abc"))
    used, write = set(), mirrored_units._write

    def noting(*args: Any) -> None:
        write(*args)
        used.add(connection.connection)

    monkeypatch.setattr(mirrored_units, "VERSIONS_AT_ONCE", 1)
    monkeypatch.setattr(mirrored_units, "_write", noting)
    mirror_of(index.url).sync()
    assert [one.closed for one in used] == [True, True]
    assert connection.connection is not None and not connection.connection.closed


def test_error_while_units_are_written(
    index: GitIndex, mirror_of: MirrorOf, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails the sync, and no version is made of what is missing."""
    from django.db import OperationalError

    from pulp_cargo.app.services.sync import mirrored_units

    def fail(*_: Any) -> None:
        raise OperationalError("the disk is full")

    index.have(Crate(name))
    mirror = mirror_of(index.url)
    with monkeypatch.context() as patched, pytest.raises(OperationalError, match="is full"):
        patched.setattr(mirrored_units, "_write", fail)
        mirror.sync()
    assert mirror.crates == []
    mirror.sync()
    assert mirror.crates == [f"{name} 1.0.0"]


def test_signed_closure(mirror_of: MirrorOf, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read from the index is stored only once all of it is known to be signed."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.sync import mirrored_units
    from pulp_cargo.app.upstream.errors import CannotCopy

    monkeypatch.setattr(mirrored_units, "VERSIONS_AT_ONCE", 1)
    crates = [Crate(f"{name}-a"), Crate(f"{name}-b")]
    names = [one.name for one in crates]
    with fake.running() as upstream, closing(Key()) as key:
        config = {"dl": f"{upstream.origin}{fake.ROOT}api/v1/crates"}
        upstream.bodies[f"{fake.ROOT}config.json"] = json.dumps(config).encode()
        for one in crates:
            line = json.dumps(index_line(one, upstream.index_url)).encode()
            upstream.bodies[f"{fake.ROOT}{index_path(one.name)}"] = line
        mirror = mirror_of(upstream.index_url, snapshot_keys=key.public)
        sign(upstream, key, crates[:1])
        with pytest.raises(CannotCopy, match="is not in its signed snapshot"):
            mirror.sync(*names, closure=True)
        assert not CrateContent.objects.filter(name__in=names).exists()
        sign(upstream, key, crates, version=8)
        mirror.sync(*names, closure=True)
    assert mirror.crates == [f"{name}-a 1.0.0", f"{name}-b 1.0.0"]


def test_file_that_the_repository_has_already(
    index: GitIndex, upstream: SparseUpstream, mirror_of: MirrorOf, name: str
) -> None:
    """A new unit gets it, such as that of another remote; one of another repository does not."""
    from pulpcore.plugin.models import ContentArtifact

    upstream.have(Crate(name))
    index.have(Crate(name))
    first = mirror_of(index.url, policy="immediate")
    first.sync(mirror=True)
    index.have(Crate(f"{name}z"))
    mirrors = [replace(first, remote=mirror_of(index.url).remote), mirror_of(index.url)]
    stored = []
    for mirror in mirrors:
        mirror.sync(mirror=True)
        members = mirror.repository.latest_version().content
        files = ContentArtifact.objects.filter(content__in=members).order_by("relative_path")
        stored.append([file.artifact_id is not None for file in files])
    assert stored == [[True, False], [False, False]]


def test_crate_policy(index: GitIndex, mirror_of: MirrorOf, made: list[Any], name: str) -> None:
    """Young versions are left out and reported, and come with a sync after their cooldown."""
    from datetime import UTC, datetime, timedelta

    from pulp_cargo.app.models import CargoCratePolicy

    young = (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    index.have(Crate(name))
    index.have(Crate(name, "2.0.0"), pubtime=young)
    policy = CargoCratePolicy.objects.create(name=f"db-{name}", cooldown_days=7)
    mirror = mirror_of(index.url, crate_policy=policy)
    report = mirror.sync().report
    assert mirror.crates == [f"{name} 1.0.0"]
    assert "by the cooldown" in report.listed[0]["reason"]
    policy.cooldown_days = 1
    policy.save()
    mirror.sync()
    assert mirror.crates == [f"{name} 1.0.0", f"{name} 2.0.0"]
    made.insert(0, policy)


def test_cooldown_ends_whatever_else_was_synced_before(
    index: GitIndex,
    mirror_of: MirrorOf,
    made: list[Any],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sync of other crates in between does not forget when a version is old enough."""
    from datetime import UTC, datetime, timedelta

    from pulp_cargo.app.models import CargoCratePolicy
    from pulp_cargo.app.services.sync import from_index

    today, days = datetime.now(UTC), 0

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return today + timedelta(days=days)

    def published(age: int) -> dict[str, str]:
        return {"pubtime": (today - timedelta(days=age)).strftime("%Y-%m-%dT%H:%M:%SZ")}

    monkeypatch.setattr(from_index, "datetime", Clock)
    policy = CargoCratePolicy.objects.create(name=f"db-{name}", cooldown_days=7)
    made.insert(0, policy)
    mirror = mirror_of(index.url, crate_policy=policy)
    index.have(Crate(f"{name}-a"), **published(5))
    mirror.sync(mirror=True)
    days = 1
    index.have(Crate(f"{name}-b"), **published(0))
    mirror.sync(mirror=True)
    index.have(Crate(f"{name}-c"), **published(9))
    mirror.sync(mirror=True)
    assert mirror.crates == [f"{name}-c 1.0.0"]
    days = 3
    mirror.sync(mirror=True)
    assert mirror.crates == [f"{name}-a 1.0.0", f"{name}-c 1.0.0"]
    days = 8
    mirror.sync(mirror=True)
    assert mirror.crates == [f"{name}-{one} 1.0.0" for one in "abc"]


@pytest.fixture
def as_task(domain: Any) -> Iterator[Any]:
    """Let everything in the test be done by a task."""
    from pulpcore.app.contexts import with_task_context
    from pulpcore.plugin.models import Task

    task = Task.objects.create(name="test", logging_cid="test", state="running")
    with with_task_context(task):
        yield task
    task.delete()


def test_version_is_as_core_would_make_it(
    index: GitIndex,
    mirror_of: MirrorOf,
    name: str,
    as_task: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All rows, and every step around them: retention, caches, messages, resources of the task."""
    from pulp_cargo.app.models import CargoRepository, version_rows
    from pulp_cargo.app.notices import channel
    from pulp_cargo.tests.database.test_version_rows import rows

    steps: dict[Any, list[Any]] = {}

    def noting(step: str) -> Callable[..., None]:
        def note(repository: CargoRepository, *versions: Any) -> None:
            numbers = [version.number for version in versions]
            steps.setdefault(repository.pk, []).append((step, *numbers))

        return note

    for step in ("invalidate_cache", "on_new_version"):
        monkeypatch.setattr(CargoRepository, step, noting(step))
    changed = set()
    monkeypatch.setattr(channel, "repository_changed", changed.add)
    ours = mirror_of(index.url)
    theirs = replace(mirror_of(index.url), remote=ours.remote)
    for mirror in (ours, theirs):
        mirror.repository.retain_repo_versions = 2
        mirror.repository.save()

    def sync() -> "list[Synced]":
        done = []
        for mirror, supported in ((ours, True), (theirs, False)):
            changed.clear()
            with monkeypatch.context() as patch:
                patch.setattr(version_rows, "is_supported", lambda: supported)  # noqa: B023
                done.append(mirror.sync(mirror=True))
            assert changed == ({mirror.repository.pk} if done[-1].version else set())
        assert rows(ours.repository) == rows(theirs.repository)
        assert steps.get(ours.repository.pk) == steps.get(theirs.repository.pk)
        steps.clear()
        return done

    index.have(Crate(name), Crate(name, "1.1.0"), Crate(f"{name}-b"))
    index.yank(name, "1.0.0")
    assert [one.version and one.version.number for one in sync()] == [1, 1]
    assert [one.version for one in sync()] == [None, None]
    index.lines[name][0]["yanked"] = False
    index.have(Crate(name, "1.2.0"))
    assert [one.version and one.version.number for one in sync()] == [2, 2]
    index.remove(f"{name}-b")
    assert [one.version and one.version.number for one in sync()] == [3, 3]
    assert (
        ours.crates == theirs.crates == [f"{name} {vers}" for vers in ("1.0.0", "1.1.0", "1.2.0")]
    )
    numbers = ours.repository.versions.order_by("number").values_list("number", flat=True)
    assert list(numbers) == [2, 3]
    resources = {
        mirror.repository.pk: [
            one.content_object.number
            for one in as_task.created_resources.all()
            if one.content_object and one.content_object.repository_id == mirror.repository.pk
        ]
        for mirror in (ours, theirs)
    }
    assert (
        sorted(resources[ours.repository.pk]) == sorted(resources[theirs.repository.pk]) == [2, 3]
    )
