"""Caches of an upstream, created and inspected with Pulp's REST API."""

import io
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from benchmarks.closure import Closure
from benchmarks.rest import Rest
from benchmarks.stack import Registry, Stack

NUMBERS = count(1)
JOINED_SECONDS = 120
PAUSE = 0.1
# Larger archives are sent in chunks.
ARCHIVE_BYTES = 32_000_000


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache or a registry of real crates; `repository` is the href of its store."""

    registry: Registry
    repository: str
    rest: Rest

    def versions(self) -> int:
        """Return the number of repository versions, without the empty first one."""
        return int(self._newest().split("/")[-2])

    def wait_until_joined(self, crates: int) -> None:
        """Wait until the repository has this many crates."""
        deadline = time.monotonic() + JOINED_SECONDS
        while (there := self._count()) < crates:
            if time.monotonic() > deadline:
                raise SystemExit(f"{there} of {crates} crates are in the repository")
            time.sleep(PAUSE)

    def _count(self) -> int:
        present = self.rest.get(self._newest())["content_summary"]["present"]
        return int(present.get("cargo.crate", {"count": 0})["count"])

    def _newest(self) -> str:
        return str(self.rest.get(self.repository)["latest_version_href"])


def cache_of(stack: Stack, url: str, **fields: Any) -> Cache:
    """Create an empty cache of the index at this URL; the fields are those of the remote."""
    rest, name = stack.rest(), _name()
    return _registry(rest, name, remote=_remote(rest, name, url, **fields))


def policy(stack: Stack, rules: Mapping[str, Any]) -> str:
    """Create a crate policy and return its href."""
    return stack.rest().make("cargo/crate-policies/", name=_name(), **rules)


def list_of(stack: Stack, first: Registry, urls: Sequence[str], **fields: Any) -> Registry:
    """Create a registry with a list of upstreams: a private registry, then these indexes."""
    rest, name = stack.rest(), _name()
    found = rest.get(f"/pulp/api/v3/repositories/cargo/cargo/?name={first.name}")
    upstreams = [{"name": first.name, "repository": found["results"][0]["pulp_href"]}]
    for url in urls:
        each = _name()
        upstreams.append({"name": each, "remote": _remote(rest, each, url, **fields)})
    return _distribution(rest, name, upstreams=upstreams)


def mirror_of(stack: Stack, url: str) -> Cache:
    """Create an empty registry whose repository mirrors the index at this URL, with its files."""
    rest, name = stack.rest(), _name()
    remote = _remote(rest, name, url, policy="immediate")
    repository = rest.make("repositories/cargo/cargo/", name=name, remote=remote)
    return Cache(_distribution(rest, name, repository=repository), repository, rest)


def private(stack: Stack, closure: Closure) -> Cache:
    """Create a registry with the same real crates."""
    made = _registry(stack.rest(), _name())
    for archive in _archives(closure):
        made.rest.import_crates(made.repository, archive)
    return made


@contextmanager
def forgetting(made: Cache) -> Iterator[Cache]:
    """Delete everything stored at the end; otherwise the next cache would find it."""
    try:
        yield made
    finally:
        made.rest.delete(made.repository)
        made.rest.run_task("/pulp/api/v3/orphans/cleanup/", orphan_protection_time=0)


def _remote(rest: Rest, name: str, url: str, **fields: Any) -> str:
    fields = {"policy": "on_demand", **fields, "name": name, "url": f"sparse+{url}"}
    return rest.make("remotes/cargo/cargo/", **fields)


def _registry(rest: Rest, name: str, **fields: Any) -> Cache:
    repository = rest.make("repositories/cargo/cargo/", name=name)
    registry = _distribution(rest, name, repository=repository, **fields)
    return Cache(registry, repository, rest)


def _distribution(rest: Rest, name: str, **fields: Any) -> Registry:
    path = "distributions/cargo/cargo/"
    made = rest.make_by_task(path, name=name, base_path=name, **fields)
    return Registry(name, made["base_url"], token="")


def _name() -> str:
    return f"bench-cache-{next(NUMBERS)}"


def _archives(closure: Closure) -> Iterator[bytes]:
    files = list(closure.files.values())
    while files:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            while files and packed.tell() < ARCHIVE_BYTES:
                file = files.pop()
                tar.add(file, file.name)
        yield packed.getvalue()
