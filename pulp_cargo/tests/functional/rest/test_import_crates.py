"""`import_crates/` of a repository: many .crate files in one archive, in one version."""

import gzip
import hashlib
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.archives import archive, special
from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

Current = Callable[[str], list[dict[str, Any]]]
Repository = dict[str, Any]


def bring(rest: Rest, repository: Repository, file: bytes) -> dict[str, Any]:
    """Import an archive and return the task."""
    path = f"{repository['pulp_href']}import_crates/"
    return rest.call("POST", path, files={"file": ("crates.tar", file)})


def number(rest: Rest, repository: Repository) -> int:
    """Return the number of the repository's newest version."""
    return int(rest.get(repository["pulp_href"])["latest_version_href"].split("/")[-2])


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_crates_come_in_one_version(
    rest: Rest, repository: Repository, registry: dict[str, Any], mode: str
) -> None:
    """Files in folders are found, and each is served with its bytes and its index line."""
    name = unique("leaf")
    files = {vers: crate_file(name, vers) for vers in ("1.10.0", "1.9.0")}
    members = [(f"crates/{name}-{vers}.crate", file) for vers, file in files.items()]
    task = bring(rest, repository, archive([("crates", None), *members], mode=mode))
    assert task["created_resources"] == [f"{repository['pulp_href']}versions/1/"]
    (report,) = task["progress_reports"]
    assert (report["code"], report["done"], report["state"]) == ("cargo.import", 2, "completed")
    there = Registry(registry["name"], registry["base_url"], None)
    lines = there.index(name)
    cksums = {vers: hashlib.sha256(file).hexdigest() for vers, file in files.items()}
    assert [(line["vers"], line["cksum"]) for line in lines] == [
        ("1.9.0", cksums["1.9.0"]),
        ("1.10.0", cksums["1.10.0"]),
    ]
    assert {vers: there.download(name, vers).body for vers in files} == files


def test_imported_crate_is_the_unit_that_an_upload_makes(
    rest: Rest, repository: Repository
) -> None:
    """There is one way from a file to a unit."""
    file = crate_file(unique("leaf"), "1.0.0", readme="docs/intro.md")
    unit = rest.upload("content/cargo/crates/", file)
    bring(rest, repository, archive([("leaf.crate", file)]))
    version = rest.get(repository["pulp_href"])["latest_version_href"]
    assert rest.list("content/cargo/crates/", repository_version=version) == [unit]


def test_publishing_goes_on_after_an_import(stack: Stack) -> None:
    """The next publish makes the next version, and both are served."""
    registry, name = stack.make_registry(), unique("leaf")
    registry.publish(Crate(name, "1.0.0"))
    repository = {"pulp_href": registry.repository}
    bring(stack.rest, repository, archive([("a.crate", crate_file(name, "2.0.0"))]))
    registry.publish(Crate(name, "3.0.0"))
    assert [line["vers"] for line in registry.index(name)] == ["1.0.0", "2.0.0", "3.0.0"]
    assert number(stack.rest, repository) == 3


def test_what_is_there_is_no_change(rest: Rest, repository: Repository, current: Current) -> None:
    """Again the same bytes, in the archive or in the repository, add nothing."""
    name = unique("leaf")
    old, new = (crate_file(name, vers) for vers in ("1.0.0", "2.0.0"))
    bring(rest, repository, archive([("a.crate", old), ("b.crate", old)]))
    assert bring(rest, repository, archive([("a.crate", old)]))["created_resources"] == []
    assert number(rest, repository) == 1
    bring(rest, repository, archive([("a.crate", old), ("b.crate", new)]))
    assert (number(rest, repository), len(current("crates"))) == (2, 2)


def test_upload_in_chunks_is_imported_and_used_up(rest: Rest, repository: Repository) -> None:
    """An archive of any size comes through Pulp's chunked uploads."""
    file = archive([("a.crate", crate_file(unique("leaf"), "1.0.0"))])
    upload = rest.make("uploads/", size=len(file))["pulp_href"]
    path = f"{repository['pulp_href']}import_crates/"
    half = len(file) // 2
    for start, part in ((half, file[half:]), (0, file[:half])):
        end = start + len(part) - 1
        if start == 0:
            with pytest.raises(Refused, match=f" of {len(file)} bytes"):
                rest.post(path, upload=upload)
        headers = {"Content-Range": f"bytes {start}-{end}/{len(file)}"}
        rest.call("PUT", upload, files={"file": ("part", part)}, headers=headers)
    rest.post(path, upload=upload)
    assert number(rest, repository) == 1
    with pytest.raises(Refused) as refused:
        rest.get(upload)
    assert refused.value.status == 404


GOOD = crate_file("zgood", "1.0.0")
OTHER = crate_file("zgood", "1.0.0", more='homepage = "https://leaf.example"')


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (archive([("a.crate", GOOD), ("README.md", b"")]), "`README.md` in the archive is not a"),
        (special("a.crate", tarfile.SYMTYPE), "'a.crate' in the archive is a symbolic link"),
        (special("a.crate", tarfile.CHRTYPE), "'a.crate' in the archive is a character device"),
        (special("a.crate", tarfile.GNUTYPE_SPARSE), "'a.crate' in the archive is a sparse file"),
        (
            special("a.crate", tarfile.REGTYPE, size=2**32),
            "has 4294967296 bytes, but this registry",
        ),
        (special("x", tarfile.XHDTYPE, size=2**30), "the archive has a tar extension of 10737"),
        (archive([("a.crate", GOOD)])[:1000], "the archive ends in the middle"),
        (gzip.compress(archive([("a.crate", GOOD)]))[:-9], "the archive ends in the middle"),
        (b"no tar at all", "the archive ends in the middle"),
    ],
    ids=[
        *(
            "other file",
            "link",
            "device",
            "sparse",
            "huge",
            "extension",
            "cut",
            "cut gzip",
            "no tar",
        ),
    ],
)
def test_archive_with_anything_else_in_it_is_refused(
    rest: Rest, repository: Repository, file: bytes, reason: str
) -> None:
    """And one that is damaged: the sentence says where and why, and nothing is stored."""
    crates = {"path": "content/cargo/crates/", "canonical_name": "zgood"}
    before = rest.get(**crates)["count"]
    with pytest.raises(Refused, match=reason) as refused:
        bring(rest, repository, file)
    assert refused.value.status is None
    assert number(rest, repository) == 0
    assert rest.get(**crates)["count"] == before


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (lambda name: b"no crate", "gzip"),
        (
            lambda name: crate_file(name, "1.0.0", more='homepage = "https://leaf.example"'),
            "`a.crate` is the same version with other bytes",
        ),
        (lambda name: crate_file(name.upper(), "2.0.0"), "`a.crate` has it as `"),
        (lambda name: crate_file("nul", "1.0.0"), "reserved"),
    ],
    ids=["no crate", "two bytes", "two spellings", "reserved name"],
)
def test_bad_file_is_named_and_the_others_come_in(
    rest: Rest,
    repository: Repository,
    current: Current,
    bad: Callable[[str], bytes],
    reason: str,
) -> None:
    """Hundreds of good ones are not to be sent again for it."""
    name = unique("leaf")
    good, later = crate_file(name, "1.0.0"), crate_file(name, "3.0.0")
    files = [("a.crate", good), ("b\x1b[2J.crate", bad(name)), ("c.crate", later)]
    task = bring(rest, repository, archive(files))
    assert (task["result"]["added"], task["result"]["there"]) == (2, 0)
    (problem,) = task["result"]["problems"]
    assert problem["file"] == "b\\x1b[2J.crate"
    assert reason in problem["reason"]
    assert {unit["vers"] for unit in current("crates")} == {"1.0.0", "3.0.0"}
    again = bring(rest, repository, archive(files[:1]))
    none = {"problems": [], "repository_version": None}
    assert again["result"] == {"added": 0, "there": 1} | none


def test_versions_that_differ_in_build_metadata_come_in(
    rest: Rest, stack: Stack, repository: Repository, current: Current
) -> None:
    """As elsewhere: the registries of a mirror serve both. In one archive, and in two."""
    name = unique("leaf")
    plain, built, other = (crate_file(name, vers) for vers in ("1.0.0", "1.0.0+b", "1.0.0+c"))
    bring(rest, repository, archive([("a.crate", plain), ("b.crate", built)]))
    task = bring(rest, repository, archive([("b.crate", built), ("c.crate", other)]))
    assert task["result"] == {
        "added": 1,
        "there": 1,
        "problems": [],
        "repository_version": f"{repository['pulp_href']}versions/2/",
    }
    assert {unit["vers"] for unit in current("crates")} == {"1.0.0", "1.0.0+b", "1.0.0+c"}
    changed = crate_file(name, "1.0.0+c", more='homepage = "https://leaf.example"')
    with pytest.raises(Refused, match="has this version with other bytes"):
        bring(rest, repository, archive([("c.crate", changed)]))
    units = {unit["vers"]: unit["pulp_href"] for unit in current("crates")}
    modify = f"{repository['pulp_href']}modify/"
    rest.post(modify, remove_content_units=[units["1.0.0+c"]])
    with pytest.raises(Refused, match="had this version with other bytes before"):
        bring(rest, repository, archive([("c.crate", changed)]))
    assert bring(rest, repository, archive([("c.crate", other)]))["result"]["added"] == 1


def test_registry_that_takes_uploads_has_one_build_of_a_number(rest: Rest, stack: Stack) -> None:
    """As if each file was published: of the archive the first comes in, and later none."""
    name, registry = unique("leaf"), stack.make_registry()
    repository = {"pulp_href": registry.repository}
    files = [
        ("a.crate", crate_file(name, "1.0.0+a")),
        ("b.crate", crate_file(name, "1.0.0")),
        ("c.crate", crate_file(name, "2.0.0")),
    ]
    result = bring(rest, repository, archive(files))["result"]
    (problem,) = result["problems"]
    assert (result["added"], problem["file"]) == (2, "b.crate")
    assert "`a.crate` is the same version with other bytes" in problem["reason"]
    assert [line["vers"] for line in registry.index(name)] == ["1.0.0+a", "2.0.0"]
    with pytest.raises(Refused, match="has this version with other bytes"):
        bring(rest, repository, archive(files[1:2]))
    assert registry.send(Crate(name, "1.0.0+b")).status == 400


def test_crate_that_was_published_by_other_rules_comes_in(
    rest: Rest, repository: Repository, current: Current
) -> None:
    """What cargo builds with is taken, whatever may be published here today."""
    name = unique("leaf")
    files = {"README.md": b"# one", "readme.md": b"# two", "a:b": b"", "nul": b""}
    crate = Crate(name, files=files, package={"readme": "README.md"})
    bring(rest, repository, archive([("a.crate", crate.packed())]))
    (unit,) = current("crates")
    assert (unit["name"], unit["readme"]) == (name, "# one")


def test_imported_version_has_no_time(stack: Stack) -> None:
    """Nobody knows when it was published; with one of today cargo would hide it for days."""
    registry, name = stack.make_registry(), unique("leaf")
    file = Crate(name).packed()
    bring(stack.rest, {"pulp_href": registry.repository}, archive([("a.crate", file)]))
    assert "pubtime" not in registry.entry(name)
    registry.publish(Crate(name, "2.0.0"))
    assert registry.entry(name, "2.0.0")["pubtime"]


def test_other_bytes_for_a_version_are_refused(
    rest: Rest, repository: Repository, current: Current
) -> None:
    """A registry never replaces a version, and has one spelling of a name."""
    name = unique("leaf")
    bring(rest, repository, archive([("a.crate", crate_file(name, "1.0.0"))]))
    there = current("crates")
    other = crate_file(name, "1.0.0", more='homepage = "https://leaf.example"')
    for file, reason in [
        (other, f"`b.crate` .*`{name} 1.0.0`: the repository has this version with other bytes"),
        (crate_file(name.upper(), "2.0.0"), f"the repository has it as `{name}`"),
    ]:
        with pytest.raises(Refused, match=reason):
            bring(rest, repository, archive([("b.crate", file)]))
    assert current("crates") == there


def test_rules_of_crates_io_hold_for_imports(rest: Rest, repository: Repository) -> None:
    """The repository's switch is for every way in."""
    file = archive([("a.crate", Crate(unique("leaf")).packed())])
    rest.patch(repository["pulp_href"], crates_io_rules=True)
    with pytest.raises(Refused, match=r"`a\.crate` in the archive: .*description"):
        bring(rest, repository, file)
    rest.patch(repository["pulp_href"], crates_io_rules=False)
    bring(rest, repository, file)


def test_dependency_on_the_own_registry_is_null(stack: Stack) -> None:
    """An import keeps the manifest's URL, which means this registry here [24, 25]."""
    registry, name = stack.make_registry(), unique("leaf")
    file = Crate(name, deps=[Dep(name="own")]).packed(registry.index_url)
    bring(stack.rest, {"pulp_href": registry.repository}, archive([("a.crate", file)]))
    assert [dep["registry"] for dep in registry.entry(name)["deps"]] == [None]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "Exactly one of file, upload must be specified"),
        ({"upload": "/pulp/api/v3/uploads/none/"}, "“none” is not a valid UUID"),
        ({"name": "x"}, '"name".*Unexpected field'),
    ],
    ids=["nothing", "no upload", "another field"],
)
def test_request_must_name_an_archive(
    rest: Rest, repository: Repository, fields: dict[str, str], reason: str
) -> None:
    """Without one, or with what nobody knows, it is a 400."""
    with pytest.raises(Refused, match=reason) as refused:
        rest.post(f"{repository['pulp_href']}import_crates/", **fields)
    assert refused.value.status == 400


def test_import_takes_the_right_to_modify(rest: Rest, repository: Repository) -> None:
    """A viewer may not, an owner may; and nobody takes another's upload."""
    file = archive([("a.crate", crate_file(unique("leaf"), "1.0.0"))])
    viewer = rest.new_user("cargo.cargorepository_viewer", on=repository["prn"])
    owner = rest.new_user("cargo.cargorepository_owner", on=repository["prn"])
    with pytest.raises(Refused) as refused:
        bring(viewer, repository, file)
    assert refused.value.status == 403
    upload = rest.make("uploads/", size=len(file))["pulp_href"]
    with pytest.raises(Refused) as refused:
        owner.post(f"{repository['pulp_href']}import_crates/", upload=upload)
    assert refused.value.status == 403
    bring(owner, repository, file)
    assert number(rest, repository) == 1
