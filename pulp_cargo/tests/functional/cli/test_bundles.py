"""`pulp cargo bundle` and `verify`: from one registry to another that it has no connection to."""

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.keys import Key
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.registry import Registry, index_path
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack

# The URL of the registry outside: its own means it on both sides here, where both are in one Pulp.
ALIAS = "sparse+https://crates.example.org/"


@pytest.fixture(scope="module")
def service(stack: Stack, key: Key) -> str:
    """The href of a signing service with that key."""
    from django.db import connection

    from pulpcore.plugin.models import AsciiArmoredDetachedSigningService

    assert stack.rest.rows is not None
    made = AsciiArmoredDetachedSigningService.objects.create(
        name=unique("service"),
        public_key=key.public,
        pubkey_fingerprint=key.fingerprint,
        script=str(key.signing_script()),
    )
    connection.close()
    return f"/pulp/api/v3/signing-services/{made.pk}/"


@dataclass(frozen=True, slots=True)
class Gap:
    """A private registry outside with two crates, and the files that are carried inside.

    `lines` are those of the crates in the first bundle.
    """

    pulp: Pulp
    outside: Registry
    folder: Path
    lines: dict[str, list[dict[str, object]]]

    def create(self, name: str, *arguments: str) -> dict[str, object]:
        """Make a bundle, and return what the command prints."""
        url, key = self.outside.index_url, str(self.folder / "key.asc")
        token = ("--token-file", self.file("token"), "--key", key)
        made = self.pulp.cargo(
            "bundle", "create", url, "-o", str(self.folder / name), *token, *arguments
        )
        return dict(made)

    def file(self, name: str) -> str:
        """Return the path of a file."""
        return str(self.folder / name)

    def take_in(self, name: str, repository: str, *arguments: str) -> dict[str, object]:
        """Import a bundle, and return the repository's new version."""
        own = ("--repository", repository, *arguments)
        return dict(self.pulp.cargo("bundle", "import", self.file(name), *own))


@pytest.fixture(scope="module")
def gap(
    stack: Stack, pulp: Pulp, key: Key, service: str, tmp_path_factory: pytest.TempPathFactory
) -> Gap:
    """Its first bundle is `first.tar`: nobody has made a snapshot before."""
    signed = {"signing_service": service, "index_aliases": [ALIAS]}
    outside = stack.make_registry(repository=signed, auth_required=True)
    folder = tmp_path_factory.mktemp("gap")
    (folder / "key.asc").write_text(key.public)
    (folder / "token").write_text(str(outside.token))
    outside.publish(Crate("leaf"))
    outside.publish(Crate("tree", deps=[Dep(name="leaf", registry=ALIAS)]))
    outside.publish(Crate("tree", "2.0.0"))
    outside.yank("tree", "2.0.0")
    lines = {name: outside.index(name, token=outside.token) for name in ("leaf", "tree")}
    made = Gap(pulp, outside, folder, lines)
    made.create("first.tar")
    return made


def inside(stack: Stack, **repository: object) -> Registry:
    """Return an empty registry on the other side."""
    return stack.make_registry(repository=dict(repository), allow_uploads=False)


def test_real_cargo_builds_on_the_other_side(
    stack: Stack, gap: Gap, key: Key, tmp_path: Path
) -> None:
    """With the lock file from outside, unchanged; index and files are those of the source."""
    there = inside(stack, snapshot_keys=key.public, index_aliases=[ALIAS])
    version = gap.take_in("first.tar", there.name)
    assert version["number"] == 1
    token = gap.outside.token
    for name, lines in gap.lines.items():
        assert there.index(name) == lines
        assert there.download(name).body == gap.outside.download(name, token=token).body
    assert [line["yanked"] for line in there.index("tree")] == [False, True]
    cargo = Cargo(tmp_path / "outside", {"team": gap.outside}, provider=True).configure()
    deps = [f'{crate} = {{ version = "=1.0.0", registry = "team" }}' for crate in gap.lines]
    project = cargo.package(tmp_path, "app", deps=deps, lib="")
    project.run("generate-lockfile")
    before = (project.folder / "Cargo.lock").read_text()
    replaced = (
        f'[source.team]\nregistry = "{gap.outside.index_url}"\nreplace-with = "inside"\n'
        f'[source.inside]\nregistry = "{there.index_url}"\n'
    )
    other = Cargo(tmp_path / "inside", {"team": gap.outside}).configure(replaced, tokens=False)
    other.run("build", "--locked", cwd=project.folder)
    assert (project.folder / "Cargo.lock").read_text() == before
    shown = gap.pulp.cargo(
        "bundle", "verify", gap.file("first.tar"), "--lock-file", str(project.folder / "Cargo.lock")
    )
    assert list(shown["missing"].values()) == [[]]


def test_bundle_is_verified_without_a_server(gap: Gap, key: Key, tmp_path: Path) -> None:
    """With its signature, and the lock files that need more than it has."""
    offline = Pulp(tmp_path)
    shown = offline.cargo("bundle", "verify", gap.file("first.tar"), "--key", gap.file("key.asc"))
    assert (shown["versions"], shown["files"], shown["since"]) == (3, 3, None)
    assert shown["index_urls"] == [gap.outside.index_url]
    assert shown["signed_by"] == key.fingerprint
    (tmp_path / "Cargo.lock").write_text(
        'version = 4\n[[package]]\nname = "app"\nversion = "1.0.0"\n'
        '[[package]]\nname = "leaf"\nversion = "9.0.0"\nsource = "sparse+https://r.example/"\n'
    )
    lock = ("--lock-file", str(tmp_path / "Cargo.lock"))
    with pytest.raises(PulpFailed, match="The bundle lacks packages of") as failed:
        offline.cargo("bundle", "verify", gap.file("first.tar"), *lock)
    (problem,) = json.loads(failed.value.stdout)["missing"][lock[1]]
    assert (problem["name"], problem["detail"]) == ("leaf", "it is not in the bundle")


def test_later_bundle_has_what_is_new(stack: Stack, gap: Gap, key: Key) -> None:
    """It builds on the first one, without which it is refused as a whole."""
    gap.outside.publish(Crate("leaf", "1.1.0"))
    gap.outside.unyank("tree", "2.0.0")
    made = gap.create("second.tar", "--since", gap.file("first.tar"))
    assert (made["versions"], made["files"]) == (4, 1)
    there = inside(stack)
    with pytest.raises(PulpFailed, match=r"the repository lacks `leaf 1\.0\.0` and 2 more"):
        gap.take_in("second.tar", there.name)
    assert gap.take_in("first.tar", there.name)["number"] == 1
    assert gap.take_in("second.tar", there.name)["number"] == 2
    assert [line["vers"] for line in there.index("leaf")] == ["1.0.0", "1.1.0"]
    assert [line["yanked"] for line in there.index("tree")] == [False, False]
    # Once more, nothing changes; as a mirror, what the first did not have is removed.
    assert gap.take_in("second.tar", there.name)["number"] == 2
    assert gap.take_in("first.tar", there.name, "--mirror")["number"] == 3
    assert [line["vers"] for line in there.index("leaf")] == ["1.0.0"]


def test_nothing_of_a_bad_bundle_is_imported(stack: Stack, gap: Gap, tmp_path: Path) -> None:
    """One that somebody else has signed, and one with a flipped bit in its last crate."""
    other = Key("Somebody <else@example.org>")
    there = inside(stack, snapshot_keys=other.public)
    other.close()
    with pytest.raises(PulpFailed, match="is not by a trusted key"):
        gap.take_in("first.tar", there.name)
    free = inside(stack)
    content = bytearray((gap.folder / "first.tar").read_bytes())
    content[content.rindex(b"tree-2.0.0.crate\0") + 512 + 20] ^= 4
    (gap.folder / "bad.tar").write_bytes(content)
    with pytest.raises(PulpFailed, match=r"`tree-2\.0\.0\.crate` has the SHA-256"):
        gap.take_in("bad.tar", free.name)
    for registry in (there, free):
        assert stack.rest.get(registry.repository)["latest_version_href"].endswith("/0/")
        assert registry.index_file("leaf").status == 404


def test_registry_and_copies_are_verified(gap: Gap, tmp_path: Path) -> None:
    """Each difference is named: missing, extra, another checksum or yank mark, and other bytes."""
    url = gap.outside.index_url.replace(gap.outside.name, f"{gap.outside.name}/@4")
    token = ("--token-file", gap.file("token"))
    assert gap.pulp.cargo("verify", url, *token, "--key", gap.file("key.asc")) == []
    copy = tmp_path / "copy"
    copy.mkdir()
    with tarfile.open(gap.file("first.tar")) as archive:
        archive.extractall(copy, filter="data")
    assert Pulp(tmp_path).cargo("verify", str(copy), "--key", gap.file("key.asc")) == []
    lines = (copy / "index" / index_path("tree")).read_text()
    damaged = lines.replace('"yanked":true', '"yanked":false').replace('"1.0.0"', '"3.0.0"', 1)
    (copy / "index" / index_path("tree")).write_text(damaged)
    (copy / "leaf-1.0.0.crate").write_bytes(b"other")
    (copy / "more-1.0.0.crate").write_bytes(b"more")
    with pytest.raises(PulpFailed, match="The snapshot differs in 5 points") as failed:
        Pulp(tmp_path).cargo("verify", str(copy))
    found = {(one["problem"], one["name"], one["vers"]) for one in json.loads(failed.value.stdout)}
    assert found == {
        ("missing", "tree", "1.0.0"),
        ("extra", "tree", "3.0.0"),
        ("yanked", "tree", "2.0.0"),
        ("file", "leaf", "1.0.0"),
        ("extra", "more-1.0.0.crate", ""),
    }


def test_snapshot_is_served_to_readers(gap: Gap, key: Key) -> None:
    """The head is signed, its lines are those of the index; others than readers get nothing."""
    past, token = "@4/", gap.outside.token
    head = gap.outside.get(f"{past}snapshot.json", token=token)
    assert head.json()["count"] == 3
    signature = gap.outside.get(f"{past}snapshot.json.asc", token=token)
    (key.home / "asc").write_bytes(signature.body)
    (key.home / "json").write_bytes(head.body)
    key.gpg("--verify", str(key.home / "asc"), str(key.home / "json"))
    lines = gap.outside.get(f"{past}snapshot.jsonl", token=token)
    names = [json.loads(line)["name"] for line in lines.body.splitlines()]
    assert names == ["leaf", "tree", "tree"]
    etag = lines.headers["etag"]
    again = gap.outside.get(f"{past}snapshot.jsonl", token=token, if_none_match=etag)
    assert again.status == 304
    assert gap.outside.get("snapshot.json").status == 401
