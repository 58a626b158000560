"""The cache of crates.io that is there from the first start."""

import json
from pathlib import Path

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.serve.launcher import Running
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, REPOSITORIES, Stack, attach

pytestmark = pytest.mark.serve

PATH = "/pulp/cargo/crates-io/config.json"
REMOTES = "remotes/cargo/cargo/"
FETCHED = "SELECT count(*) FROM cargo_upstreamindexfile"


def test_cache_keeps_what_is_asked_for(registry: Running) -> None:
    """It is a distribution with a remote and a repository, all of one name."""
    rest = attach(registry.ready).rest
    (remote,) = rest.list(REMOTES, name="crates-io")
    assert (remote["url"], remote["policy"]) == (CRATES_IO_SPARSE, "on_demand")
    (repository,) = rest.list(REPOSITORIES, name="crates-io")
    assert repository["remote"] == remote["pulp_href"]
    (cache,) = rest.list(DISTRIBUTIONS, name="crates-io")
    assert (cache["base_path"], cache["allow_uploads"]) == ("crates-io", False)
    assert cache["base_url"] == registry.ready["cache_index_url"]
    assert (cache["remote"], cache["repository"]) == (remote["pulp_href"], repository["pulp_href"])


def test_start_fetches_nothing(registry: Running) -> None:
    """The cache answers for itself, and has not asked crates.io for anything."""
    assert registry.get(PATH) == 200
    with attach(registry.ready).connect() as connection:
        assert connection.execute(FETCHED).fetchone() == (0,)


@pytest.mark.long
def test_cache_can_be_left_out_made_later_and_deleted(scratch: Path) -> None:
    """`--no-cache` makes none, the next start without it does, and what was deleted stays so."""
    data = scratch / "no-cache"
    with launcher.running(data, "--no-cache") as running:
        assert running.ready["cache_index_url"] is None
        assert running.get(PATH) == 404
    _as_an_earlier_version_left_it(data / "state.json")
    with launcher.running(data) as running:
        assert running.get(PATH) == 200
    with launcher.running(data, "--no-cache") as running:
        assert running.get(PATH) == 200
        _delete_cache(attach(running.ready))
    with launcher.running(data) as running:
        assert running.ready["cache_index_url"] is None
        assert running.get(PATH) == 404


def _as_an_earlier_version_left_it(state: Path) -> None:
    known = json.loads(state.read_text())
    assert known.pop("cache_path") is None
    state.write_text(json.dumps(known))


def _delete_cache(stack: Stack) -> None:
    (cache,) = stack.rest.list(DISTRIBUTIONS, name="crates-io")
    stack.rest.delete(cache["pulp_href"])
