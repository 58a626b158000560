"""A measurement of the benchmark: its value, its target, and the value of nginx."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import quantiles


class LeftOut(Exception):
    """A row cannot be measured here; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Target:
    """An upper or lower bound of a value."""

    sign: str
    bound: float

    def is_reached(self, value: float) -> bool:
        """Return whether a value is within the bound."""
        return value >= self.bound if self.sign == "≥" else value <= self.bound


def at_least(bound: float) -> Target:
    """Return a lower bound."""
    return Target("≥", bound)


def at_most(bound: float) -> Target:
    """Return an upper bound."""
    return Target("≤", bound)


@dataclass(frozen=True, slots=True)
class Measure:
    """A line of the table; `nginx` is the value of nginx, in the same unit."""

    what: str
    value: float
    unit: str
    target: Target | None = None
    nginx: float | None = None
    detail: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Our value divided by nginx's."""
        return self.value / self.nginx if self.nginx else None


def percentile(values: Iterable[float], percent: int) -> float:
    """Return a percentile of at least one value."""
    known = list(values)
    return quantiles(known, n=100, method="inclusive")[percent - 1] if len(known) > 1 else known[0]
