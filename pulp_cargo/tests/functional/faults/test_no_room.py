"""Less free space than `CARGO_MIN_FREE_BYTES`: nothing comes in, by whatever way.

Reads go on, and clients of caches and copies have what they came for.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from pulp_cargo.app.runtime.timeouts import FREE_SPACE_FRESH_SECONDS
from pulp_cargo.tests.functional.rest.archives import archive
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.bundles import bundle
from pulp_cargo.tests.support.cache import REMOTES, Cache, make_cache
from pulp_cargo.tests.support.changing import ChangingSetting
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.lock_file import lock_file, locked
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, unique
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.traces import nothing_stored
from pulp_cargo.tests.support.upstream import Upstream

pytestmark = pytest.mark.faults

MORE_THAN_ANY_DISK = 2**62
NO_ROOM = "has no space left"
CONTENT = "content/cargo/crates/"
KEPT = Crate("kept")


@dataclass(frozen=True, slots=True)
class Full:
    """A Pulp without room, an upstream, and a copy and a cache of it made when there was room."""

    stack: Stack
    copied: Upstream
    cached: SparseUpstream
    copy: Registry
    remote: str
    cache: Cache

    @property
    def copy_version(self) -> str:
        """The repository version of the copy."""
        return str(self.stack.rest.get(self.copy.repository)["latest_version_href"])

    @property
    def registry(self) -> Registry:
        """The registry that is there from the start."""
        return self.stack.registry


@pytest.fixture(scope="module")
def full(stack: Stack, least_free: ChangingSetting) -> Iterator[Full]:
    """A Pulp whose disk has filled up."""
    with fake.running() as copied, sparse_upstream.running() as cached:
        stack.registry.publish(KEPT)
        copied.have(KEPT)
        cached.have(KEPT)
        remote = stack.rest.need(REMOTES, name=unique("up"), url=copied.index_url)["pulp_href"]
        copy = stack.make_registry(repository={"remote": remote}, allow_uploads=False)
        stack.rest.post(f"{copy.repository}sync/")
        cache = make_cache(stack, cached.index_url)
        with at_least(least_free, MORE_THAN_ANY_DISK):
            yield Full(stack, copied, cached, copy, remote, cache)


@contextmanager
def at_least(least_free: ChangingSetting, number: int) -> Iterator[None]:
    """Require so many free bytes within the context."""
    try:
        change(least_free, number)
        yield
    finally:
        change(least_free, 0)


def change(least_free: ChangingSetting, number: int) -> None:
    """Require so many free bytes from now on, also of processes that remember what was free."""
    least_free.change(number)
    time.sleep(FREE_SPACE_FRESH_SECONDS)


def test_publish_is_refused(full: Full, name: str) -> None:
    """With a status that says to come again; yanks take no room, and reads go on."""
    with nothing_stored(full.stack, full.registry, name):
        answer = full.registry.send(Crate(name))
    assert (answer.status, NO_ROOM in answer.detail) == (503, True)
    assert int(answer.headers["retry-after"]) > 0
    assert full.registry.download("kept").status == 200
    assert full.registry.yank("kept").status == 200


@pytest.mark.parametrize("path", [CONTENT, f"{CONTENT}upload/"])
def test_upload_is_refused(full: Full, name: str, path: str) -> None:
    """Before its file is stored."""
    with nothing_stored(full.stack, full.registry, name), pytest.raises(Refused) as refused:
        full.stack.rest.upload(path, Crate(name).packed())
    assert (refused.value.status, NO_ROOM in refused.value.text) == (503, True)


def test_import_is_refused(full: Full, name: str) -> None:
    """An archive in the request, and one that was uploaded before."""
    repository, rest = full.registry.repository, full.stack.rest
    crates = archive([(f"{name}.crate", Crate(name).packed())])
    with nothing_stored(full.stack, full.registry, name), pytest.raises(Refused) as refused:
        rest.call("POST", f"{repository}import_crates/", files={"file": ("a.tar", crates)})
    assert (refused.value.status, NO_ROOM in refused.value.text) == (503, True)
    upload = rest.post("uploads/", size=len(crates))["pulp_href"]
    part = {"Content-Range": f"bytes 0-{len(crates) - 1}/{len(crates)}"}
    rest.call("PUT", upload, files={"file": ("part", crates)}, headers=part)
    with pytest.raises(Refused, match=NO_ROOM):
        rest.post(f"{repository}import_crates/", upload=upload)


def test_bundle_and_snapshot_are_refused(full: Full, name: str) -> None:
    """Before anything of them is stored, in the database either."""
    repository, rest = full.registry.repository, full.stack.rest
    file = bundle(contents={(name, "1.0.0"): Crate(name).packed(full.registry.index_url)})
    with nothing_stored(full.stack, full.registry, name):
        with pytest.raises(Refused, match=NO_ROOM):
            rest.call("POST", f"{repository}import_bundle/", files={"file": ("b", file)})
        with pytest.raises(Refused, match=NO_ROOM):
            rest.post(f"{repository}snapshot/")


def test_sync_is_refused(full: Full, name: str) -> None:
    """Before the listing is fetched, since the database is on the same disk."""
    full.copied.have(KEPT, Crate(name))
    asked = len(full.copied.asked)
    with pytest.raises(Refused, match=NO_ROOM):
        full.stack.rest.post(f"{full.copy.repository}sync/")
    assert len(full.copied.asked) == asked


def test_copy_passes_files_on(full: Full) -> None:
    """And asks for them each time."""
    for count in (1, 2):
        answer = full.copy.download("kept")
        assert (answer.status, answer.body) == (200, KEPT.packed())
        assert len(full.copied.downloads()) == count
    units = full.stack.rest.list(CONTENT, repository_version=full.copy_version)
    assert [unit["artifact"] for unit in units] == [None]


def test_cache_passes_files_on(full: Full, name: str) -> None:
    """And stores nothing."""
    crate = Crate(name)
    full.cached.have(crate)
    with full.cache.keeps_nothing(name):
        assert full.cache.registry.download(name).body == crate.packed(full.cached.index_url)


def test_prefetch_fetches_nothing(full: Full, name: str) -> None:
    """Each file is a problem, and the task says so."""
    crate = Crate(name)
    full.cached.have(crate)
    lock = lock_file(locked(crate, full.cached.index_url))
    href = full.cache.registry.href
    task = full.stack.rest.post(f"{href}prefetch/", lock_file=lock, crates_io=True)
    result = task["result"]
    assert result["fetched"] == 0
    assert [NO_ROOM in one["reason"] for one in result["problems"]] == [True]
    assert full.cached.asked_for(sparse_upstream.file_path(crate)) == []
