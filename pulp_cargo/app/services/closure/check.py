"""Checking whether the dependencies of a repository's crates resolve, and can be downloaded there.

A registry of the repository alone serves them. For one with upstreams, what is missing in the
repository may be in an upstream.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.queries.crates import stored_lines
from pulp_cargo.app.queries.registry.registry import urls_within
from pulp_cargo.app.queries.upstreams.fillers import fillers_of
from pulp_cargo.app.queries.upstreams.repository_roles import taking_uploads
from pulp_cargo.protocol.errors import TooLarge
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.closure import ClosureSearch, Elsewhere, Root, Scope, Unmet
from pulp_cargo.rules.dependency_check import DependencyCheck
from pulp_cargo.rules.matching import Reason
from pulp_cargo.rules.policies.policy_decision import AgelessRules

# Maximum number of versions in the closure of the crates in a request.
MOST_VERSIONS = 10_000
# Maximum number of entries in a list of the report; others are counted.
MOST_REPORTED = 1_000


class _Version(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def vers(self) -> str: ...

    @property
    def license(self) -> str | None: ...


_V = TypeVar("_V", bound=_Version)


@dataclass(frozen=True, slots=True)
class VersionRef:
    """A version of a crate."""

    name: str
    vers: str


@dataclass(slots=True)
class Report:
    """The dependencies that do not resolve, the versions without file, and those from elsewhere.

    Each list has at most `MOST_REPORTED` entries; the counts are of all.
    """

    versions: int
    unmet: list[Unmet]
    unmet_count: int
    without_file: list[VersionRef]
    without_file_count: int
    elsewhere: list[Elsewhere]
    elsewhere_count: int

    @property
    def passes(self) -> bool:
        """Whether all dependencies resolve here, and all files can be downloaded."""
        return not (self.unmet_count or self.without_file_count)


def check_crates(repository: CargoRepository, roots: Collection[Root], scope: Scope) -> Report:
    """Check the closure of some crates; raises TooLarge."""
    urls = urls_within(repository)
    policies = _Policies(repository)
    search = ClosureSearch[stored_lines.StoredLine](roots, scope)
    while names := search.missing:
        there = stored_lines.spelled(stored_lines.lines_of(repository.pk, urls, names), names)
        search.add({name: policies.served(versions) for name, versions in there.items()})
        if search.size > MOST_VERSIONS:
            raise TooLarge(
                f"the crates need more than {MOST_VERSIONS} versions: check the whole repository"
                " instead"
            )
    closure = search.closure()
    without = [_ref(one.version) for one in closure.versions if not one.version.has_file]
    return _report(search.size, policies.explained(closure.unmet), without, closure.elsewhere)


def check_all(repository: CargoRepository, scope: Scope) -> Report:
    """Check every version of a repository, with a page of them in memory."""
    policies = _Policies(repository)
    check = DependencyCheck(scope)
    count = 0
    without: list[VersionRef] = []
    for version in stored_lines.all_versions(repository.pk, urls_within(repository)):
        if not policies.serves(version):
            continue
        count += 1
        if not version.yanked:
            check.add(version.name, version.vers, version.line)
        if not version.has_file:
            without.append(_ref(version))
    unmet = policies.explained(_unmet(repository, policies, check))
    return _report(count, unmet, without, check.elsewhere)


def _unmet(
    repository: CargoRepository, policies: "_Policies", check: DependencyCheck
) -> Iterator[Unmet]:
    names = check.names
    for start in range(0, len(names), stored_lines.BATCH):
        wanted = names[start : start + stored_lines.BATCH]
        there = stored_lines.versions_of(repository.pk, wanted)
        served = {name: policies.served(versions) for name, versions in there.items()}
        yield from check.unmet(wanted, served)


class _Policies:
    """The crate policies in force for what fills a repository, and what they refuse.

    What is stored was served before, so neither age nor yanks count.
    """

    def __init__(self, repository: CargoRepository) -> None:
        fillers = fillers_of([repository.pk]).get(repository.pk, ())
        # Published crates come from no upstream, as for reads.
        ruled = () if taking_uploads([repository.pk]) else fillers
        policies = {policy.pk: policy for one in ruled for policy in one.policies}
        rules = AgelessRules(policies.values(), datetime.now(UTC))
        self._rules = rules if rules.may_refuse else None
        self._refused: dict[str, set[str]] = {}

    def serves(self, version: _Version) -> bool:
        """Return whether no policy refuses a version."""
        if self._rules is None:
            return True
        return self._rules.let_in(version.name.lower(), version.vers, version.license)

    def served(self, versions: Iterable[_V]) -> list[_V]:
        """Return those of some versions that are served, and remember the others."""
        kept = []
        for one in versions:
            if self.serves(one):
                kept.append(one)
            else:
                self._refused.setdefault(one.name, set()).add(one.vers)
        return kept

    def explained(self, unmet: Iterable[Unmet]) -> Iterator[Unmet]:
        """Yield requirements, with the reason that a refused version would meet them."""
        for one in unmet:
            refused = self._refused.get(one.name, ())
            if any(_meets(one.req, vers) for vers in refused):
                yield replace(one, reason=Reason.REFUSED)
            else:
                yield one


def _ref(version: _Version) -> VersionRef:
    return VersionRef(version.name, version.vers)


def _meets(req: str, vers: str) -> bool:
    return parse_requirement(req).matches(parse_version(vers))


_T = TypeVar("_T")


class _Counted(Generic[_T]):
    """The first entries of a list, and the number of all."""

    def __init__(self, entries: Iterable[_T]) -> None:
        self.first: list[_T] = []
        self.count = 0
        for one in entries:
            self.count += 1
            if len(self.first) < MOST_REPORTED:
                self.first.append(one)


def _report(
    count: int,
    unmet: Iterable[Unmet],
    without: Iterable[VersionRef],
    elsewhere: Iterable[Elsewhere],
) -> Report:
    missing, files, others = _Counted(unmet), _Counted(without), _Counted(elsewhere)
    return Report(
        versions=count,
        unmet=missing.first,
        unmet_count=missing.count,
        without_file=files.first,
        without_file_count=files.count,
        elsewhere=others.first,
        elsewhere_count=others.count,
    )
