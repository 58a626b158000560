"""Statistics of processes from the kernel (proc(5))."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# Fields of /proc/<pid>/stat, counted after the name, which may contain spaces.
UTIME, STIME, RSS = 11, 12, 21


def children(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids: list[int]) -> float:
    """Return the seconds of CPU that processes have used, to a hundredth each."""
    return sum(int(_stat(pid)[UTIME]) + int(_stat(pid)[STIME]) for pid in pids) / TICKS


def resident_mb(pids: list[int]) -> float:
    """Return the largest resident memory among processes, in MB (10^6 bytes)."""
    return max(int(_stat(pid)[RSS]) * PAGE for pid in pids) / 1e6


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
