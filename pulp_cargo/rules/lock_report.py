"""The report on a lock file."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pulp_cargo.protocol.lock_file import LockedPackage
from pulp_cargo.rules.lock_check import CheckedPackage, Outcome


@dataclass(frozen=True, slots=True)
class NotCheckedPackage:
    """A package from elsewhere, the reason, and whether it is allowed."""

    package: LockedPackage
    sentence: str
    passes: bool
    from_registry: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The verdicts on a lock file, in its order.

    `not_refreshed` are the lower-case names of crates for which an upstream did not answer, or not
    in time.
    """

    checked: tuple[CheckedPackage, ...]
    not_checked: tuple[NotCheckedPackage, ...]
    not_refreshed: tuple[str, ...] = ()

    @property
    def totals(self) -> Mapping[str, int]:
        """The number of packages for each outcome, including zeros."""
        counted = Counter(row.outcome for row in self.checked)
        return {outcome.value: counted[outcome] for outcome in Outcome}

    @property
    def failing(self) -> int:
        """The number of packages that do not pass."""
        return sum(not row.passes for row in self.checked) + self._foreign

    @property
    def _foreign(self) -> int:
        return sum(not row.passes for row in self.not_checked)

    @property
    def is_elsewhere(self) -> bool:
        """Whether all packages are from other registries, so that this is the wrong one."""
        foreign = (row for row in self.not_checked if row.from_registry and not row.passes)
        return not self.checked and any(foreign)

    @property
    def passes(self) -> bool:
        """Whether a build from the lock file may proceed."""
        return not self.failing and not self.is_elsewhere

    @property
    def sentence(self) -> str:
        """The report in one line.

        >>> Report((), ()).sentence
        'the lock file passes: it has no packages of this registry'
        """
        if not self.not_refreshed:
            return self._verdict
        return (
            f"{self._verdict}; upstreams have not responded in time for"
            f" {_counted(len(self.not_refreshed), 'crate')}: try again in a moment"
        )

    @property
    def _verdict(self) -> str:
        if self.is_elsewhere:
            return (
                "the lock file does not pass: no package is from this registry or from one that it"
                " stands in for, so none of them can be checked"
            )
        if self.failing:
            packages = _counted(len(self.checked) + self._foreign, "package")
            fail = "fails" if self.failing == 1 else "fail"
            sentence = f"the lock file does not pass: {self.failing} of {packages} {fail}"
            their = "its" if self._foreign == 1 else "their"
            return (
                f"{sentence}, {self._foreign} of them because of {their} source"
                if self._foreign
                else sentence
            )
        if not self.checked:
            return "the lock file passes: it has no packages of this registry"
        packages = _counted(len(self.checked), "package")
        return f"the lock file passes, with {packages} of this registry"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
