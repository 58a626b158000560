"""The files of each format, after one run and after several."""

import errno
import hashlib
import json
import os
import shutil
import signal
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import pytest
from pulp_glue.cargo.export import copying
from pulp_glue.cargo.export import write as writing
from pulp_glue.cargo.export.folder import OWN, ExportFolder, open_folder
from pulp_glue.cargo.export.index_files import static_dl
from pulp_glue.cargo.export.versions import ExportError

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.tarball import SYMLINK, Entry
from pulp_cargo.tests.unit.export.world import Upstream, tree, version_of

LEAF, NEXT, TEA = Crate("leaf"), Crate("leaf", "1.1.0"), Crate("Tea", "0.1.0+a")
FORMATS = ("static", "local-registry", "directory")
# A directory source has no index, and only a static registry has a configuration.
WITHOUT_SUCH_FILES = {("directory", "index"), ("directory", "end"), ("local-registry", "end")}


@pytest.fixture
def upstream() -> Upstream:
    """A registry with three versions of two crates."""
    return Upstream([LEAF, NEXT, TEA])


def line(crate: Crate) -> bytes:
    """Return the index line of a crate that is not yanked."""
    return f"{version_of(crate).line}\n".encode()


def test_static_registry(upstream: Upstream, tmp_path: Path) -> None:
    """Index files at the root, the configuration, and the files where `dl` says."""
    report = upstream.export(tmp_path / "made" / "public", "static")
    assert (report.count, report.added, report.problems) == (3, 3, [])
    assert tree(tmp_path / "made" / "public") == {
        "3/t/tea": line(TEA),
        "config.json": b'{"dl": "https://static.example/crates/{crate}/{crate}-{version}.crate"}\n',
        "crates/Tea/Tea-0.1.0+a.crate": TEA.packed(),
        "crates/leaf/leaf-1.0.0.crate": LEAF.packed(),
        "crates/leaf/leaf-1.1.0.crate": NEXT.packed(),
        "le/af/leaf": line(LEAF) + line(NEXT),
    }


def test_local_registry(upstream: Upstream, tmp_path: Path) -> None:
    """As cargo-local-registry writes it."""
    upstream.export(tmp_path, "local-registry")
    assert tree(tmp_path) == {
        "Tea-0.1.0+a.crate": TEA.packed(),
        "index/3/t/tea": line(TEA),
        "index/le/af/leaf": line(LEAF) + line(NEXT),
        "leaf-1.0.0.crate": LEAF.packed(),
        "leaf-1.1.0.crate": NEXT.packed(),
    }


def test_directory_source(tmp_path: Path) -> None:
    """As `cargo vendor` writes it: without yanked versions, and without what tools change."""
    files = {"src/lib.rs": b"// one\n", ".gitignore": b"x", "a/.git/b": b"x", "c.orig": b"x"}
    upstream = Upstream([Crate("leaf", files=files), NEXT], yanked={"leaf-1.1.0"})
    upstream.export(tmp_path, "directory")
    found = tree(tmp_path)
    checksums = json.loads(found.pop("leaf-1.0.0/.cargo-checksum.json"))
    manifest = upstream.crates[0].manifest()
    assert found == {"leaf-1.0.0/Cargo.toml": manifest, "leaf-1.0.0/src/lib.rs": b"// one\n"}
    assert checksums == {
        "files": {
            "Cargo.toml": hashlib.sha256(manifest).hexdigest(),
            "src/lib.rs": "22c5892a20c74aca2cd29d6035eae625bef9773164a944f63549a94930e05b1e",
        },
        "package": upstream.crates[0].cksum(),
    }
    upstream.export(tmp_path, "directory", with_yanked=True)
    assert upstream.sent == ["leaf-1.1.0"]


@pytest.mark.parametrize("kind", FORMATS)
def test_second_run_fetches_nothing(upstream: Upstream, tmp_path: Path, kind: str) -> None:
    """And changes no file."""
    upstream.export(tmp_path, kind)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    report = upstream.export(tmp_path, kind)
    assert (report.count, report.added, upstream.sent) == (3, 0, [])
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert {
        path for path in after if OWN not in path.parts and after[path] != before[path]
    } == set()


@pytest.mark.parametrize("kind", FORMATS)
def test_interrupted_run_is_continued(upstream: Upstream, tmp_path: Path, kind: str) -> None:
    """What it left is complete, no index names a missing file, and the rest is fetched next time."""
    whole = tmp_path / "whole"
    upstream.export(whole, kind)
    upstream.dies = "leaf-1.1.0"
    broken = tmp_path / "broken"
    with pytest.raises(KeyboardInterrupt):
        upstream.export(broken, kind)
    left, complete = tree(broken), tree(whole)
    assert set(left) < set(complete)
    assert {path: complete[path] for path in left} == left
    assert not any(path.endswith(("leaf", "tea")) for path in left)
    upstream.dies = None
    upstream.export(broken, kind)
    assert "leaf-1.1.0" in upstream.sent and len(upstream.sent) < 3
    assert tree(broken) == complete


def test_each_batch_is_complete_before_the_next_one(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its index is written although the next batch, which has begun already, breaks off."""
    monkeypatch.setattr(writing, "BATCH", 1)
    upstream.dies = "Tea-0.1.0+a"
    with pytest.raises(KeyboardInterrupt):
        upstream.export(tmp_path, "static")
    assert tree(tmp_path) == {
        "crates/leaf/leaf-1.0.0.crate": LEAF.packed(),
        "crates/leaf/leaf-1.1.0.crate": NEXT.packed(),
        "le/af/leaf": line(LEAF) + line(NEXT),
    }
    upstream.dies = None
    assert upstream.export(tmp_path, "static").count == 3
    assert upstream.sent == ["Tea-0.1.0+a"]
    assert (tmp_path / "3/t/tea").read_bytes() == line(TEA)


@pytest.mark.parametrize("kind", FORMATS)
def test_killed_process_leaves_complete_files(
    upstream: Upstream, tmp_path: Path, kind: str
) -> None:
    """Without a chance to clean up; the lock ends with it, and the next run continues."""
    upstream.export(tmp_path / "whole", kind)
    upstream.dies, upstream.killed = "leaf-1.1.0", True
    broken = tmp_path / "broken"
    process = get_context("fork").Process(target=upstream.export, args=(broken, kind))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    left, complete = tree(broken), tree(tmp_path / "whole")
    assert left.items() < complete.items()
    assert any("leaf-1.0.0" in path for path in left)
    upstream.dies = None
    upstream.export(broken, kind)
    assert "leaf-1.0.0" not in upstream.sent
    assert tree(broken) == complete


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("full_at", ["file", "index", "end"])
def test_full_disk(
    upstream: Upstream, tmp_path: Path, kind: str, full_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence says so, what is there is complete, and the next run continues."""
    upstream.export(tmp_path / "whole", kind)
    complete, broken = tree(tmp_path / "whole"), tmp_path / "broken"
    write_all, write_file = copying.write_all, ExportFolder.write

    def write(handle: int, chunk: bytes) -> None:
        if full_at == "file" and len(upstream.sent) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_all(handle, chunk)

    def write_small(folder: ExportFolder, path: str, content: bytes) -> None:
        if path.endswith({"index": "leaf", "end": "config.json"}.get(full_at, "-")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_file(folder, path, content)

    with monkeypatch.context() as patch:
        patch.setattr(copying, "write_all", write)
        patch.setattr(ExportFolder, "write", write_small)
        if (kind, full_at) in WITHOUT_SUCH_FILES:
            upstream.export(broken, kind)
        else:
            with pytest.raises(ExportError, match="broken' cannot be written: No space left"):
                upstream.export(broken, kind)
    assert tree(broken).items() <= complete.items()
    upstream.export(broken, kind)
    assert tree(broken) == complete


@pytest.mark.parametrize("kind", FORMATS)
def test_remains_of_a_killed_run_are_removed(upstream: Upstream, tmp_path: Path, kind: str) -> None:
    """They are in the export's own folder, where nobody reads them."""
    upstream.export(tmp_path, kind)
    half = tmp_path / OWN / "unfinished" / "x" / "half"
    half.parent.mkdir(parents=True)
    half.write_text("half")
    upstream.export(tmp_path, kind)
    assert {path.name for path in (tmp_path / OWN).iterdir()} == {"lock", "state.json"}


@pytest.mark.parametrize("kind", FORMATS)
def test_file_with_another_checksum_is_left_out(
    upstream: Upstream, tmp_path: Path, kind: str
) -> None:
    """The others are exported, and the report names it; the next run has it when it is right."""
    upstream.broken = {"leaf-1.1.0"}
    report = upstream.export(tmp_path, kind)
    assert (report.count, report.added) == (2, 2)
    assert [(one.name, one.vers) for one in report.problems] == [("leaf", "1.1.0")]
    assert report.problems[0].reason.endswith(f"but the index has {NEXT.cksum()}")
    assert not [path for path in tree(tmp_path) if "1.1.0" in path]
    upstream.broken.clear()
    assert upstream.export(tmp_path, kind).problems == []
    assert upstream.sent == ["leaf-1.1.0"]


@pytest.mark.parametrize("kind", FORMATS)
def test_removed_versions_disappear(upstream: Upstream, tmp_path: Path, kind: str) -> None:
    """With their files and empty folders; nothing else does."""
    upstream.export(tmp_path / "one", kind)
    (tmp_path / "one" / "README.md").write_text("mine")
    upstream.crates = [LEAF]
    upstream.export(tmp_path / "one", kind)
    (tmp_path / "one" / "README.md").unlink()
    upstream.export(tmp_path / "two", kind)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    folders = {path.name for path in (tmp_path / "one").rglob("*") if path.is_dir()}
    assert not folders & {"Tea", "3", "Tea-0.1.0+a", "leaf-1.1.0"}


@pytest.mark.parametrize("kind", FORMATS)
def test_replaced_file_is_fetched_again(upstream: Upstream, tmp_path: Path, kind: str) -> None:
    """A version whose bytes the registry has replaced has another checksum, but the same name."""
    upstream.export(tmp_path, kind)
    upstream.crates[0] = Crate("leaf", files={"src/lib.rs": b"//"})
    upstream.export(tmp_path, kind)
    assert upstream.sent == ["leaf-1.0.0"]
    assert any(
        upstream.crates[0].cksum().encode() in content for content in tree(tmp_path).values()
    )


def test_truncated_file_is_fetched_again(upstream: Upstream, tmp_path: Path) -> None:
    """As after a power cut."""
    upstream.export(tmp_path, "static")
    (tmp_path / "crates/leaf/leaf-1.0.0.crate").write_bytes(b"")
    upstream.export(tmp_path, "static")
    assert upstream.sent == ["leaf-1.0.0"]


@pytest.mark.parametrize(
    ("kind", "path", "below"),
    [
        ("static", "crates", "leaf/leaf-9.0.0.crate"),
        ("static", "crates/leaf", "leaf-9.0.0.crate"),
        ("static", "le", "ft/left"),
        ("local-registry", "index", "le/ft/left"),
        ("directory", OWN, "unfinished/mine"),
    ],
)
def test_nothing_is_written_or_removed_through_a_link(
    upstream: Upstream, tmp_path: Path, kind: str, path: str, below: str
) -> None:
    """Folders that an export may change are configured, and a link could lead to any other."""
    upstream.export(tmp_path / "out", kind)
    mine = tmp_path / "elsewhere" / below
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    shutil.rmtree(tmp_path / "out" / path)
    (tmp_path / "out" / path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ExportError, match=r"leads out of|is a symbolic link"):
        upstream.export(tmp_path / "out", kind)
    upstream.crates = []
    with suppress(ExportError):
        upstream.export(tmp_path / "out", kind)
    assert tree(tmp_path / "elsewhere") == {below: b"mine"}


def test_yank_rewrites_the_index_only(upstream: Upstream, tmp_path: Path) -> None:
    """The file stays, for lock files."""
    upstream.export(tmp_path, "static")
    upstream.yanked = {"leaf-1.0.0"}
    report = upstream.export(tmp_path, "static")
    assert (report.count, upstream.sent) == (3, [])
    assert b'"yanked": true' in (tmp_path / "le/af/leaf").read_bytes()


@pytest.mark.parametrize(
    "entry",
    [
        Entry(b"leaf-1.0.0/../out", b"x"),
        Entry(b"other-1.0.0/a", b"x"),
        Entry(b"leaf-1.0.0/Cargo.toml", b"again"),
        Entry(b"leaf-1.0.0/passwd", kind=SYMLINK, link=b"/etc/passwd"),
    ],
    ids=["parent", "other", "twice", "link"],
)
def test_nothing_is_unpacked_elsewhere(tmp_path: Path, entry: Entry) -> None:
    """Whatever the archive says, even with the right checksum."""
    upstream = Upstream([LEAF.with_entries(entry), NEXT])
    report = upstream.export(tmp_path / "out", "directory")
    assert [one.vers for one in report.problems] == ["1.0.0"]
    assert {path.split("/")[0] for path in tree(tmp_path / "out")} == {"leaf-1.1.0"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "crate", [Crate("../up"), Crate("leaf", "1.0.0/../../x"), Crate("leaf", f"1.0.0-{'a' * 200}")]
)
def test_names_that_lead_elsewhere_are_left_out(tmp_path: Path, crate: Crate) -> None:
    """A registry is not believed further than it reaches."""
    upstream = Upstream([crate, NEXT])
    report = upstream.export(tmp_path / "out", "static")
    assert (report.count, len(report.problems)) == (1, 1)
    assert upstream.sent == ["leaf-1.1.0"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_folder_with_other_files_is_refused(upstream: Upstream, tmp_path: Path) -> None:
    """A run removes what the registry does not have; a folder of the web may have some files."""
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ExportError, match="has other files"):
        upstream.export(tmp_path, "static")
    (tmp_path / "letter.txt").rename(tmp_path / "CNAME")
    assert upstream.export(tmp_path, "static").count == 3


def test_folder_has_one_format(upstream: Upstream, tmp_path: Path) -> None:
    """And one run at a time."""
    upstream.export(tmp_path, "static")
    with pytest.raises(ExportError, match="is an export of the format `static`"):
        upstream.export(tmp_path, "directory")
    with (
        open_folder(tmp_path, "static"),
        pytest.raises(ExportError, match="another export is writing"),
        open_folder(tmp_path, "static"),
    ):
        pass


@pytest.mark.parametrize(
    ("url", "dl"),
    [
        ("https://a.example/x", "https://a.example/x/{crate}/{crate}-{version}.crate"),
        ("file:///srv/x/", "file:///srv/x/{crate}/{crate}-{version}.crate"),
        ("https://a.example/{sha256-checksum}", "https://a.example/{sha256-checksum}"),
    ],
)
def test_dl_of_a_static_registry(url: str, dl: str) -> None:
    """A URL of the folder of files, or cargo's own form."""
    assert static_dl(url) == dl


@pytest.mark.parametrize("url", ["a.example/x", "/srv/x", "ftp://a.example/", "https:"])
def test_dl_that_is_no_url_is_refused(url: str) -> None:
    """Cargo would fail with each download only."""
    with pytest.raises(ExportError, match="is not a URL for downloads"):
        static_dl(url)
