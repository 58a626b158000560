"""Many publishes at once, over two content processes."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("equal", [True, False], ids=["equal bytes", "different bytes"])
def test_twenty_publishes_of_one_version(registry: Registry, name: str, equal: bool):
    """One is accepted, nineteen get a 4xx, and what downloads is what the index says [97]."""
    sources = [b"// %d" % (0 if equal else number) for number in range(20)]
    crates = [Crate(name, files={"src/lib.rs": source}) for source in sources]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(registry.send, crates))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 19
    assert all("is already uploaded" in a.detail for a in answers if a.status == 400)
    (won,) = [c for c, a in zip(crates, answers, strict=True) if a.status == 200]
    assert registry.entry(name)["cksum"] == won.cksum(registry.index_url)
    assert registry.download(name).body == won.packed(registry.index_url)


def test_twenty_versions_of_a_new_crate(registry: Registry, name: str):
    """All are accepted, and each has its line [98]."""
    crates = [Crate(name, f"1.{number}.0") for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        assert len(list(pool.map(registry.publish, crates))) == 20
    assert {entry["vers"] for entry in registry.index(name)} == {crate.vers for crate in crates}


def test_publish_is_visible_from_every_process(registry: Registry, name: str):
    """Whichever process answers the first read after it [95]."""
    with ThreadPoolExecutor(16) as pool:
        for number in range(5):
            registry.publish(Crate(name, f"1.{number}.0"))
            found = list(pool.map(lambda _: len(registry.index(name)), range(16)))
            assert found == [number + 1] * 16
            registry.yank(name, f"1.{number}.0")
            marks = list(pool.map(lambda _: registry.index(name)[-1]["yanked"], range(16)))
            assert marks == [True] * 16


def test_publishes_and_yanks_of_one_crate(registry: Registry, name: str):
    """Yanks of one version beside publishes of others: each is there in the end [97, 101]."""
    registry.publish(Crate(name, "0.1.0"))
    with ThreadPoolExecutor(20) as pool:
        sent = [pool.submit(registry.publish, Crate(name, f"1.{n}.0")) for n in range(10)]
        yanked = [pool.submit(registry.yank, name, "0.1.0") for _ in range(10)]
    assert all(one.result() is not None for one in sent)
    assert {one.result().status for one in yanked} == {200}
    assert len(registry.index(name)) == 11
    assert registry.entry(name, "0.1.0")["yanked"] is True


def test_revoked_token_is_refused_by_every_process(stack: Stack, name: str):
    """Revoking holds at once, whatever each process remembers [114]."""
    private = stack.make_registry(auth_required=True)
    private.publish(Crate(name))
    for _ in range(5):
        record = stack.make_token_record()
        with ThreadPoolExecutor(16) as pool:
            read = [pool.submit(private.index, name, token=record["token"]) for _ in range(16)]
            assert all(one.result() for one in read)
            stack.rest.delete(record["pulp_href"])
            late = [pool.submit(private.index_file, name, token=record["token"]) for _ in range(16)]
            assert {one.result().status for one in late} == {401}


def test_revoking_waits_for_a_process_that_is_held_up(stack: Stack, name: str):
    """Who is told that a token is revoked finds it dead, whichever process is asked."""
    private = stack.make_registry(auth_required=True)
    private.publish(Crate(name))
    record = stack.make_token_record()
    workers = launcher.family(stack.child("pulp-content").pid)[1:]

    def statuses() -> set[int]:
        """Read so often that each process is asked."""
        return {private.index_file(name, token=record["token"]).status for _ in range(32)}

    assert statuses() == {200}
    with ThreadPoolExecutor(1) as pool:
        os.kill(workers[0].pid, signal.SIGSTOP)
        try:
            revoked = pool.submit(stack.rest.delete, record["pulp_href"])
            with pytest.raises(TimeoutError):
                revoked.result(0.5)
        finally:
            os.kill(workers[0].pid, signal.SIGCONT)
        revoked.result(30)
    assert statuses() == {401}
