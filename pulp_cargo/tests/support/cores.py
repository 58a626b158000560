"""How much of the machine a run uses as time goes by, and when each worker ran which group."""

import os
from dataclasses import dataclass, field
from pathlib import Path

# By name, since tests replace those of the module.
from time import monotonic, time

STAT = Path("/proc/stat")
# In seconds.
PERIOD = 30.0


@dataclass(slots=True)
class Cores:
    """The part of the CPU time of all cores that was used, by periods."""

    parts: list[float] = field(default_factory=list)
    _began: float = field(default_factory=monotonic)
    _idle: float = field(default_factory=lambda: idle_seconds())

    def look(self) -> None:
        """Note the last period, if it is over."""
        now, idle = monotonic(), idle_seconds()
        if now - self._began >= PERIOD:
            available = (now - self._began) * (os.cpu_count() or 1)
            self.parts.append(max(0.0, 1 - (idle - self._idle) / available))
            self._began, self._idle = now, idle

    @property
    def line(self) -> str:
        """The parts in percent."""
        shown = " ".join(f"{part:.0%}" for part in self.parts)
        return f"cores in use, in periods of {PERIOD:.0f} s and more: {shown}"


@dataclass(slots=True)
class Spans:
    """When groups ran, in seconds since the beginning."""

    _began: float = field(default_factory=time)
    _found: dict[str, tuple[str, float, float]] = field(default_factory=dict)

    def add(self, group: str, worker: str, start: float, stop: float) -> None:
        """Note a part of a test."""
        _, first, last = self._found.get(group, (worker, start, stop))
        self._found[group] = worker, min(first, start), max(last, stop)

    def lines(self, count: int) -> list[str]:
        """Return the longest groups, in the order in which they began, and the last ones to end."""
        longest = sorted(self._found, key=lambda one: self._seconds(one), reverse=True)[:count]
        last = sorted(self._found, key=lambda one: self._found[one][2])[-3:]
        shown = sorted({*longest, *last}, key=lambda one: self._found[one][1])
        return [f"  {self._span(group)}  {group}" for group in shown]

    def _seconds(self, group: str) -> float:
        _, start, stop = self._found[group]
        return stop - start

    def _span(self, group: str) -> str:
        worker, start, stop = self._found[group]
        return f"{worker:>4} {start - self._began:6.0f} to {stop - self._began:5.0f}"


def idle_seconds() -> float:
    """Return how long the cores had nothing to do since the machine was started, all together."""
    idle, waiting_for_disks = STAT.read_text().split()[4:6]
    return (int(idle) + int(waiting_for_disks)) / os.sysconf("SC_CLK_TCK")
