"""`content/cargo/crates/upload/`: a crate version by one request, without a task."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

CRATES = "content/cargo/crates/"
UPLOAD = f"{CRATES}upload/"

# The first key of the lock that who changes a repository holds (`models/repository`).
LOCK_CLASS = 0x6361_7267

Current = Callable[[str], list[dict[str, Any]]]


def test_answer_is_the_unit_that_a_task_makes(rest: Rest) -> None:
    """With the status 201, and it is there at once; a task finds the same one."""
    file = crate_file(unique("leaf"), "1.0.0+build")
    answer = rest.session.post(rest.url(UPLOAD), files={"file": ("a.crate", file)})
    unit = answer.json()
    assert (answer.status_code, unit["vers"]) == (201, "1.0.0+build")
    assert unit["cksum"] == hashlib.sha256(file).hexdigest()
    assert rest.get(unit["pulp_href"]) == unit
    assert rest.upload(CRATES, file)["pulp_href"] == unit["pulp_href"]
    assert rest.upload(UPLOAD, file)["pulp_href"] == unit["pulp_href"]


def test_registry_serves_it_when_the_answer_comes(stack: Stack) -> None:
    """Every process knows of it, as after a publish, and the file is there."""
    registry = stack.make_registry()
    crate = Crate(unique("leaf"))
    file = crate.packed()
    for vers in ("1.0.0", "1.0.1", "1.0.2"):
        file = Crate(crate.name, vers).packed()
        stack.rest.upload(UPLOAD, file, repository=registry.repository)
        entry = registry.entry(crate.name, vers)
        assert entry["cksum"] == hashlib.sha256(file).hexdigest()
    assert registry.download(crate.name, "1.0.2").body == file


def test_same_bytes_are_no_change(rest: Rest, repository: dict[str, Any], current: Current) -> None:
    """Sent again, they make no version; and a unit that no repository had is added."""
    file = crate_file(unique("leaf"), "1.0.0")
    alone = rest.upload(UPLOAD, file)
    added = rest.upload(UPLOAD, file, repository=repository["pulp_href"])
    assert current("crates") == [added]
    assert added["pulp_href"] == alone["pulp_href"]
    assert rest.upload(UPLOAD, file, repository=repository["prn"]) == added
    assert rest.get(repository["pulp_href"])["latest_version_href"].endswith("/versions/1/")


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"neither an archive", "gzip"),
        (crate_file("zworse", "1.0.0", folder="twig-1.0.0"), "zworse-1.0.0"),
        (crate_file("zworse", "one"), "'one' is not SemVer"),
        (crate_file("zworse", "1.0.0", more="[features]\na = ['b']"), "`a` includes `b`"),
    ],
    ids=["not gzip", "wrong folder", "bad version", "bad feature"],
)
def test_bad_file_is_a_400_and_stores_nothing(rest: Rest, file: bytes, reason: str) -> None:
    """Neither a unit nor an artifact."""
    with pytest.raises(Refused, match=reason) as refused:
        rest.upload(UPLOAD, file)
    assert refused.value.status == 400
    assert rest.get("artifacts/", sha256=hashlib.sha256(file).hexdigest())["count"] == 0
    assert rest.get(CRATES, canonical_name="zworse")["count"] == 0


def test_rules_of_the_repository_hold(
    rest: Rest, repository: dict[str, Any], current: Current
) -> None:
    """Those of crates.io if it has them, one spelling of a name, and each version once, for good."""
    href, name = repository["pulp_href"], unique("leaf")
    first = rest.upload(UPLOAD, crate_file(name, "1.0.0"), repository=href)
    rest.set(href, crates_io_rules=True)
    refused = {
        "description": Crate(unique("leaf")).packed(),
        "already uploaded": crate_file(name, "1.0.0", more='homepage = "https://leaf.example"'),
        name: crate_file(name.replace("-", "_"), "1.0.1"),
    }
    for reason, file in refused.items():
        with pytest.raises(Refused, match=reason) as error:
            rest.upload(UPLOAD, file, repository=href)
        assert error.value.status == 400
        assert rest.get("artifacts/", sha256=hashlib.sha256(file).hexdigest())["count"] == 0
    assert current("crates") == [first]
    rest.post(f"{href}remove/", crates=[{"name": name, "vers": "1.0.0"}])
    for path in (UPLOAD, CRATES):
        with pytest.raises(Refused, match="before"):
            rest.upload(path, refused["already uploaded"], repository=href)
    other = rest.upload(UPLOAD, refused["already uploaded"])["pulp_href"]
    with pytest.raises(Refused, match="before"):
        rest.post(f"{href}modify/", add_content_units=[other])
    assert current("crates") == []
    rest.post(f"{href}modify/", add_content_units=[first["pulp_href"]])
    assert current("crates") == [first]


def test_what_else_a_request_says_is_refused(rest: Rest) -> None:
    """Rather than ignored: labels are set afterwards, and other ways to name a file take a task."""
    for field in ("pulp_labels", "artifact", "file_url", "relative_path"):
        with pytest.raises(Refused, match=field) as refused:
            rest.upload(UPLOAD, crate_file(unique("leaf"), "1.0.0"), **{field: "x"})
        assert refused.value.status == 400
    with pytest.raises(Refused, match="No file"):
        rest.post(UPLOAD)


def test_rights_are_those_of_the_upload_by_a_task(rest: Rest, repository: dict[str, Any]) -> None:
    """Whoever may modify the repository, with the repository named."""
    file = crate_file(unique("leaf"), "1.0.0")
    publisher = rest.new_user("cargo.cargorepository_publisher", on=repository["prn"])
    viewer = rest.new_user("cargo.cargorepository_viewer", on=repository["prn"])
    with pytest.raises(Refused, match="repository was not provided"):
        publisher.upload(UPLOAD, file)
    with pytest.raises(Refused) as refused:
        viewer.upload(UPLOAD, file, repository=repository["pulp_href"])
    assert refused.value.status == 403
    unit = publisher.upload(UPLOAD, file, repository=repository["pulp_href"])
    assert publisher.get(unit["pulp_href"]) == unit


def test_too_large_file_is_not_read(rest: Rest) -> None:
    """The bound is that of a publish."""
    with pytest.raises(Refused, match="accepts at most 52428800") as refused:
        rest.upload(UPLOAD, bytes(50 * 1024 * 1024 + 1))
    assert refused.value.status == 400


def test_repository_that_somebody_else_changes_is_a_503(
    stack: Stack, rest: Rest, repository: dict[str, Any]
) -> None:
    """It says when to try again."""
    pk = repository["pulp_href"].split("/")[-2]
    with stack.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [LOCK_CLASS, pk])
        answer = rest.session.post(
            rest.url(UPLOAD),
            files={"file": ("a.crate", crate_file(unique("leaf"), "1.0.0"))},
            data={"repository": repository["pulp_href"]},
        )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "busy" in answer.json()["detail"]
