"""The registries that the rows measure, each created when the first row needs it."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path

from benchmarks import closure, publishing, sets
from benchmarks import stack as stacks
from benchmarks.closure import Closure
from benchmarks.crates import Crate
from benchmarks.measure import LeftOut
from benchmarks.nginx import Nginx
from benchmarks.scale import Scale
from benchmarks.stack import Registry, Stack
from pulp_cargo.protocol.paths import index_path


class World:
    """A stack with its registries, and nginx if that is installed."""

    def __init__(
        self,
        stack: Stack,
        nginx: Nginx | None,
        scale: Scale,
        scratch: Path,
        template: Path | None = None,
    ) -> None:
        self.stack = stack
        self.nginx = nginx
        self.scale = scale
        self.scratch = scratch
        self._template = template
        self._quarters: list[int] = []
        self._runs: Counter[str] = Counter()

    def run_of(self, row: str) -> int:
        """Return how often a row has run before, for names that none of its runs has used."""
        self._runs[row] += 1
        return self._runs[row] - 1

    @contextmanager
    def another_stack(self, name: str, environ: Mapping[str, str] | None = None) -> Iterator[Stack]:
        """Run a stack that has none of the registries below, and remove it at the end."""
        data_dir = self.scratch / name
        if self._template is not None:
            stacks.copy(self._template, data_dir)
        try:
            with stacks.running(data_dir, environ) as other:
                yield other
        finally:
            shutil.rmtree(data_dir, ignore_errors=True)

    def empty(self) -> Registry:
        """Create a registry without any crate."""
        return self.stack.make_registry(f"bench-empty-{self.run_of('an empty registry')}")

    def quarter_sizes(self) -> list[int]:
        """Return the bytes of the whole database after each quarter of the filled registry."""
        assert self.filled
        return self._quarters

    @cached_property
    def filled(self) -> Registry:
        """A registry of 10,000 versions, published one at a time, including the tree."""
        registry = self.stack.make_registry("bench-filled")
        scale = self.scale
        crates = [*sets.tree(scale.tree, scale.versions), *sets.crowd_around(scale)]
        quarter = -(-len(crates) // 4)
        for start in range(0, len(crates), quarter):
            say(f"publishing {start:,} to {start + quarter:,} of {len(crates):,}, one at a time")
            publishing.one_by_one(registry, crates[start : start + quarter])
            self._quarters.append(self.stack.database_bytes())
        return registry

    @cached_property
    def with_history(self) -> Registry:
        """The filled registry with a crate of 1,000 versions."""
        say(f"publishing {self.scale.many_versions:,} versions of one crate, eight at a time")
        history = sets.long_history(self.scale.many_versions)
        publishing.at_once(self.filled, history, clients=8)
        return self.filled

    @cached_property
    def huge(self) -> Registry:
        """A registry of 100,000 versions, copied from one."""
        return self._multiplied("bench-huge", self.scale.huge)

    @cached_property
    def largest(self) -> Registry:
        """A registry of 1,000,000 versions, copied from one."""
        return self._multiplied("bench-largest", self.scale.largest)

    @cached_property
    def searched(self) -> Registry:
        """A registry of 10,000 crates with texts, and their catalog."""
        return self._catalogued("bench-searched", self.scale.filled)

    @cached_property
    def paged(self) -> Registry:
        """The same registry with a crate of 1,000 versions that have a long readme."""
        say(f"publishing {self.scale.many_versions:,} versions of one crate, eight at a time")
        publishing.at_once(self.searched, sets.paged(self.scale.many_versions), clients=8)
        return self.searched

    @cached_property
    def searched_huge(self) -> Registry:
        """A registry of 100,000 crates with texts, and their catalog."""
        return self._catalogued("bench-searched-huge", self.scale.huge)

    @cached_property
    def never_searched(self) -> Registry:
        """A registry of 10,000 crates with texts, without a catalog."""
        return self._described("bench-never-searched", self.scale.filled)

    def _multiplied(self, name: str, versions: int) -> Registry:
        registry = self.stack.make_registry(name)
        publishing.one_by_one(registry, [Crate("bench-template", "1.0.0", deps=("bench-many",))])
        say(f"multiplying one crate to {versions:,} versions")
        self.stack.inside("multiply", registry.name, str(versions))
        return registry

    def _catalogued(self, name: str, crates: int) -> Registry:
        registry = self._described(name, crates)
        seconds = float(self.stack.inside("catalog", name))
        say(f"made the catalog of {crates:,} crates in {seconds:.1f} s")
        return registry

    def _described(self, name: str, crates: int) -> Registry:
        registry = self.stack.make_registry(name)
        publishing.one_by_one(registry, [Crate("bench-template", "1.0.0")])
        say(f"writing {crates:,} crates with texts")
        self.stack.inside("describe", name, str(crates))
        return registry

    @property
    def closure(self) -> Closure:
        """Real crates from crates.io; raises LeftOut without a connection."""
        if isinstance(self._fetched, LeftOut):
            raise self._fetched
        return self._fetched

    @cached_property
    def _fetched(self) -> Closure | LeftOut:
        say("fetching real crates from crates.io")
        try:
            return closure.fetch(self.scratch / "closure", self.scale.closure)
        except LeftOut as reason:
            return reason

    @cached_property
    def tree_paths(self) -> list[str]:
        """The index paths of the tree's crates, which nginx serves as well."""
        paths = [index_path(sets.tree_name(number)) for number in range(self.scale.tree)]
        self._export(paths)
        return paths

    def _export(self, paths: list[str]) -> None:
        for path in paths:
            body, _ = get(self.filled, path)
            if self.nginx is not None:
                self.nginx.put(path, body)


def get(registry: Registry, path: str, **headers: str) -> tuple[bytes, str]:
    """Return the body and the ETag of a path of a registry."""
    connection = HTTPConnection(*registry.address, timeout=60)
    try:
        connection.request("GET", registry.path + path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status not in (200, 304):
            raise SystemExit(f"{registry.path}{path}: {response.status} {body[:300]!r}")
        return body, response.headers.get("ETag", "")
    finally:
        connection.close()


def say(text: str) -> None:
    """Print progress to standard error."""
    print(f"benchmarks: {text}", file=sys.stderr, flush=True)
