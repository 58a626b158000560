"""Archives that are too much: for the disk, the memory, or a reasonable unpacker."""

import re
import zlib
from pathlib import Path

import pytest

from pulp_cargo.tests.conftest import Refuse
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.tarball import Entry, tar


@pytest.mark.parametrize("in_file", [True, False], ids=["one huge file", "after the end of tar"])
def test_gzip_bomb_is_refused_in_bounded_time_and_memory(
    stack: Stack, registry: Registry, refuse: Refuse, name: str, in_file: bool
):
    """More than 200 times what was sent is refused while unpacking, as is more than 512 MiB [78].

    That the gzip data have no end would be told if they were unpacked to it.
    """
    root = f"{name}-1.0.0"
    zeros = 600 * 1024 * 1024
    head = Entry(f"{root}/zeros".encode(), size=zeros).packed() if in_file else b""
    bomb = _compressed(tar(Crate(name).entries(registry.index_url))[:-1024] + head, zeros)
    before = _peak_memory(stack)
    assert f"unpacks to {200 * len(bomb)} bytes" in refuse(registry, Crate(name, archive=bomb))
    assert _peak_memory(stack) - before < 64 * 1024


def test_too_many_entries_are_refused(registry: Registry, refuse: Refuse, name: str):
    """20,000 entries are enough for every crate [91]."""
    more = [Entry(f"{name}-1.0.0/{number}".encode()) for number in range(20_000)]
    assert "20000" in refuse(registry, Crate(name).with_entries(*more))


def _compressed(head: bytes, zeros: int) -> bytes:
    """Return gzip data of a head and so many zeros, without their end."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(head)]
    block = bytes(1024 * 1024)
    parts += [packer.compress(block) for _ in range(zeros // len(block))]
    return b"".join([*parts, packer.flush()])[:-8]


def _peak_memory(stack: Stack) -> int:
    """Return the most KiB that the content app's processes ever had, taken together."""
    found = 0
    for process in launcher.family(stack.pids["content"]):
        status = Path(f"/proc/{process.pid}/status").read_text()
        found += int(re.search(r"VmHWM:\s*(\d+)", status)[1])
    return found
