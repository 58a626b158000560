"""A cache of another registry, and its stored crates."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.traces import nothing_left

REMOTES = "remotes/cargo/cargo/"
CRATES = "content/cargo/crates/"
UNITS = "SELECT vers FROM cargo_cratecontent WHERE name = %s"
INDEX_FILE = "SELECT 1 FROM cargo_upstreamindexfile WHERE name = %s"
# Index files are written after the response, in batches.
INDEX_PAUSE = 0.3
# The timeout for upstreams in tests; index files are outdated immediately.
IMPATIENT = {"index_max_age": 0, "sock_connect_timeout": 2, "sock_read_timeout": 2}


@dataclass(frozen=True, slots=True)
class Cache:
    """A distribution with a remote and a repository."""

    stack: Stack
    remote: str
    registry: Registry

    @property
    def rest(self) -> Rest:
        """The REST API for the administrator."""
        return self.stack.rest

    @property
    def latest(self) -> str:
        """The newest repository version."""
        return f"{self.registry.repository}versions/{self.version}/"

    @property
    def version(self) -> int:
        """Its number."""
        repository = self.registry.repository
        if self.rest.rows:
            return self.rest.rows.latest(repository)
        return int(self.rest.get(repository)["latest_version_href"].rstrip("/").rpartition("/")[2])

    def kept(self, *names: str) -> set[str]:
        """Return names and versions of these crates in the newest repository version."""
        if self.rest.rows:
            return self.rest.rows.crates(self.registry.repository, names)
        found = self.rest.list(
            CRATES, repository_version=self.latest, name__in=",".join(names), limit=1000
        )
        return {f"{one['name']} {one['vers']}" for one in found}

    def keeps(self, *wanted: str) -> bool:
        """Whether exactly these versions of their crates are in the repository, now or soon."""
        names = {one.partition(" ")[0] for one in wanted}
        return wait_for(lambda: self.kept(*names) == set(wanted))

    def change(self, **fields: Any) -> None:
        """Change the remote."""
        self.rest.set(self.remote, **fields)

    def knows(self, name: str) -> bool:
        """Whether a crate's index file is stored, now or soon."""
        time.sleep(INDEX_PAUSE)
        with self.stack.connect() as connection:
            return connection.execute(INDEX_FILE, [name.lower()]).fetchone() is not None

    @contextmanager
    def keeps_nothing(self, name: str) -> Iterator[None]:
        """Fail if the block leaves a unit of the crate, or any file without an owner.

        Files of other crates may be added meanwhile, some time after their download.
        """
        before = self._units(name)
        with nothing_left(self.stack):
            yield
        new = self._units(name) - before
        assert not new, f"versions of {name} were stored: {sorted(new)}"

    def _units(self, name: str) -> frozenset[str]:
        with self.stack.connect() as connection:
            return frozenset(vers for (vers,) in connection.execute(UNITS, [name]).fetchall())


def make_cache(
    stack: Stack,
    index_url: str,
    *,
    distribution: dict[str, Any] | None = None,
    **fields: Any,
) -> Cache:
    """Create a cache of the registry with this index URL; further fields are those of the remote."""
    wanted = {"name": unique("up"), "url": index_url, "policy": "on_demand", **IMPATIENT, **fields}
    remote = stack.rest.need(REMOTES, **wanted)["pulp_href"]
    registry = stack.make_registry(remote=remote, allow_uploads=False, **(distribution or {}))
    return Cache(stack, remote, registry)
