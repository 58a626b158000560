"""Registries that are caches of an upstream, and what is to be known of them, by Pulp's REST API."""

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
# Larger archives than this go in parts.
ARCHIVE_BYTES = 32_000_000


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache or a registry of real crates; `repository` is the href of what it has stored."""

    registry: Registry
    repository: str
    rest: Rest

    def versions(self) -> int:
        """Return how many repository versions were made, without the empty first."""
        return int(self._newest().split("/")[-2])

    def wait_until_joined(self, crates: int) -> None:
        """Wait until so many crates have joined the repository."""
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
    """Make a cache that has nothing of the index at this URL; the fields are the remote's."""
    rest, name = stack.rest(), _name()
    return _registry(rest, name, remote=_remote(rest, name, url, **fields))


def policy(stack: Stack, rules: Mapping[str, Any]) -> str:
    """Make a crate policy and return its href."""
    return stack.rest().make("cargo/crate-policies/", name=_name(), **rules)


def list_of(stack: Stack, first: Registry, urls: Sequence[str], **fields: Any) -> Registry:
    """Make a registry with a list of upstreams: a private registry of ours, then these indexes."""
    rest, name = stack.rest(), _name()
    found = rest.get(f"/pulp/api/v3/repositories/cargo/cargo/?name={first.name}")
    upstreams = [{"name": first.name, "repository": found["results"][0]["pulp_href"]}]
    for url in urls:
        each = _name()
        upstreams.append({"name": each, "remote": _remote(rest, each, url, **fields)})
    return _distribution(rest, name, upstreams=upstreams)


def private(stack: Stack, closure: Closure) -> Cache:
    """Make a registry of our own that has the same real crates."""
    made = _registry(stack.rest(), _name())
    for archive in _archives(closure):
        made.rest.import_crates(made.repository, archive)
    return made


@contextmanager
def forgetting(made: Cache) -> Iterator[Cache]:
    """Take away in the end all that was stored; otherwise the next cache would find it."""
    try:
        yield made
    finally:
        made.rest.delete(made.repository)
        made.rest.run_task("/pulp/api/v3/orphans/cleanup/", orphan_protection_time=0)


def _remote(rest: Rest, name: str, url: str, **fields: Any) -> str:
    fields |= {"name": name, "url": f"sparse+{url}", "policy": "on_demand"}
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
