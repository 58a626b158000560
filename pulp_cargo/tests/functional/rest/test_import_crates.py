"""`import_crates/` of a repository: many .crate files in one archive, in one version."""

import gzip
import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.protocol.paths import index_path
from pulp_cargo.tests.functional.rest.archives import archive, special
from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.importing import INDEX_LINE, in_folder
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

Current = Callable[[str], list[dict[str, Any]]]
Repository = dict[str, Any]

# The result of an import that changes nothing.
NUMBERS = ("added", "there", "yanked", "owners", "ignored", "without_file", "refused")
NOTHING = {**dict.fromkeys(NUMBERS, 0), "problems": [], "repository_version": None}


def bring(rest: Rest, repository: Repository, file: bytes, **options: str) -> dict[str, Any]:
    """Import an archive and return the task."""
    path = f"{repository['pulp_href']}import_crates/"
    return rest.call("POST", path, files={"file": ("crates.tar", file)}, data=options)


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
    unit = rest.need_crate(file)
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
        (archive([("README.md", b"")]), "`README.md` in the archive: it is not a .crate file"),
        (special("a.crate", tarfile.SYMTYPE), "`a.crate` in the archive: it is a symbolic link"),
        (special("a.crate", tarfile.REGTYPE, size=2**32), "the archive ends in the middle"),
        (special("x", tarfile.XHDTYPE, size=2**30), "the archive has a tar extension of 10737"),
        (archive([("a.crate", GOOD)])[:1000], "the archive ends in the middle"),
        (gzip.compress(archive([("a.crate", GOOD)]))[:-9], "the archive ends in the middle"),
        (b"no tar at all", "the archive ends in the middle"),
    ],
    ids=[
        *(
            "other file alone",
            "link alone",
            "huge",
            "extension",
            "cut",
            "cut gzip",
            "no tar",
        ),
    ],
)
def test_archive_that_is_damaged_or_has_no_crates_is_refused(
    rest: Rest, repository: Repository, file: bytes, reason: str
) -> None:
    """The sentence says where and why, and nothing is stored."""
    path = "content/cargo/crates/"
    before = rest.get(path, canonical_name="zgood")["count"]
    with pytest.raises(Refused, match=reason) as refused:
        bring(rest, repository, file)
    assert refused.value.status is None
    assert number(rest, repository) == 0
    assert rest.get(path, canonical_name="zgood")["count"] == before


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
    assert again["result"] == NOTHING | {"there": 1}


def test_what_is_no_crate_is_counted_and_the_others_come_in(
    rest: Rest, repository: Repository, current: Current
) -> None:
    """Whoever packs a folder has more in it than crates."""
    name = unique("leaf")
    files = [(f"{vers}.crate", crate_file(name, vers)) for vers in ("1.0.0", "2.0.0")]
    task = bring(rest, repository, archive([files[0], ("README.md", b"# hi"), files[1]]))
    version = f"{repository['pulp_href']}versions/1/"
    assert task["result"] == NOTHING | {"added": 2, "ignored": 1, "repository_version": version}
    assert {unit["vers"] for unit in current("crates")} == {"1.0.0", "2.0.0"}


def test_number_that_was_freed_takes_only_its_own_bytes(
    rest: Rest, repository: Repository, current: Current
) -> None:
    """Other bytes are named, and the other files of the archive come in; the same come back."""
    name = unique("leaf")
    first, other = crate_file(name, "1.0.0"), crate_file(name, "1.0.0", more='homepage = "x:y"')
    bring(rest, repository, archive([("a.crate", first)]))
    (unit,) = current("crates")
    modify = f"{repository['pulp_href']}modify/"
    rest.post(modify, remove_content_units=[unit["pulp_href"]])
    files = [("b.crate", other), ("c.crate", crate_file(name, "2.0.0"))]
    result = bring(rest, repository, archive(files))["result"]
    assert (result["added"], [one["file"] for one in result["problems"]]) == (1, ["b.crate"])
    assert "had this version with other bytes before" in result["problems"][0]["reason"]
    assert bring(rest, repository, archive([("a.crate", first)]))["result"]["added"] == 1
    assert {unit["cksum"] for unit in current("crates") if unit["vers"] == "1.0.0"} == {
        hashlib.sha256(first).hexdigest()
    }


def test_versions_that_differ_in_build_metadata_come_in(
    rest: Rest, stack: Stack, repository: Repository, current: Current
) -> None:
    """As elsewhere: the registries of a mirror serve both. In one archive, and in two."""
    name = unique("leaf")
    plain, built, other = (crate_file(name, vers) for vers in ("1.0.0", "1.0.0+b", "1.0.0+c"))
    bring(rest, repository, archive([("a.crate", plain), ("b.crate", built)]))
    task = bring(rest, repository, archive([("b.crate", built), ("c.crate", other)]))
    version = f"{repository['pulp_href']}versions/2/"
    assert task["result"] == NOTHING | {"added": 1, "there": 1, "repository_version": version}
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


def test_other_bytes_for_a_removed_version_are_refused(
    rest: Rest, repository: Repository, current: Current
) -> None:
    """Its number is used up, as for a publish; the same bytes may come again."""
    name = unique("leaf")
    first = crate_file(name, "1.0.0")
    other = crate_file(name, "1.0.0", more='homepage = "https://leaf.example"')
    bring(rest, repository, archive([("a.crate", first)]))
    rest.post(f"{repository['pulp_href']}remove/", crates=[{"name": name, "vers": "1.0.0"}])
    with pytest.raises(Refused, match="had this version with other bytes before"):
        bring(rest, repository, archive([("a.crate", other)]))
    assert current("crates") == []
    bring(rest, repository, archive([("a.crate", first)]))
    assert [one["cksum"] for one in current("crates")] == [hashlib.sha256(first).hexdigest()]


def test_rules_of_crates_io_hold_for_imports(rest: Rest, repository: Repository) -> None:
    """The repository's switch is for every way in."""
    file = archive([("a.crate", Crate(unique("leaf")).packed())])
    rest.set(repository["pulp_href"], crates_io_rules=True)
    with pytest.raises(Refused, match=r"`a\.crate` in the archive: .*description"):
        bring(rest, repository, file)
    rest.set(repository["pulp_href"], crates_io_rules=False)
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
        ({}, "Exactly one of file, upload, path must be specified"),
        ({"upload": "/pulp/api/v3/uploads/none/"}, "“none” is not a valid UUID"),
        ({"path": "crates"}, "`crates` is not the absolute path of a folder on the server"),
        ({"path": "/etc"}, "`/etc` is not below one of the folders .* ALLOWED_IMPORT_PATHS"),
        ({"path": "/x\0"}, "the text has a NUL character"),
        ({"path": "/x", "strict": "maybe"}, "Must be a valid boolean"),
        ({"name": "x"}, '"name".*Unexpected field'),
    ],
    ids=["nothing", "no upload", "no path", "other path", "NUL", "no flag", "another field"],
)
def test_request_must_name_an_archive(
    rest: Rest, repository: Repository, fields: dict[str, str], reason: str
) -> None:
    """Without one, or with what nobody knows, it is a 400."""
    with pytest.raises(Refused, match=reason) as refused:
        rest.call("POST", f"{repository['pulp_href']}import_crates/", json=fields)
    assert refused.value.status == 400


def test_index_in_the_archive_brings_yanks_and_times(stack: Stack) -> None:
    """Versions are yanked that were, now or by an earlier import; what is contradicted is refused."""
    registry, name = stack.make_registry(), unique("leaf")
    repository = {"pulp_href": registry.repository}
    files = {vers: crate_file(name, vers) for vers in ("1.0.0", "2.0.0", "3.0.0")}
    crates = [(f"{name}-{vers}.crate", file) for vers, file in files.items()]
    sums = {vers: hashlib.sha256(file).hexdigest() for vers, file in files.items()}
    sums["3.0.0"] = "0" * 64
    lines = "".join(
        INDEX_LINE.format(name=name, vers=vers, cksum=cksum, yanked=str(vers == "2.0.0").lower())
        for vers, cksum in {**sums, "4.0.0": "0" * 64}.items()
    )
    index = (f"index/{index_path(name)}", lines.encode())
    with pytest.raises(Refused, match=f"`{name}-3.0.0.crate` in the archive: its SHA-256 is"):
        bring(stack.rest, repository, archive([*crates, index]), strict="true")
    assert number(stack.rest, repository) == 0
    bring(stack.rest, repository, archive(crates[:1]))
    result = bring(stack.rest, repository, archive([*crates, index]))["result"]
    counts = {"added": 1, "there": 1, "yanked": 1, "refused": 1, "without_file": 1}
    assert {key: result[key] for key in counts} == counts
    assert {
        line["vers"]: (line["yanked"], line.get("pubtime")) for line in registry.index(name)
    } == {
        "1.0.0": (False, None),
        "2.0.0": (True, "2020-02-02T02:02:02Z"),
    }
    again = bring(stack.rest, repository, archive([*crates[:2], index]))["result"]
    assert (again["there"], again["repository_version"]) == (2, None)


def test_folder_of_the_server_is_for_whoever_may_import_from_it(stack: Stack) -> None:
    """Files of all tenants may be in it, so the right to modify a repository does not suffice."""
    registry, name = stack.make_registry(), unique("leaf")
    repository = stack.rest.get(registry.repository)
    (allowed,) = stack.settings["ALLOWED_IMPORT_PATHS"]
    folder = in_folder(Path(allowed) / name, {f"{name}.crate": crate_file(name, "1.0.0")})
    owner = stack.rest.new_user("cargo.cargorepository_owner", on=repository["prn"])
    path = f"{registry.repository}import_crates/"
    with pytest.raises(Refused, match=r"requires the permission `core\.add_pulpimport`") as refused:
        owner.call("POST", path, json={"path": str(folder)})
    assert refused.value.status == 403
    result = stack.rest.call("POST", path, json={"path": str(folder)})["result"]
    version = f"{registry.repository}versions/1/"
    assert result == NOTHING | {"added": 1, "repository_version": version}
    with pytest.raises(Refused, match="cannot be read: No such file or directory"):
        stack.rest.call("POST", path, json={"path": f"{folder}/nope"})


def test_import_takes_the_right_to_modify(rest: Rest, repository: Repository) -> None:
    """A viewer may not, an owner may; and nobody takes another's upload."""
    file = archive([("a.crate", crate_file(unique("leaf"), "1.0.0"))])
    viewer = rest.new_user("cargo.cargorepository_viewer", on=repository["prn"])
    owner = rest.new_user("cargo.cargorepository_owner", on=repository["prn"])
    with pytest.raises(Refused) as refused:
        bring(viewer, repository, file)
    assert refused.value.status == 403
    upload = rest.make("uploads/", size=len(file))["pulp_href"]
    with pytest.raises(Refused, match="Object does not exist") as refused:
        owner.post(f"{repository['pulp_href']}import_crates/", upload=upload)
    assert refused.value.status == 400
    bring(owner, repository, file)
    assert number(rest, repository) == 1
