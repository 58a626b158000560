"""What a promotion would copy, and why it may not.

Of each dependency that the target lacks, the newest version is copied that the source has and that
meets the requirement; what the target has is used as it is. Optional dependencies count if enabled
features need them, with all features of the promoted crates.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.queries.crates import by_name, stored_lines
from pulp_cargo.app.queries.crates.by_name import NamedVersion
from pulp_cargo.app.queries.crates.stored_lines import StoredLine
from pulp_cargo.app.queries.registry.registry import RegistryUrls, urls_within
from pulp_cargo.app.queries.upstreams.fillers import fillers_of
from pulp_cargo.app.queries.upstreams.repository_roles import taking_uploads, uses_elsewhere
from pulp_cargo.app.services.closure.additions import Additions
from pulp_cargo.app.services.closure.target_policies import TargetPolicies
from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase
from pulp_cargo.protocol.errors import TooLarge
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.closure import ClosureSearch, Dependent, Elsewhere, Needed, Root, Scope
from pulp_cargo.rules.matching import Candidate
from pulp_cargo.rules.promotion import CannotPromote, conflict, why_unmet

# Maximum number of versions in a promotion.
MOST_VERSIONS = 10_000


@dataclass(frozen=True, slots=True)
class Offered:
    """A version of the source or, if it `is_there`, of the target."""

    stored: StoredLine
    is_there: bool

    @property
    def vers(self) -> str:
        """The version."""
        return self.stored.vers

    @property
    def yanked(self) -> bool:
        """Whether it is yanked."""
        return self.stored.yanked

    @property
    def line(self) -> str:
        """Its index line, as the target would serve it."""
        return self.stored.line


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a promotion is refused; `vers` is None for a dependency without a version."""

    name: str
    vers: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A version to copy, and the version that needs it: None for those that were asked for."""

    stored: StoredLine
    needed_by: Dependent | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is copied, how many versions are there already, and what prevents the promotion.

    `elsewhere` are dependencies on other registries, which cargo gets from these. The registries at
    the URLs `stands_in_for` are the target itself in the lines that it serves from now on.
    """

    copies: tuple[Copy, ...]
    there: int
    problems: tuple[Problem, ...]
    elsewhere: tuple[Elsewhere, ...]
    stands_in_for: tuple[str, ...]


def plan(
    advisories: AdvisoryDatabase,
    source: CargoRepository,
    target: CargoRepository,
    wanted: Collection[NamedVersion],
    *,
    closure: bool,
) -> Plan:
    """Return the plan of a promotion; raises CannotPromote, VersionsNotFound and TooLarge."""
    _require_no_conflict(source, target)
    by_name.units(source.pk, wanted)
    urls, stands_in_for = _urls(source, target)
    offers = _Offers(source, target, urls)
    search = ClosureSearch[Offered](offers.roots(wanted), Scope(all_features=False), _there_first)
    while names := search.missing:
        search.add(offers.of(names))
        if search.size > MOST_VERSIONS:
            raise TooLarge(f"a promotion cannot have more than {MOST_VERSIONS} versions")
        if not closure:
            break
    found = search.closure()
    needed = [one for one in found.versions if closure or one.needed_by is None]
    copies = [Copy(one.version.stored, one.needed_by) for one in needed if not one.version.is_there]
    problems = [
        *offers.replaced(needed),
        *_against(advisories, source, target, copies),
        *(
            Problem(one.name, None, why_unmet(one, source.name))
            for one in (found.unmet if closure else ())
        ),
    ]
    there = sum(one.version.is_there for one in needed)
    return Plan(tuple(copies), there, tuple(problems), found.elsewhere, stands_in_for)


def _require_no_conflict(source: CargoRepository, target: CargoRepository) -> None:
    if source.pk == target.pk:
        raise CannotPromote([f"`{source.name}` is both the source and the target"])
    uses = uses_elsewhere([target.pk]).get(target.pk, ())
    filled = bool(fillers_of([source.pk])) and not taking_uploads([source.pk])
    sentence = conflict(source.name, target.name, from_remote=filled, uses=uses)
    if sentence is not None:
        raise CannotPromote([sentence])


def _urls(source: CargoRepository, target: CargoRepository) -> tuple[RegistryUrls, tuple[str, ...]]:
    """Return the URLs that will mean the target, and those among them that are new.

    Crates name the registry that they were published to. The target stands in for the registries of
    the source, as the store of a cache does for its upstream, unless people publish to it: their
    crates may depend on crates that only the source has.
    """
    urls = urls_within(target)
    if taking_uploads([target.pk]):
        return urls, ()
    new = tuple(sorted(url for url in urls_within(source).null if not urls.is_null(url)))
    return replace(urls, mirrored=(*urls.mirrored, *new)), new


def _there_first(matching: Sequence[Candidate[Offered]]) -> Sequence[Candidate[Offered]]:
    there = [one for one in matching if one.listed.is_there]
    return (there or matching)[:1]


@dataclass(slots=True)
class _Offers:
    """The versions of both repositories; of two with the same version, the target's counts."""

    source: CargoRepository
    target: CargoRepository
    urls: RegistryUrls
    _of_source: dict[tuple[str, str], StoredLine] = field(default_factory=dict)

    def roots(self, wanted: Collection[NamedVersion]) -> Iterator[Root]:
        """Yield what is promoted, by the names as the source spells them."""
        lines = stored_lines.lines_of(self.source.pk, self.urls, [one.name for one in wanted])
        for one in wanted:
            name = lines[canonical_name(one.name)][0].name
            yield Root(name, vers=str(one.vers))

    def of(self, names: Collection[str]) -> Mapping[str, list[Offered]]:
        """Return the versions of crates, by their exact names."""
        found = {name: dict[str, Offered]() for name in names}
        for repository, is_there in ((self.source, False), (self.target, True)):
            lines = stored_lines.lines_of(repository.pk, self.urls, names)
            for name, versions in stored_lines.spelled(lines, names).items():
                found[name] |= {one.vers: Offered(one, is_there) for one in versions}
                if not is_there:
                    self._of_source |= {(name, one.vers): one for one in versions}
        return {name: list(offers.values()) for name, offers in found.items() if offers}

    def replaced(self, needed: Iterable[Needed[Offered]]) -> Iterator[Problem]:
        """Yield the promoted versions of which the target has other bytes."""
        for one in needed:
            theirs = self._of_source.get((one.name, one.version.vers))
            is_asked = one.needed_by is None and one.version.is_there
            if is_asked and theirs is not None and theirs.cksum != one.version.stored.cksum:
                version = f"{one.name} {theirs.vers}"
                sentence = f"`{version}`: `{self.target.name}` has this version with other bytes"
                yield Problem(one.name, theirs.vers, sentence)


def _against(
    advisories: AdvisoryDatabase,
    source: CargoRepository,
    target: CargoRepository,
    copies: Sequence[Copy],
) -> Iterator[Problem]:
    """Yield what prevents copying versions, of each the first reason."""
    stored = [one.stored for one in copies]
    additions = Additions(target, stored)
    policies = TargetPolicies(advisories, source, target, stored)
    for one in stored:
        reason = _no_file(one, source) or additions.clash(one) or policies.refusal(one)
        if reason is not None:
            yield Problem(one.name, one.vers, f"`{one.name} {one.vers}`: {reason}")


def _no_file(version: StoredLine, source: CargoRepository) -> str | None:
    if version.has_file:
        return None
    return f"`{source.name}` neither has its file nor an upstream to fetch it from"
