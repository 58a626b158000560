"""Publishes whose files go to an object storage."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.storage.conftest import Domain, hold, must_have
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.object_storage import ObjectStorage, key_of
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

MIB = 1024 * 1024


def large(name: str, vers: str = "1.0.0", *, size: int = 3 * MIB) -> Crate:
    """A crate whose file has about so many bytes."""
    return Crate(name, vers, files={"noise": random.randbytes(size)})


def artifacts(stack: Stack) -> int:
    """How many artifacts there are."""
    with stack.connect() as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM core_artifact").fetchall()
    return int(count)


@pytest.mark.parametrize("domain", ["redirected", "passed"])
@pytest.mark.parametrize("size", [100, 10 * MIB], ids=["small", "in parts"])
def test_published_file_is_in_the_storage(
    domains: dict[str, Domain], s3: ObjectStorage, name: str, domain: str, size: int
):
    """In the domain's place there, and what a download leads to is what was published."""
    registry = domains[domain].make_registry()
    crate = large(name, size=size)
    before = s3.names("")
    registry.publish(crate)
    (key,) = s3.names("") - before
    cksum = crate.cksum()
    own = domains[domain].href.strip("/").split("/")[-1]
    expected = {"redirected": key_of(cksum), "passed": f"passed/artifact/{own}/{key_of(cksum)[9:]}"}
    assert key == expected[domain]
    must_have(registry, crate)


def test_refused_publish_leaves_nothing_in_the_storage(
    stack: Stack, registry: Registry, s3: ObjectStorage, name: str
):
    """The upload comes before the verdict, and is taken back."""
    registry.publish(large(name))
    before = s3.names(""), artifacts(stack)
    answer = registry.send(large(name))
    assert answer.status == 400
    assert "is already uploaded" in answer.detail
    assert (s3.names(""), artifacts(stack)) == before


def test_refused_publish_of_a_known_file_leaves_it_there(
    registry: Registry, s3: ObjectStorage, name: str
):
    """Bytes that a crate has are not taken away by somebody who sends them again."""
    crate = large(name)
    registry.publish(crate)
    assert registry.send(crate).status == 400
    must_have(registry, crate)


def test_upload_keeps_nobody_else_waiting(registry: Registry, s3: ObjectStorage, name: str):
    """While the storage takes its time, the repository is free for others."""
    registry.publish(Crate(name))
    crate = large(f"{name}-large")
    with ThreadPoolExecutor(1) as pool:
        with s3.holding_uploads():
            publishing = pool.submit(registry.publish, crate)
            assert s3.waiting.wait(30)
            assert registry.yank(name).json() == {"ok": True}
            assert not publishing.done()
        publishing.result(60)
    must_have(registry, crate)


def test_same_file_refused_here_and_accepted_there(redirected: Domain, name: str):
    """Whoever comes first or last: what was accepted has its file."""
    taken, free = redirected.make_registry(), redirected.make_registry()
    for number in range(8):
        crate = large(name, f"1.0.{number}", size=MIB)
        taken.publish(Crate(name, crate.vers))
        with ThreadPoolExecutor(4) as pool:
            refused = [pool.submit(taken.send, crate) for _ in range(2)]
            accepted = pool.submit(free.publish, crate)
            refused.append(pool.submit(taken.send, crate))
            assert [one.result().status for one in refused] == [400, 400, 400]
            accepted.result()
        must_have(free, crate)


def test_many_at_once_share_versions(
    stack: Stack, redirected: Domain, s3: ObjectStorage, name: str
):
    """Uploads go side by side while somebody holds the repository, and are committed together."""
    registry = redirected.make_registry()
    crates = [large(f"{name}-{number}", size=100_000) for number in range(8)]
    before = artifacts(stack)
    with ThreadPoolExecutor(8) as pool:
        with stack.connect() as connection:
            hold(connection, registry)
            publishing = [pool.submit(registry.publish, crate) for crate in crates]
            assert launcher.wait_for(lambda: artifacts(stack) == before + 8)
        for one in publishing:
            one.result()
    for crate in crates:
        must_have(registry, crate)
    # Two processes, and each may commit one alone before it takes the others together.
    assert redirected.rest.get(f"{registry.repository}versions/")["count"] - 1 <= 6


def test_storage_that_refuses_is_503(
    stack: Stack, registry: Registry, s3: ObjectStorage, name: str
):
    """With a sentence and a time to try again; nothing is stored, and later it works."""
    crate = large(name)
    before = s3.names(""), artifacts(stack)
    with s3.refusing():
        answer = registry.send(crate)
    assert answer.status == 503
    assert "storage" in answer.detail
    assert int(answer.headers["retry-after"]) > 0
    assert (s3.names(""), artifacts(stack)) == before
    assert registry.index(name) == []
    registry.publish(crate)
    must_have(registry, crate)


def test_killed_between_upload_and_artifact(
    stack: Stack, registry: Registry, s3: ObjectStorage, name: str
):
    """The object is there and nothing knows of it: the same publish works afterwards."""
    crate = large(name)
    with ThreadPoolExecutor(1) as pool:
        with s3.holding_uploads():
            publishing = pool.submit(registry.send, crate)
            assert s3.waiting.wait(30)
            _kill_content(stack)
        assert publishing.exception(60) is not None
    assert key_of(crate.cksum()) in s3.names()
    s3.put(key_of(crate.cksum()), b"what a storage might make of half an upload")
    assert launcher.wait_for(lambda: _answers(registry))
    assert registry.index(name) == []
    registry.publish(crate)
    must_have(registry, crate)


def test_killed_between_artifact_and_commit(
    stack: Stack, registry: Registry, s3: ObjectStorage, name: str
):
    """The artifact has no content: the same publish takes it over, and does not upload again."""
    crate = large(name)
    before = artifacts(stack)
    with ThreadPoolExecutor(1) as pool, stack.connect() as connection:
        hold(connection, registry)
        publishing = pool.submit(registry.send, crate)
        assert launcher.wait_for(lambda: artifacts(stack) == before + 1)
        _kill_content(stack)
        assert publishing.exception(60) is not None
    assert launcher.wait_for(lambda: _answers(registry))
    assert registry.index(name) == []
    s3.requests.clear()
    registry.publish(crate)
    assert [one for one in s3.requests if one.startswith("PUT")] == []
    must_have(registry, crate)


def _kill_content(stack: Stack) -> None:
    for process in launcher.family(stack.child("pulp-content").pid):
        launcher.kill(process.pid)


def _answers(registry: Registry) -> bool:
    try:
        return registry.get("config.json").status == 200
    except OSError:
        return False
