"""The verdicts on the packages of a lock file, as one report."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pulp_cargo.protocol.lock_file import LockedPackage
from pulp_cargo.rules.lock_check import Judged, Outcome


@dataclass(frozen=True, slots=True)
class NotJudged:
    """A package that the registry has no say in, and why."""

    package: LockedPackage
    sentence: str
    from_registry: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The verdicts on a lock file, in its order.

    `not_refreshed` are the lower-case names of crates of which an upstream did not answer, or not
    in time.
    """

    judged: tuple[Judged, ...]
    not_judged: tuple[NotJudged, ...]
    not_refreshed: tuple[str, ...] = ()

    @property
    def totals(self) -> Mapping[str, int]:
        """How many packages have each outcome, those with none too."""
        counted = Counter(row.outcome for row in self.judged)
        return {outcome.value: counted[outcome] for outcome in Outcome}

    @property
    def failing(self) -> int:
        """How many packages do not pass."""
        return sum(not row.passes for row in self.judged)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the lock file is about other registries alone: then this is the wrong one."""
        return not self.judged and any(row.from_registry for row in self.not_judged)

    @property
    def passes(self) -> bool:
        """Whether a build from the lock file may go ahead."""
        return not self.failing and not self.is_elsewhere

    @property
    def sentence(self) -> str:
        """The report in a line.

        >>> Report((), ()).sentence
        'the lock file passes: it has no packages of this registry'
        """
        if not self.not_refreshed:
            return self._verdict
        return (
            f"{self._verdict}; upstreams did not answer, or not in time, for"
            f" {len(self.not_refreshed)} crates: try again in a moment"
        )

    @property
    def _verdict(self) -> str:
        if self.is_elsewhere:
            return (
                "the lock file does not pass: no package is from this registry or from one that it"
                " stands in for, so there is nothing that it could say of them"
            )
        if self.failing:
            return (
                f"the lock file does not pass: {self.failing} of {len(self.judged)} packages fail"
            )
        if not self.judged:
            return "the lock file passes: it has no packages of this registry"
        return f"the lock file passes, with {len(self.judged)} packages of this registry"
