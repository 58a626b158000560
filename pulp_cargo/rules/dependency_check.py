"""Whether each dependency of a registry's versions is met by a version of the registry.

All versions that are not yanked are looked at, and the requirements that they have are collected,
each once with the first of its dependents. The memory depends on the number of different
requirements, not of versions. Dev-dependencies do not count.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pulp_cargo.protocol.line_deps import parse_line_deps
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.closure import Dependent, Dependents, Elsewhere, Scope, Unmet
from pulp_cargo.rules.matching import CrateVersions, V, Wanted


class DependencyCheck:
    """The requirements of versions; without `Scope.all_features`, optional ones are left out."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._requirements: defaultdict[str, dict[str, Dependents]] = defaultdict(dict)
        self._elsewhere: dict[tuple[str, str, str], Dependents] = {}

    @property
    def names(self) -> list[str]:
        """The crates that a version depends on, sorted; any text may be one."""
        return sorted(self._requirements)

    @property
    def elsewhere(self) -> Iterator[Elsewhere]:
        """The dependencies on other registries."""
        for (registry, name, req), needed_by in self._elsewhere.items():
            yield Elsewhere(registry, name, req, tuple(needed_by.named), needed_by.count)

    def add(self, name: str, vers: str, line: str) -> None:
        """Collect the requirements of a version; a line that cargo skips has none."""
        read = parse_line_deps(line)
        by = Dependent(name, vers)
        for dep in read.deps if read else ():
            if dep.is_dev or not self._scope.has(dep):
                continue
            if dep.optional and not self._scope.all_features:
                continue
            if dep.registry is not None:
                key = (dep.registry, dep.crate, dep.req)
                self._elsewhere.setdefault(key, Dependents()).add(by)
            else:
                self._requirements[dep.crate].setdefault(dep.req, Dependents()).add(by)

    def unmet(self, names: Iterable[str], versions: Mapping[str, Iterable[V]]) -> Iterator[Unmet]:
        """Yield the requirements on some of `names` that no version meets.

        `versions` are all of those crates by their exact names; their lines are not read.
        """
        for name in names:
            crate = CrateVersions(versions.get(name, ()), ())
            for req, needed_by in self._requirements[name].items():
                reason = crate.reason_if_unmet(Wanted(parse_requirement(req)))
                if reason is not None:
                    named = tuple(needed_by.named)
                    yield Unmet(name, req, reason, crate.all, named, needed_by.count)
