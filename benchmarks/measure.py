"""One figure of the benchmark: what was measured, what is to be reached, and what nginx does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import quantiles


class LeftOut(Exception):
    """A row cannot be measured here; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a figure is to keep to."""

    sign: str
    bound: float

    def is_reached(self, value: float) -> bool:
        """Tell whether a value keeps to the bound."""
        return value >= self.bound if self.sign == "≥" else value <= self.bound


def at_least(bound: float) -> Target:
    """Return a bound from below."""
    return Target("≥", bound)


def at_most(bound: float) -> Target:
    """Return a bound from above."""
    return Target("≤", bound)


@dataclass(frozen=True, slots=True)
class Measure:
    """A line of the table; `nginx` is the same figure of nginx, in the same unit."""

    what: str
    value: float
    unit: str
    target: Target | None = None
    nginx: float | None = None
    detail: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Ours by nginx's."""
        return self.value / self.nginx if self.nginx else None


def percentile(values: Iterable[float], percent: int) -> float:
    """Return a percentile of at least one value."""
    known = list(values)
    return quantiles(known, n=100, method="inclusive")[percent - 1] if len(known) > 1 else known[0]
