"""What users of other registries ran into, tried here."""

from typing import Any

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE
from pulp_cargo.tests.conftest import NothingStored, Refuse
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack


def removed(stack: Stack, registry: Registry, name: str) -> None:
    """Remove all versions of a crate from the registry's repository."""
    version = stack.rest.get(registry.repository)["latest_version_href"]
    found = stack.rest.list("content/cargo/crates/", name=name, repository_version=version)
    units = [one["pulp_href"] for one in found]
    stack.rest.post(f"{registry.repository}modify/", remove_content_units=units)


def test_number_that_was_freed_stays_used_up(
    stack: Stack, registry: Registry, nothing: NothingStored, name: str
) -> None:
    """Proxies and lock files have the old bytes, which were said never to change."""
    first = Crate(name)
    registry.publish(first)
    removed(stack, registry, name)
    with nothing(registry, name):
        answer = registry.send(Crate(name, files={"src/lib.rs": b"// other"}))
    assert answer.status == 400
    assert f"`{name} 1.0.0` was published here before with other bytes" in answer.detail
    assert registry.send(Crate(name, "1.0.0+b", files={"src/lib.rs": b"// x"})).status == 400
    registry.publish(first)
    assert registry.download(name).body == first.packed(registry.index_url)
    removed(stack, registry, name)
    registry.publish(Crate(name, "1.0.1", files={"src/lib.rs": b"// other"}))


@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN", "Bearer", "bearer"])
def test_schemes_by_which_tools_send_a_token(stack: Stack, name: str, scheme: str) -> None:
    """Dependabot's is `Token`."""
    private = stack.make_registry(auth_required=True)
    private.publish(Crate(name))
    headers = {"Authorization": f"{scheme} {private.token}"}
    assert private.request("GET", "config.json", headers=headers).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "sparse+https://user:password@r.example/index/",
        "sparse+https://user@r.example/index/",
        "https://:password@r.example/index",
        "ssh://git:password@r.example/index",
        "sparse+{origin}",
    ],
)
def test_secret_in_the_url_of_a_registry_is_refused(
    registry: Registry, refuse: Refuse, name: str, url: str
) -> None:
    """Everybody would see it who reads the index; the sentence does not show it either."""
    host = registry.url.removeprefix("http://")
    url = url.format(origin=f"http://user:password@{host}")
    sentence = refuse(registry, Crate(name, deps=[Dep(name="a", registry=url)]))
    assert "user or password" in sentence
    assert ":password" not in sentence


@pytest.mark.parametrize(
    "url", [CRATES_IO, f"{CRATES_IO}.git", CRATES_IO_SPARSE, CRATES_IO_SPARSE.rstrip("/") + "/"]
)
def test_crates_io_has_one_name(registry: Registry, name: str, url: str) -> None:
    """By whichever URL a manifest names it."""
    registry.publish(Crate(name, deps=[Dep(name="itoa", registry=url)]))
    assert [dep["registry"] for dep in registry.entry(name)["deps"]] == [CRATES_IO]


@pytest.mark.parametrize("readme", [b"# a\0b", b"# a\xff"])
def test_readme_is_the_same_by_every_way_in(
    stack: Stack, registry: Registry, name: str, readme: bytes
) -> None:
    """That in the archive counts, and what a database cannot hold is replaced."""
    crate = Crate(name, files={"README.md": readme}, package={"readme": "README.md"})
    registry.publish(crate)
    other = stack.make_registry()
    stack.rest.upload(
        "content/cargo/crates/", crate.packed(registry.index_url), repository=other.repository
    )
    shown = {one["readme"] for one in stack.rest.list("content/cargo/crates/", name=name)}
    assert shown == {"# a\N{REPLACEMENT CHARACTER}" + ("b" if b"\0" in readme else "")}


@pytest.mark.parametrize("kind", ["public", "private"])
def test_wrong_token_says_so(stack: Stack, name: str, kind: str) -> None:
    """Without telling whether it was revoked, has expired, or never was."""
    there = stack.make_registry(auth_required=kind == "private")
    expired = stack.make_token_record()
    stack.rest.delete(expired["pulp_href"])
    sentences = set()
    elsewhere = stack.make_token(distribution=stack.make_registry().href)
    for token in ("nonsense", expired["token"], elsewhere):
        answer = there.send(Crate(name), token=token)
        assert answer.status == 401
        sentences.add(answer.detail)
        if kind == "private":
            assert there.index_file(name, token=token).detail == answer.detail
    (sentence,) = sentences
    assert "does not accept this token" in sentence and "mistyped" in sentence


@pytest.mark.parametrize(
    ("files", "bytes"),
    [({"src/lib.rs": b""}, "just these bytes"), ({"src/lib.rs": b"//"}, "other bytes")],
)
def test_release_tools_find_their_words(
    registry: Registry, name: str, files: dict[str, Any], bytes: str
) -> None:
    """They look for `already uploaded` or `already exists`, and people for what is there."""
    registry.publish(Crate(name))
    detail = registry.send(Crate(name, files=files)).detail
    for words in (f"`{name} 1.0.0`", "already uploaded", "already exists", bytes):
        assert words in detail


def test_names_do_not_reach_a_terminal_as_they_are(registry: Registry, refuse: Refuse, name: str):
    """A sentence that quotes a name shows its control characters."""
    crate = Crate(name, json_changes={"vers": "1.0.0\x1b[2J"})
    assert "1.0.0\\x1b[2J" in refuse(registry, crate)
    assert "\x1b" not in registry.get("no/th/%1b[2J").detail
