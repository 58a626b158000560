"""A repository that keeps what comes from a remote takes no uploads, in whatever order one tries."""

from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.upstreams import (
    DISTRIBUTIONS,
    new_registry,
    new_remote,
    new_repository,
    refusal,
)
from pulp_cargo.tests.support.rest import Rest, unique

NO_STORE = {
    "repository": [
        "This repository accepts uploads through another registry, so the `remote` could add"
        " versions to your crates. Use a separate repository for the cache."
    ]
}
NO_UPLOADS = {
    "allow_uploads": [
        "The `repository` stores crates of another registry's remote. Use a separate repository"
        " for uploads; otherwise, an upstream could add versions to your crates."
    ]
}


def refused(rest: Rest, **fields: Any) -> Any:
    """Return the JSON of the 400 that a new registry must get."""
    name = unique("registry")
    return refusal(rest, "POST", DISTRIBUTIONS, name=name, base_path=name, **fields)


@pytest.fixture
def remote(rest: Rest) -> str:
    """The href of a remote."""
    return new_remote(rest)


@pytest.fixture
def repository(rest: Rest) -> str:
    """The href of a repository that nothing uses."""
    return new_repository(rest)


def test_repository_that_takes_uploads_is_no_store(
    rest: Rest, repository: str, remote: str
) -> None:
    """Neither of a new cache nor of one that gets its repository, or its remote, later."""
    new_registry(rest, repository=repository, allow_uploads=True)
    assert refused(rest, repository=repository, remote=remote) == NO_STORE
    bare = new_registry(rest, remote=remote)["pulp_href"]
    assert refusal(rest, "PATCH", bare, repository=repository) == NO_STORE
    reading = new_registry(rest, repository=repository)["pulp_href"]
    assert refusal(rest, "PATCH", reading, remote=remote) == NO_STORE


@pytest.mark.parametrize("kind", ["cache", "list"])
def test_store_takes_no_uploads(rest: Rest, repository: str, remote: str, kind: str) -> None:
    """Neither through a new registry nor through one that is opened, or gets the store, later."""
    kept = {"remote": remote, "repository": repository}
    new_registry(rest, **(kept if kind == "cache" else {"upstreams": [{"name": "far", **kept}]}))
    assert refused(rest, repository=repository, allow_uploads=True) == NO_UPLOADS
    reading = new_registry(rest, repository=repository)["pulp_href"]
    assert refusal(rest, "PATCH", reading, allow_uploads=True) == NO_UPLOADS
    open_one = new_registry(rest, repository=new_repository(rest), allow_uploads=True)["pulp_href"]
    assert refusal(rest, "PATCH", open_one, repository=repository) == NO_UPLOADS


def test_store_takes_no_uploads_through_a_list(rest: Rest, repository: str, remote: str) -> None:
    """Not even where the list has it as one that claims nothing."""
    new_registry(rest, repository=repository, remote=remote)
    shared = {"name": "shared", "repository": repository, "private": False}
    fields = {"repository": repository, "allow_uploads": True}
    assert refused(rest, upstreams=[shared], **fields) == NO_UPLOADS
    listed = new_registry(rest, upstreams=[shared])["pulp_href"]
    assert refusal(rest, "PATCH", listed, **fields) == NO_UPLOADS


def test_repository_may_change_its_purpose(rest: Rest, repository: str, remote: str) -> None:
    """When nothing uses it for the one any more, it is free for the other."""
    open_one = new_registry(rest, repository=repository, allow_uploads=True)["pulp_href"]
    rest.patch(open_one, allow_uploads=False)
    cache = new_registry(rest, repository=repository, remote=remote)["pulp_href"]
    assert refusal(rest, "PATCH", open_one, allow_uploads=True) == NO_UPLOADS
    rest.patch(cache, remote=None)
    rest.patch(open_one, allow_uploads=True)
