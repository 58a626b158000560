"""`sync`: a repository that copies a registry of another Pulp."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream import Upstream, line_of

CopyOf = Callable[..., Copy]


def test_copy_serves_the_same_index_and_files(stack: Stack, copy_of: CopyOf, name: str) -> None:
    """Crates, yanks and the order of the lines are those of the upstream, byte for byte."""
    original = stack.make_registry()
    for vers in ("1.0.0", "1.1.0", "2.0.0-rc.1+build.5"):
        original.publish(Crate(name, vers, features={"a": []}))
    original.yank(name, "1.0.0")
    copy = copy_of(original.index_url)
    copy.sync()
    assert copy.registry.index_file(name).body == original.index_file(name).body
    assert copy.registry.download(name, "2.0.0-rc.1+build.5").body == (
        original.download(name, "2.0.0-rc.1+build.5").body
    )


def test_what_is_missing_is_reported_by_every_sync(
    stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """Although the upstream has not changed; without anything missing, it answers 304."""
    original = stack.make_registry()
    original.publish(Crate(name))
    copy = copy_of(original.index_url)
    wanted = [name, f"{name}-none", f"{name}-no*"]
    for _ in range(2):
        report = copy.sync(crates=wanted)["result"]
        assert [(one["name"], one["reason"]) for one in report["refused"]] == [
            (f"{name}-no*", "no mirrored version matches it"),
            (f"{name}-none", "no mirrored version meets it"),
        ]
    original.publish(Crate(f"{name}-none"))
    assert [copy.sync(crates=wanted)["result"]["refused"] for _ in range(2)] == [[], []]
    assert copy.version == 2


@pytest.mark.parametrize("mirror", [True, False])
@pytest.mark.parametrize("policy", ["on_demand", "immediate"])
def test_versions_that_differ_in_build_metadata(
    upstream: Upstream, copy_of: CopyOf, name: str, policy: str, mirror: bool
) -> None:
    """Both come, each with its own yank; which of them is yanked may change."""
    crates = [Crate(name, vers) for vers in ("0.4.0", "0.4.0+25")]
    upstream.have(*crates)
    copy = copy_of(upstream.index_url, policy=policy)
    for yanked in ([True, False], [False, True]):
        lines = zip(map(line_of, crates), yanked, strict=True)
        upstream.serve([line | {"yanked": is_yanked} for line, is_yanked in lines])
        copy.sync(mirror=mirror)
        assert [(line["vers"], line["yanked"]) for line in copy.registry.index(name)] == [
            ("0.4.0", yanked[0]),
            ("0.4.0+25", yanked[1]),
        ]
    for crate in crates:
        assert copy.registry.download(name, crate.vers).body == crate.packed()
    upstream.have(crates[1])
    copy.sync(mirror=True)
    assert [line["vers"] for line in copy.registry.index(name)] == ["0.4.0+25"]


def test_second_sync_makes_no_version_and_costs_no_listing(
    stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """The upstream answers 304, so the task has nothing to report."""
    original = stack.make_registry()
    original.publish(Crate(name))
    copy = copy_of(original.index_url)
    assert copy.sync()["created_resources"] == [f"{copy.registry.repository}versions/1/"]
    again = copy.sync()
    assert (again["created_resources"], again["progress_reports"], copy.version) == ([], [], 1)


def test_units_have_all_fields(upstream: Upstream, copy_of: CopyOf, name: str) -> None:
    """What is not in the index comes over as well."""
    crate = Crate(name)
    upstream.have(crate, description="Small", license="MIT", categories=["os"], authors=["A"])
    copy = copy_of(upstream.index_url)
    copy.sync()
    (unit,) = copy.rest.list("content/cargo/crates/", name=name)
    wanted = {
        "cksum": crate.cksum(),
        "pubtime": "2026-01-02T03:04:05Z",
        "description": "Small",
        "license": "MIT",
        "categories": ["os"],
        "authors": ["A"],
        "keywords": ["one", "two"],
        "readme": "# Read me",
        "edition": "2021",
        "artifact": None,
    }
    assert {key: unit[key] for key in wanted} == wanted


def test_mirror_removes_the_rest_and_sync_keeps_it(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """With `mirror` the repository is equal to the upstream; without, it only grows."""
    old, new = Crate(f"{name}-old"), Crate(f"{name}-new")
    copy = copy_of(upstream.index_url)
    upstream.have(old, yanked=True)
    copy.sync()
    upstream.have(new)
    copy.sync()
    assert copy.registry.entry(old.name)["yanked"] and copy.registry.entry(new.name)
    copy.sync(mirror=True)
    assert copy.registry.index(old.name) == []
    assert not copy.registry.entry(new.name)["yanked"]
    summary = copy.rest.get(copy.rest.get(copy.registry.repository)["latest_version_href"])
    assert {kind: one["count"] for kind, one in summary["content_summary"]["present"].items()} == {
        "cargo.crate": 1
    }


def replaced_on(upstream: Upstream, crate: Crate) -> Crate:
    """Have other bytes for a version upstream, and a new one; return the version as it is there."""
    other = replace(crate, files={"src/lib.rs": b"// other"})
    upstream.have(other, Crate(crate.name, "2.0.0"))
    return other


@pytest.mark.parametrize("mirror", [True, False])
@pytest.mark.parametrize("policy", ["on_demand", "immediate"])
def test_replaced_bytes_are_refused_until_they_are_accepted(
    upstream: Upstream, copy_of: CopyOf, name: str, policy: str, mirror: bool
) -> None:
    """By a copy as by a cache: it keeps what it has, and goes on with all other versions."""
    crate = Crate(name)
    upstream.have(crate)
    copy = copy_of(upstream.index_url, policy=policy)
    copy.sync(mirror=mirror)
    assert copy.registry.download(name).body == crate.packed()
    other = replaced_on(upstream, crate)
    task = copy.sync(mirror=mirror)
    counts = {report["code"]: report["done"] for report in task["progress_reports"]}
    assert counts["sync.cargo.replaced"] == 1
    cksums = {line["vers"]: line["cksum"] for line in copy.registry.index(name)}
    assert cksums["1.0.0"] == crate.cksum() and "2.0.0" in cksums
    assert copy.registry.download(name).body == crate.packed()
    (record,) = copy.rest.list(f"{copy.remote}replaced/", name=name)
    assert (record["checksum_before"], record["checksum"]) == (crate.cksum(), other.cksum())
    assert record["accepted_at"] is None
    accepted = {"name": name, "vers": "1.0.0", "checksum": other.cksum()}
    copy.rest.post(f"{copy.remote}accept/", **accepted)
    # Though the listing is the same.
    copy.sync(mirror=mirror)
    assert copy.registry.entry(name)["cksum"] == other.cksum()
    assert copy.registry.download(name).body == other.packed()
    assert copy.sync(mirror=mirror)["created_resources"] == []


def test_replaced_version_is_yanked_as_upstream(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """An upstream may warn of a version whose new bytes are refused."""
    crate = Crate(name)
    upstream.have(crate)
    copy = copy_of(upstream.index_url)
    copy.sync(mirror=True)
    for yanked in (True, False):
        upstream.have(replace(crate, files={"src/lib.rs": b"// other"}), yanked=yanked)
        copy.sync(mirror=True)
        entry = copy.registry.entry(name)
        assert (entry["cksum"], entry["yanked"]) == (crate.cksum(), yanked)


def test_other_upstream_is_no_replacement(upstream: Upstream, copy_of: CopyOf, name: str) -> None:
    """Whoever gives a mirror another URL wants what is there."""
    crate = Crate(name)
    upstream.have(crate)
    copy = copy_of(upstream.index_url)
    copy.sync(mirror=True)
    with fake.running() as elsewhere:
        other = replaced_on(elsewhere, crate)
        copy.rest.patch(copy.remote, url=elsewhere.index_url)
        copy.sync(mirror=True)
        assert copy.registry.entry(name)["cksum"] == other.cksum()


@pytest.mark.parametrize("mirror", [True, False])
def test_version_that_comes_back_with_other_bytes_is_refused(
    upstream: Upstream, copy_of: CopyOf, name: str, mirror: bool
) -> None:
    """Lock files may have the checksum that it had; the same bytes are welcome."""
    crate, rest = Crate(name), Crate(name, "2.0.0")
    copy = copy_of(upstream.index_url)
    for there in ([crate, rest], [rest]):
        upstream.have(*there)
        copy.sync(mirror=True)
    replaced_on(upstream, crate)
    copy.sync(mirror=mirror)
    assert [line["vers"] for line in copy.registry.index(name)] == ["2.0.0"]
    upstream.have(crate, rest)
    copy.sync(mirror=mirror)
    assert copy.registry.entry(name)["cksum"] == crate.cksum()


def test_yanks_follow_the_upstream(upstream: Upstream, copy_of: CopyOf, name: str) -> None:
    """A yank comes over, and so does taking it back; yanks of other crates stay."""
    crate, other = Crate(name), Crate(f"{name}-other")
    copy = copy_of(upstream.index_url)
    upstream.have(other, yanked=True)
    copy.sync()
    for yanked in (True, False):
        upstream.have(crate, yanked=yanked)
        copy.sync()
        assert copy.registry.entry(name)["yanked"] is yanked
        assert copy.registry.entry(other.name)["yanked"] is True


def test_dependency_on_the_upstream_is_one_on_the_copy(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """The upstream's URLs mean the copy's registry, others stay what they are."""
    line = line_of(Crate(name))
    entry = json.loads(line["index_line"])
    names = {"a": upstream.index_url, "b": "sparse+https://elsewhere.example/"}
    entry["deps"] = [{"name": dep, "req": "^1", "registry": url} for dep, url in names.items()]
    upstream.serve([line | {"index_line": json.dumps(entry)}])
    copy = copy_of(upstream.index_url)
    copy.sync()
    assert [(dep["name"], dep["registry"]) for dep in copy.registry.entry(name)["deps"]] == [
        ("a", None),
        ("b", "sparse+https://elsewhere.example/"),
    ]
    aliases = copy.rest.get(copy.registry.repository)["index_aliases"]
    assert aliases == [upstream.index_url]


def test_immediate_downloads_within_the_task(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """With `immediate` nothing is left to be asked of the upstream, which may go away."""
    crates = [Crate(name, f"1.0.{number}") for number in range(3)]
    upstream.have(*crates)
    copy = copy_of(upstream.index_url, policy="immediate", username="me", password="pw")
    copy.sync()
    assert sorted(upstream.downloads()) == [fake.file_path(crate) for crate in crates]
    assert {header for _, header in upstream.asked} == {fake.basic("me", "pw")}
    upstream.bodies.clear()
    for crate in crates:
        assert copy.registry.download(name, crate.vers).body == crate.packed()


def test_private_upstream_is_read_with_the_credentials_of_the_remote(
    stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """A token serves as the password; without one the task says what it needs."""
    original = stack.make_registry(auth_required=True)
    original.publish(Crate(name))
    with pytest.raises(Refused, match="401: the remote needs the `username` and `password`"):
        copy_of(original.index_url).sync()
    copy = copy_of(original.index_url, username="any", password=original.token)
    copy.sync()
    assert copy.registry.entry(name)


def test_mirror_is_refused_where_people_publish(
    stack: Stack, registry: Registry, copy_of: CopyOf
) -> None:
    """It would remove what they published; the answer names the distribution to who may view it."""
    own = stack.make_registry()
    remote = copy_of(registry.index_url).remote
    with pytest.raises(Refused, match=f"the distribution `{own.name}` accepts uploads") as refused:
        stack.rest.post(f"{own.repository}sync/", remote=remote, mirror=True)
    assert refused.value.status == 400
    owner = stack.rest.new_user("cargo.cargorepository_owner", on=own.repository)
    user, _ = owner.auth or ("", "")
    stack.rest.post(f"{remote}add_role/", role="cargo.cargoremote_viewer", users=[user])
    with pytest.raises(Refused, match="a distribution that you may not view accepts uploads"):
        owner.post(f"{own.repository}sync/", remote=remote, mirror=True)


def test_sync_needs_a_remote_and_the_permission(
    stack: Stack, rest: Rest, registry: Registry, copy_of: CopyOf
) -> None:
    """The owner of a repository may sync it, from a remote that they may see."""
    bare = rest.make("repositories/cargo/cargo/", name=unique("r"))["pulp_href"]
    with pytest.raises(Refused, match="remote") as refused:
        rest.post(f"{bare}sync/")
    assert refused.value.status == 400
    remote = copy_of(registry.index_url).remote
    viewer = rest.new_user("cargo.cargorepository_viewer", on=bare)
    owner = rest.new_user("cargo.cargorepository_owner", on=bare)
    # To the owner, the response is as if there were no such remote.
    for who, status, text in ((viewer, 403, "permission"), (owner, 400, "does not exist")):
        with pytest.raises(Refused, match=text) as refused:
            who.post(f"{bare}sync/", remote=remote)
        assert refused.value.status == status
    name = owner.auth[0] if owner.auth else ""
    (user,) = rest.list("users/", username=name)
    rest.post(f"{user['pulp_href']}roles/", role="cargo.cargoremote_viewer", content_object=remote)
    assert owner.post(f"{bare}sync/", remote=remote)["state"] == "completed"


def test_clash_with_another_crate_fails_the_task(
    upstream: Upstream, stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """A version that is there with other bytes is kept, and the sentence names it."""
    own = stack.make_registry()
    own.publish(Crate(name))
    before = own.index_file(name).body
    upstream.have(replace(Crate(name), files={"src/lib.rs": b"// other"}))
    remote = copy_of(upstream.index_url).remote
    with pytest.raises(Refused, match=f"{name} 1.0.0"):
        stack.rest.post(f"{own.repository}sync/", remote=remote)
    assert own.index_file(name).body == before
