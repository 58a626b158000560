"""A disk that is full.

Its place is taken by a limit on the size of the files that the content app may write: that needs
no privilege, holds for just these processes, and fails in the same call with the same kind of error.
"""

import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.faults


@contextmanager
def full_disk(stack: Stack, *, room: int) -> Iterator[None]:
    """Let no file of the content app grow beyond so many bytes."""
    family = launcher.family(stack.child("pulp-content").pid)
    before = [resource.prlimit(one.pid, resource.RLIMIT_FSIZE) for one in family]
    for one, (_, hard) in zip(family, before, strict=True):
        resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        for one, limits in zip(family, before, strict=True):
            resource.prlimit(one.pid, resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("size", [100_000, 3_000_000], ids=["in the last write", "on the way"])
def test_full_disk(stack: Stack, registry: Registry, nothing: NothingStored, name: str, size: int):
    """503 with a sentence, nothing stored, and all is well once there is room again [49]."""
    crate = Crate(name, files={"noise": random.randbytes(size)})
    with full_disk(stack, room=50_000), nothing(registry, name):
        answer = registry.send(crate)
        assert answer.status == 503
        assert "has no space left" in answer.detail
        assert int(answer.headers["retry-after"]) > 0
    registry.publish(crate)
    assert registry.download(name).body == crate.packed(registry.index_url)


def test_no_room_for_logs(stack: Stack, registry: Registry, nothing: NothingStored, name: str):
    """What cannot be logged is answered all the same, and a publish that fails says why."""
    before = Crate(f"{name}-before")
    registry.publish(before)
    with full_disk(stack, room=0), nothing(registry, name):
        assert registry.send(Crate(name)).status == 503
        assert registry.index(before.name)
        assert registry.download(before.name).body == before.packed(registry.index_url)
    registry.publish(Crate(name))
