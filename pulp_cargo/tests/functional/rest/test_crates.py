"""`content/cargo/crates/`: reading, filtering and uploading crate versions."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support import traces
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

CRATES = "content/cargo/crates/"
DEPENDENCIES = """
[dependencies.serde]
version = "1.0"
features = ["derive"]
optional = true
[build-dependencies.elsewhere]
version = "2"
registry-index = "sparse+https://r.example/index/"
[features]
default = ["std"]
std = ["dep:serde"]
"""


def test_upload_tells_all_that_the_index_and_the_manifest_say(rest: Rest) -> None:
    """The unit is read from the .crate file; nothing of it is sent beside the file."""
    name = unique("Leaf")
    file = crate_file(name, "1.0.0+build", more=DEPENDENCIES)
    unit = rest.upload(CRATES, file)
    expected = {
        "name": name,
        "canonical_name": name.lower().replace("-", "_"),
        "vers": "1.0.0+build",
        "cksum": hashlib.sha256(file).hexdigest(),
        "description": "A leaf",
        "license": "MIT",
        "edition": "2021",
        "keywords": ["tree"],
        "readme": f"# {name}\n",
        "size": len(file),
        "links": None,
        "features": {"default": ["std"], "std": ["dep:serde"]},
    }
    assert {key: unit[key] for key in expected} == expected
    assert {dep["name"]: dep for dep in unit["dependencies"]} == {
        "serde": {
            "name": "serde",
            "package": None,
            "req": "^1.0",
            "kind": "normal",
            "optional": True,
            "default_features": True,
            "features": ["derive"],
            "target": None,
            "registry": "https://github.com/rust-lang/crates.io-index",
        },
        "elsewhere": {
            "name": "elsewhere",
            "package": None,
            "req": "^2",
            "kind": "build",
            "optional": False,
            "default_features": True,
            "features": [],
            "target": None,
            "registry": "sparse+https://r.example/index/",
        },
    }


def test_upload_makes_the_unit_that_publish_makes(
    rest: Rest, stack: Stack, repository: dict[str, Any], registry: dict[str, Any]
) -> None:
    """Two crates that differ in name alone have the same lines and units, whichever way they came."""
    published, uploaded = (
        Crate(
            unique("leaf"),
            deps=[Dep(name="serde", registry=CRATES_IO, optional=True), Dep(name="twig")],
            features={"std": ["dep:serde"]},
            files={"README.md": b"# A leaf", "src/lib.rs": b""},
            package={"readme": "README.md", "description": "A leaf", "keywords": ["tree"]},
        )
        for _ in range(2)
    )
    there = stack.make_registry()
    there.publish(published)
    here = Registry(registry["name"], registry["base_url"], there.token)
    file = uploaded.packed(here.index_url)
    unit = rest.upload(CRATES, file, repository=repository["pulp_href"])
    differ = {"name", "cksum", "pubtime"}
    lines = [there.entry(published.name), here.entry(uploaded.name)]
    assert lines[1]["cksum"] == hashlib.sha256(file).hexdigest()
    first, second = ({k: v for k, v in line.items() if k not in differ} for line in lines)
    # The one that was published here has a time, which cargo goes by, and nobody knows the other's.
    assert ([key for key in lines[0] if key != "pubtime"], first) == (list(lines[1]), second)
    differ |= {"canonical_name", "pulp_href", "prn", "artifact", "dependencies"}
    differ |= {"pulp_created", "pulp_last_updated", "size"}
    (other,) = rest.list(CRATES, name=published.name)
    first, second = ({k: v for k, v in one.items() if k not in differ} for one in (other, unit))
    assert first == second


def test_rules_of_crates_io_hold_for_uploads(rest: Rest, repository: dict[str, Any]) -> None:
    """The repository's switch is for every way in; without a repository there is no switch."""
    file = Crate(unique("leaf")).packed()
    rest.set(repository["pulp_href"], crates_io_rules=True)
    with pytest.raises(Refused, match="description"):
        rest.upload(CRATES, file, repository=repository["pulp_href"])
    assert rest.upload(CRATES, file)["description"] is None


def test_same_bytes_are_the_same_unit(rest: Rest) -> None:
    """Uploading a file again changes nothing and answers with the unit that is there."""
    file = crate_file(unique("leaf"), "1.0.0")
    assert rest.upload(CRATES, file) == rest.upload(CRATES, file)


def test_upload_of_a_stored_artifact(rest: Rest) -> None:
    """A file that Pulp has already is named by its artifact."""
    name = unique("leaf")
    artifact = rest.upload("artifacts/", crate_file(name, "1.0.0"))
    unit = rest.make(CRATES, artifact=artifact["pulp_href"])
    assert (unit["name"], unit["artifact"]) == (name, artifact["pulp_href"])


def test_readme_outside_the_root_is_found(rest: Rest) -> None:
    """The manifest says where the readme is."""
    name = unique("leaf")
    unit = rest.upload(CRATES, crate_file(name, "1.0.0", readme="docs/intro.md"))
    assert unit["readme"] == f"# {name}\n"


def test_upload_into_a_repository(
    rest: Rest, repository: dict[str, Any], current: Callable[[str], list[dict[str, Any]]]
) -> None:
    """With a repository, the unit is in its next version."""
    file = crate_file(unique("leaf"), "1.0.0")
    unit = rest.upload(CRATES, file, repository=repository["pulp_href"])
    assert current("crates") == [unit]


def test_version_is_never_replaced(
    rest: Rest, repository: dict[str, Any], current: Callable[[str], list[dict[str, Any]]]
) -> None:
    """Other bytes for a version that is there are refused, and the repository stays as it is."""
    name = unique("leaf")
    unit = rest.need_crate(crate_file(name, "1.0.0"), repository=repository["pulp_href"])
    other = crate_file(name, "1.0.0", more='homepage = "https://leaf.example"')
    with pytest.raises(Refused, match=r"each version can exist only once"):
        rest.upload(CRATES, other, repository=repository["pulp_href"])
    assert current("crates") == [unit]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"no archive", "gzip"),
        (crate_file("zbad", "1.0.0", folder="twig-1.0.0"), "zbad-1.0.0"),
        (crate_file("zbad", "one"), "'one' is not SemVer"),
        (crate_file("zb@d", "1.0.0"), "zb@d"),
        (crate_file("zbad", "1.0.0", more="[features]\na = ['b']"), "`a` includes `b`"),
    ],
    ids=["not gzip", "wrong folder", "bad version", "bad name", "bad feature"],
)
def test_bad_file_makes_no_unit(stack: Stack, rest: Rest, file: bytes, reason: str) -> None:
    """What is wrong is said in a sentence, and there is no unit."""
    before = rest.get(CRATES, canonical_name="zbad")["count"]
    with pytest.raises(Refused, match=reason):
        rest.upload(CRATES, file)
    assert rest.get(CRATES, canonical_name="zbad")["count"] == before
    traces.remove_orphan(stack, file)


def test_the_path_of_the_file_cannot_be_set(rest: Rest) -> None:
    """It follows from name and version."""
    with pytest.raises(Refused, match="relative_path") as refused:
        rest.upload(CRATES, crate_file(unique("leaf"), "1.0.0"), relative_path="x")
    assert refused.value.status == 400


def test_filters(rest: Rest, repository: dict[str, Any]) -> None:
    """Crates are found by each spelling of their name, by version, checksum and dependency."""
    name, dependency = unique("Leaf"), unique("dep")
    more = f'[dependencies.alias]\npackage = "{dependency}"\nversion = "1"'
    old = rest.need_crate(crate_file(name, "1.0.0"))
    new = rest.need_crate(crate_file(name, "1.1.0", more=f'rust-version = "1.70"\n{more}'))

    def found(**filters: str) -> list[str]:
        return sorted(unit["vers"] for unit in rest.list(CRATES, **filters))

    assert found(name=name) == ["1.0.0", "1.1.0"]
    assert found(name=name.lower()) == []
    assert found(canonical_name=old["canonical_name"], vers="1.1.0") == ["1.1.0"]
    assert found(name=name, vers__in="1.0.0,2.0.0") == ["1.0.0"]
    assert found(cksum=old["cksum"]) == ["1.0.0"]
    assert found(cksum__in=f"{old['cksum']},{new['cksum']}") == ["1.0.0", "1.1.0"]
    assert found(dependency=dependency) == ["1.1.0"]
    assert found(name=name, dependency="alias") == []
    assert found(name=name, keyword="tree") == ["1.0.0", "1.1.0"]
    assert found(name=name, keyword="Tree") == []
    assert found(name=name, rust_version="1.70") == ["1.1.0"]
    assert found(name=name, rust_version__in="1.60,1.70") == ["1.1.0"]
    assert found(name=name, repository_version=repository["latest_version_href"]) == []


def test_versions_are_found_by_a_requirement(rest: Rest) -> None:
    """Of crates that are named; pre-releases lie within the range, as for crate policies."""
    name, other = unique("leaf"), unique("other")
    for vers in ("0.9.0", "1.2.0", "1.10.0", "2.0.0-rc.1", "2.0.0"):
        rest.need_crate(crate_file(name, vers))
    rest.need_crate(crate_file(other, "1.5.0"))

    def found(**filters: str) -> set[str]:
        return {unit["vers"] for unit in rest.list(CRATES, **filters)}

    assert found(name=name, versions=">=1.2, <2") == {"1.2.0", "1.10.0", "2.0.0-rc.1"}
    assert found(name=name, versions="^2.0.0-rc") == {"2.0.0-rc.1", "2.0.0"}
    assert found(name=name, versions="*") == found(name=name)
    assert found(name=name, versions="=3") == set()
    assert found(name__in=f"{name},{other}", versions="1") == {"1.2.0", "1.10.0", "1.5.0"}
    canonical = name.replace("-", "_")
    assert found(canonical_name=canonical, versions="1", vers="1.2.0") == {"1.2.0"}
    for filters, reason in (
        ({"versions": "1"}, "also requires a crate"),
        ({"versions": "newest", "name": name}, "is invalid for cargo"),
    ):
        with pytest.raises(Refused, match=reason) as refused:
            rest.list(CRATES, **filters)
        assert refused.value.status == 400


def test_upload_takes_a_repository_that_the_user_may_modify(
    rest: Rest, repository: dict[str, Any]
) -> None:
    """Others upload only into repositories that are theirs to change."""
    file = crate_file(unique("leaf"), "1.0.0")
    owner = rest.new_user("cargo.cargorepository_owner", on=repository["prn"])
    viewer = rest.new_user("cargo.cargorepository_viewer", on=repository["prn"])
    with pytest.raises(Refused, match="repository was not provided"):
        owner.upload(CRATES, file)
    with pytest.raises(Refused) as refused:
        viewer.upload(CRATES, file, repository=repository["pulp_href"])
    assert refused.value.status == 403
    assert owner.upload(CRATES, file, repository=repository["pulp_href"])["vers"] == "1.0.0"
    assert len(viewer.list(CRATES)) == 1
