"""`pulpcore-manager cargo-first-cache`: the cache of crates.io of a fresh installation."""

import json
from collections.abc import Callable

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, REPOSITORIES

REMOTES = "remotes/cargo/cargo/"

Command = Callable[[str], str | None]


@pytest.fixture
def make_cache(rest: Rest) -> Command:
    """Runs the command in this process; returns the index URL that it prints."""
    assert rest.rows is not None
    rows = rest.rows

    def run(name: str) -> str | None:
        url: str | None = json.loads(rows.command("cargo-first-cache", "--name", name))["index_url"]
        return url

    return run


def test_it_makes_what_is_missing_and_no_more(rest: Rest, make_cache: Command) -> None:
    """Twice is as good as once; the repository keeps as many versions as any."""
    name = unique("cache")
    first = make_cache(name)
    assert make_cache(name) == first
    (cache,) = rest.list(DISTRIBUTIONS, name=name)
    assert cache["base_url"] == first
    (remote,) = rest.list(REMOTES, name=name)
    assert (remote["url"], remote["policy"]) == (CRATES_IO_SPARSE, "on_demand")
    (repository,) = rest.list(REPOSITORIES, name=name)
    assert repository["retain_repo_versions"] == 100


def test_remote_that_is_there_is_used(rest: Rest, make_cache: Command) -> None:
    """An administrator may have one for a registry nearby, or through a proxy."""
    name = unique("cache")
    url = "sparse+https://near.example/index/"
    remote = rest.make(REMOTES, name=name, url=url)
    assert make_cache(name) is not None
    (cache,) = rest.list(DISTRIBUTIONS, name=name)
    assert cache["remote"] == remote["pulp_href"]
    assert rest.get(remote["pulp_href"])["url"] == url


def test_registry_of_ones_own_is_never_taken_for_the_cache(rest: Rest, make_cache: Command) -> None:
    """Neither one at the same base path, nor one of the same name elsewhere; both stay alone."""
    for base_path in (name := unique("cache"), unique("elsewhere")):
        made = rest.make(DISTRIBUTIONS, name=name, base_path=base_path)
        assert make_cache(name) is None
        assert rest.list(REMOTES, name=name) == []
        rest.delete(made["pulp_href"])


@pytest.mark.parametrize("use", ["another remote's", "uploads", "claim"])
def test_repository_of_something_else_is_not_used(
    rest: Rest, make_cache: Command, use: str
) -> None:
    """It has no remote of the cache, takes uploads, or its names are claimed by a list."""
    name, other = unique("cache"), unique("other")
    remote = rest.need(REMOTES, name=name, url=CRATES_IO_SPARSE)["pulp_href"]
    theirs = {} if use == "another remote's" else {"remote": remote}
    repository = rest.need(REPOSITORIES, name=name, **theirs)["pulp_href"]
    if use == "uploads":
        fields = {"repository": repository, "allow_uploads": True}
        rest.need(DISTRIBUTIONS, name=other, base_path=other, **fields)
    if use == "claim":
        listed = [{"name": "ours", "repository": repository}]
        rest.need(DISTRIBUTIONS, name=other, base_path=other, upstreams=listed)
    assert make_cache(name) is None
    assert rest.list(DISTRIBUTIONS, name=name) == []
