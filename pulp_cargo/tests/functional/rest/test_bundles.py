"""`snapshot/` and `import_bundle/` of a repository: who may, and what is refused."""

from typing import Any

import pytest

from pulp_cargo.tests.support.bundles import URL, bundle
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, Stack

Contents = dict[tuple[str, str], bytes]


def crates(name: str, *versions: str, **package: Any) -> Contents:
    """Return real .crate files by name and version."""
    made = [Crate(name, vers, package=package) for vers in versions]
    return {(name, one.vers): one.packed(URL) for one in made}


def bring(rest: Rest, href: str, file: bytes, **fields: str) -> dict[str, Any]:
    """Import a bundle, and return the result of the task."""
    task = rest.call("POST", f"{href}import_bundle/", files={"file": ("b", file)}, data=fields)
    result: dict[str, Any] = task["result"]
    return result


def number(rest: Rest, href: str) -> int:
    """Return the number of the repository's newest version."""
    return int(rest.get(href)["latest_version_href"].split("/")[-2])


def test_result_of_an_import(
    rest: Rest, repository: dict[str, Any], registry: dict[str, Any], name: str
) -> None:
    """Crates and yanks come in one version, with their times; once more, nothing changes."""
    href, contents = repository["pulp_href"], crates(name, "1.0.0", "2.0.0")
    file = bundle(contents=contents)
    done = bring(rest, href, file)
    assert done["repository_version"] == f"{href}versions/1/"
    assert (done["added"], done["versions"], done["signer"]) == (2, 2, None)
    assert done["index_urls"] == [URL]
    lines = Registry(registry["name"], registry["base_url"], None).index(name)
    assert [(one["vers"], one["yanked"], one["pubtime"]) for one in lines] == [
        ("1.0.0", False, "2026-11-01T12:00:00Z"),
        ("2.0.0", True, "2026-11-01T12:00:00Z"),
    ]
    again = bring(rest, href, file)
    assert (again["added"], again["repository_version"]) == (0, None)


def test_conflicts_are_found_before_anything_is_stored(
    rest: Rest, repository: dict[str, Any], name: str
) -> None:
    """Other bytes for a version, another spelling of a name, and a file of another crate."""
    href = repository["pulp_href"]
    bring(rest, href, bundle(contents=crates(name, "1.0.0")))
    other = crates(name, "1.0.0", description="Other bytes")
    with pytest.raises(Refused, match=r"has this version with other bytes.*nothing was imported"):
        bring(rest, href, bundle(contents=other | crates(f"{name}-more", "1.0.0")))
    spelled = crates(name.upper(), "2.0.0")
    with pytest.raises(Refused, match=f"has it as `{name}`"):
        bring(rest, href, bundle(contents=spelled))
    (content,) = crates(name, "3.0.0").values()
    with pytest.raises(Refused, match=f"is the file of `{name} 3.0.0`"):
        bring(rest, href, bundle(contents={(name, "4.0.0"): content}))
    with pytest.raises(Refused, match=r"bad-1\.0\.0\.crate` in the bundle: "):
        bring(rest, href, bundle(contents={("bad", "1.0.0"): b"no crate"}))
    assert number(rest, href) == 1


@pytest.mark.parametrize("field", ["path", "strict", "owners"])
def test_options_of_other_imports(rest: Rest, repository: dict[str, Any], field: str) -> None:
    """A bundle is never a folder of the server, and is taken whole."""
    with pytest.raises(Refused, match="Unexpected field") as refused:
        rest.call("POST", f"{repository['pulp_href']}import_bundle/", json={field: "/x"})
    assert refused.value.status == 400


@pytest.mark.parametrize("file", [b"", b"no bundle", bytes(10240), b"\x1f\x8b" + bytes(100)])
def test_what_is_no_bundle(rest: Rest, repository: dict[str, Any], file: bytes) -> None:
    """It is a message, and the repository stays as it is."""
    with pytest.raises(Refused, match=r"bundle|file is empty|submitted file"):
        bring(rest, repository["pulp_href"], file)
    assert number(rest, repository["pulp_href"]) == 0


def test_mirror_is_refused_where_people_publish(stack: Stack, name: str) -> None:
    """It would remove what they have published."""
    registry = stack.make_registry()
    with pytest.raises(Refused, match="accepts uploads"):
        bring(stack.rest, registry.repository, bundle(listed=[], files=[]), mirror="true")
    assert bring(stack.rest, registry.repository, bundle(contents=crates(name, "1.0.0")))["added"]


def test_keys_must_be_public_keys(rest: Rest, repository: dict[str, Any]) -> None:
    """Neither other text nor secret keys are stored; with keys, a bundle must be signed."""
    href = repository["pulp_href"]
    for keys, said in (
        ("no key", "not OpenPGP public keys"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "secret key"),
    ):
        with pytest.raises(Refused, match=said):
            rest.patch(href, snapshot_keys=keys)


def test_snapshot_of_a_version(stack: Stack, name: str) -> None:
    """It is made once, has no signer without a signing service, and must be of a version."""
    registry, rest = stack.make_registry(), stack.rest
    registry.publish(Crate(name))
    first = rest.post(f"{registry.repository}snapshot/", number=0)["result"]
    assert (first["version"], first["count"], first["signer"]) == (0, 0, None)
    assert first["root"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    newest = rest.post(f"{registry.repository}snapshot/")["result"]
    assert (newest["version"], newest["count"]) == (1, 1)
    assert registry.get("snapshot.json").json()["root"] == newest["root"]
    assert registry.get("snapshot.json.asc").status == 404
    assert registry.get("@0/snapshot.jsonl").body == b""
    registry.publish(Crate(name, "2.0.0"))
    registry.publish(Crate(name, "3.0.0"))
    assert "there is no snapshot of version 2" in registry.get("@2/snapshot.json").detail
    with pytest.raises(Refused, match="there is no version 7"):
        rest.post(f"{registry.repository}snapshot/", number=7)


def test_rights(stack: Stack, name: str) -> None:
    """Both actions require the right to modify the repository."""
    registry = stack.make_registry()
    viewer = stack.rest.new_user("cargo.cargorepository_viewer", on=registry.repository)
    for send in (
        lambda: viewer.post(f"{registry.repository}snapshot/"),
        lambda: bring(viewer, registry.repository, bundle(listed=[], files=[])),
    ):
        with pytest.raises(Refused) as refused:
            send()
        assert refused.value.status == 403


def test_list_of_upstreams_has_no_snapshot(stack: Stack) -> None:
    """Each of its repositories has versions of its own."""
    own = stack.make_registry()
    wanted = {"name": unique("list"), "base_path": unique("list")}
    upstreams = [{"name": "ours", "repository": own.repository}]
    listed = stack.rest.need(DISTRIBUTIONS, **wanted, upstreams=upstreams)
    answer = Registry(listed["name"], listed["base_url"], None).get("snapshot.json")
    assert answer.status == 404
    assert "does not serve a single repository" in answer.detail
