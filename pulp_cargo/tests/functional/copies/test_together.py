"""A sync while others change the same things."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream import Upstream

CopyOf = Callable[..., Copy]
RENAMED = "sparse+https://old.example/index/"
ADD = """
    UPDATE cargo_cargorepository SET index_aliases = index_aliases || %s::text
    WHERE repository_ptr_id = %s
"""
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query ~ 'cargo_cargorepository'
"""


def test_alias_that_comes_during_a_sync_stays(
    stack: Stack, upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """A distribution gets another base path, say, and leaves the old URL; the task adds its own."""
    upstream.have(Crate(name))
    copy = copy_of(upstream.index_url)
    pk = copy.registry.repository.rstrip("/").rpartition("/")[2]
    with (
        ThreadPoolExecutor() as pool,
        stack.connect() as other,
        stack.connect() as watching,
    ):
        with other.transaction():
            other.execute(ADD, [RENAMED, pk])
            task = pool.submit(copy.sync)
            assert launcher.wait_for(lambda: watching.execute(WAITING).fetchone() == (1,))
        assert task.result()["state"] == "completed"
    aliases = copy.rest.get(copy.registry.repository)["index_aliases"]
    assert sorted(aliases) == sorted([RENAMED, upstream.index_url])
    copy.rest.patch(copy.registry.repository, index_aliases=[RENAMED])
    assert copy.rest.get(copy.registry.repository)["index_aliases"] == [RENAMED]
