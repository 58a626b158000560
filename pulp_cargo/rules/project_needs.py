"""What projects need of a registry, according to their Cargo.toml files.

Each project is taken with all of its own features, so its optional dependencies count. Of a
dependency for certain targets, only target triples are compared, as in a closure.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pulp_cargo.protocol.line_deps import DEFAULT_FEATURE, LineDep
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.project_manifest import ByName, ByUrl, Local, Project, Source
from pulp_cargo.protocol.registry_url import is_crates_io, same_registry
from pulp_cargo.protocol.requirement import Requirement, parse_requirement
from pulp_cargo.protocol.semver import Version
from pulp_cargo.rules.closure import Scope
from pulp_cargo.rules.enabled_deps import EnabledDeps


@dataclass(frozen=True, slots=True)
class NeededCrate:
    """A crate by its exact name, with a requirement; `features` has `default` if it is enabled."""

    name: str
    requirement: Requirement
    features: frozenset[str] = frozenset([DEFAULT_FEATURE])

    def is_met_by(self, version: Version) -> bool:
        """Return whether cargo would use the version."""
        return self.requirement.matches(version)


@dataclass(frozen=True, slots=True, order=True)
class LeftOut:
    """A dependency that is not from the upstream, and the reason."""

    name: str
    req: str
    reason: str


@dataclass(frozen=True, slots=True)
class Upstream:
    """The registry that is mirrored: its index URLs, and the name that the projects give it."""

    urls: Collection[str]
    name: str | None = None

    def why_not(self, source: Source) -> str | None:
        """Return why a dependency is not from the upstream, None if it is.

        >>> Upstream(["sparse+https://r.example/"], "mine").why_not(ByName("other"))
        'it is from the registry `other`'
        """
        match source:
            case ByUrl(url):
                if is_crates_io(url):
                    found, where = any(map(is_crates_io, self.urls)), "crates.io"
                else:
                    found, where = any(same_registry(url, one) for one in self.urls), url
                return None if found else f"it is from {where}"
            case ByName(name):
                return None if name == self.name else f"it is from the registry `{name}`"
            case Local(what):
                return f"it is from {what}"


@dataclass(frozen=True, slots=True)
class ProjectNeeds:
    """The crates that projects need of an upstream, by canonical name, and the other dependencies."""

    crates: Mapping[str, tuple[NeededCrate, ...]]
    left_out: tuple[LeftOut, ...]


def project_needs(
    projects: Iterable[Project], upstream: Upstream, targets: Collection[str] | None, *, dev: bool
) -> ProjectNeeds:
    """Return what projects need, with their dev-dependencies or without.

    `targets` are target triples, None for all.
    """
    scope = Scope(all_features=False, targets=None if targets is None else frozenset(targets))
    features: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    left_out: set[LeftOut] = set()
    for project in projects:
        known: list[LineDep] = []
        for one in project.deps:
            dep = one.dep
            if not scope.has(dep) or (dep.is_dev and not dev):
                continue
            reason = upstream.why_not(one.source)
            if reason is None:
                known.append(dep)
            else:
                left_out.add(LeftOut(dep.crate, dep.req, f"{reason}, says {project.label}"))
        having = EnabledDeps(project.having(known), scope.has, all_features=False)
        for dep, enabled in having.enable((), every=True, dev=dev):
            features[dep.crate, dep.req] |= enabled
    crates: defaultdict[str, list[NeededCrate]] = defaultdict(list)
    for name, req in sorted(features):
        needed = NeededCrate(name, parse_requirement(req), frozenset(features[name, req]))
        crates[canonical_name(name)].append(needed)
    return ProjectNeeds(
        {name: tuple(found) for name, found in crates.items()}, tuple(sorted(left_out))
    )
