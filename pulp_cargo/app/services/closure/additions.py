"""Whether versions can be added to a repository beside those that it has, or had before."""

from collections import defaultdict
from collections.abc import Collection

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.queries.crates.stored_lines import StoredLine
from pulp_cargo.app.queries.repository.versions_in import used_versions, versions_of
from pulp_cargo.app.queries.upstreams.repository_roles import is_published_to
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.semver import parse_version


class Additions:
    """What a repository has of the crates that are added; the reasons are those of the invariants."""

    def __init__(self, repository: CargoRepository, versions: Collection[StoredLine]) -> None:
        names = {canonical_name(one.name) for one in versions}
        self._by_number = is_published_to(repository.pk)
        self._spellings: dict[str, str] = {}
        self._there: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self._gone = used_versions(repository, names)
        for unit in versions_of(repository, names):
            self._spellings[unit.canonical_name] = unit.name
            self._there[unit.canonical_name, unit.vers_key][unit.vers] = unit.cksum
            self._gone[unit.canonical_name, unit.vers_key].discard(unit.cksum)
        for one in versions:
            self._spellings.setdefault(canonical_name(one.name), one.name)

    def clash(self, version: StoredLine) -> str | None:
        """Return why a version cannot be added, None if it can."""
        name = canonical_name(version.name)
        if self._spellings[name] != version.name:
            return f"the repository has the crate as `{self._spellings[name]}`"
        number = parse_version(version.vers).without_build
        there = self._there.get((name, number), {})
        if self._by_number and there and version.vers not in there:
            return f"the repository has `{next(iter(there))}`, which differs only in build metadata"
        before = self._gone.get((name, number), ())
        if before and version.cksum not in before:
            return "the repository had this version with other bytes before"
        return None
