"""A list of upstreams as it was at a time."""

from datetime import UTC, datetime, timedelta

from pulp_cargo.tests.functional.cache.lists.conftest import StoreOf, new_list, ours, theirs
from pulp_cargo.tests.functional.cache.test_past import at, publish_over_time, versions
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack


def test_each_upstream_has_what_it_had(
    stack: Stack,
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    store_of: StoreOf,
    name: str,
) -> None:
    """A private repository its version of then; a crate that the first had not yet, the next one's."""
    private = stack.make_registry()
    for vers in ("1.0.0", "1.1.0"):
        private.publish(Crate(f"{name}-ours", vers))
    home = private.repository.rstrip("/").rpartition("/")[2]
    with stack.connect() as connection:
        connection.execute(
            "UPDATE core_repositoryversion SET pulp_created = pulp_created"
            " - (2 - number) * interval '2 days' WHERE repository_id = %s AND number < 2",
            [home],
        )
    publish_over_time(upstream, name, {"2.0.0": "2025-06-01T00:00:00Z"})
    publish_over_time(elsewhere, name, {"1.0.0": "2025-01-01T00:00:00Z"})
    mixed = new_list(
        stack,
        ours(private, private=True),
        theirs(store_of(upstream)),
        theirs(store_of(elsewhere)),
    )
    assert versions(mixed, name) == ["2.0.0"]
    assert versions(mixed, f"{name}-ours") == ["1.0.0", "1.1.0"]
    day = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    past = at(mixed, day)
    assert versions(past, f"{name}-ours") == ["1.0.0"]
    assert past.download(f"{name}-ours").status == 200
    assert past.download(f"{name}-ours", "1.1.0").status == 404
    before = at(mixed, "2025-05-31")
    answer = before.index_file(name)
    assert answer.status == 404, "the private repository did not exist"
    assert "this repository had no version at" in answer.detail


def test_next_upstream_answers_for_what_the_first_had_not_yet(
    stack: Stack,
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    store_of: StoreOf,
    name: str,
) -> None:
    """As on that day."""
    publish_over_time(upstream, name, {"2.0.0": "2025-06-01T00:00:00Z"})
    publish_over_time(elsewhere, name, {"1.0.0": "2025-01-01T00:00:00Z"})
    two = new_list(stack, theirs(store_of(upstream)), theirs(store_of(elsewhere)))
    assert versions(two, name) == ["2.0.0"]
    past = at(two, "2025-05-31")
    assert versions(past, name) == ["1.0.0"]
    assert past.download(name).body == Crate(name).packed(elsewhere.index_url)
    assert past.download(name, "2.0.0").status == 404


def test_list_has_no_versions(stack: Stack, upstream: SparseUpstream, store_of: StoreOf) -> None:
    """Only times: each of its repositories has numbers of its own. The message says so."""
    two = new_list(stack, theirs(store_of(upstream)))
    assert at(two, 1).get("config.json").detail == (
        f"the registry `{two.name}` is a list of upstreams, so it has no versions; its state at a"
        " time can be named, such as `@2026-11-01`"
    )
