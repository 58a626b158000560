"""Statistics of processes from the kernel (proc(5))."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# Fields of /proc/<pid>/stat, counted after the name, which may contain spaces.
PPID, UTIME, STIME, CUTIME, CSTIME, RSS = 1, 11, 12, 13, 14, 21


def children(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids: list[int]) -> float:
    """Return the seconds of CPU that processes have used, to a hundredth each."""
    return sum(int(_stat(pid)[UTIME]) + int(_stat(pid)[STIME]) for pid in pids) / TICKS


def tree_cpu_seconds(root: int) -> float:
    """Return the seconds of CPU that a process and all of its descendants have used so far.

    A process that has ended counts as a part of its parent.
    """
    stats: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                stats[int(entry.name)] = _stat(int(entry.name))
    fields = (UTIME, STIME, CUTIME, CSTIME)
    return sum(int(stats[pid][i]) for pid in _tree(root, stats) for i in fields) / TICKS


def _tree(root: int, stats: dict[int, list[str]]) -> Iterator[int]:
    yield root
    for pid, stat in stats.items():
        if int(stat[PPID]) == root:
            yield from _tree(pid, stats)


def resident_mb(pids: list[int]) -> float:
    """Return the largest resident memory among processes, in MB (10^6 bytes)."""
    return max(int(_stat(pid)[RSS]) * PAGE for pid in pids) / 1e6


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
