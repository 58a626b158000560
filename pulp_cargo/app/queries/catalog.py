"""What the catalog of a repository describes, and which crates have changed since."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.models.catalog import changed_names
from pulp_cargo.app.models.membership import ends_of, is_in, is_yanked, member_of
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.rows import all_rows, first_row
from pulp_cargo.rules.crate_summary import CrateVersion
from pulp_cargo.rules.policies.policy_decision import AgelessRules

CATALOG = """
    SELECT c.id, c.described, c.number, v.pulp_id IS NOT NULL AND c.rules = %(rules)s,
        c.stale <> '{{}}' OR c.rules <> %(rules)s
    FROM cargo_cratecatalog c LEFT JOIN core_repositoryversion v ON v.pulp_id = c.described
    WHERE c.repository_id = %(repository)s AND {which}
    AND c.registry_id IS NOT DISTINCT FROM %(registry)s::uuid
"""
OF_NEWEST = CATALOG.format(which="c.version_id IS NULL")
OF_VERSION = CATALOG.format(which="c.version_id = %(version)s")

NUMBER = "SELECT number FROM core_repositoryversion WHERE pulp_id = %(version)s AND complete"
CHANGED = f"""
    SELECT unnest(stale) FROM cargo_cratecatalog WHERE id = %(catalog)s
    UNION {changed_names("%(repository)s", "%(since)s")}
"""
ALL = f"""
    SELECT DISTINCT unit.canonical_name FROM core_repositorycontent rc
    {ends_of()}
    JOIN cargo_cratecontent unit ON unit.content_ptr_id = rc.content_id
    WHERE rc.repository_id = %(repository)s AND {is_in("%(number)s")}
"""
VERSIONS = f"""
    SELECT unit.canonical_name, unit.content_ptr_id, unit.name, unit.vers, unit.pubtime,
        unit.license, {is_yanked("%(repository)s", "%(number)s")}
    FROM unnest(%(names)s::text[]) wanted JOIN cargo_cratecontent unit
        ON unit.canonical_name = wanted
    {member_of("%(repository)s", "%(number)s")}
"""
LINES = """
    SELECT content_ptr_id, index_line FROM cargo_cratecontent
    WHERE content_ptr_id = ANY(%(units)s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Content:
    """The repository version that a registry serves, and whether it is pinned to that version.

    `registry` and `rules` are set if crate policies may refuse versions.
    """

    repository: UUID
    version: UUID
    pinned: bool
    registry: UUID | None = None
    rules: AgelessRules | None = None

    @property
    def digest(self) -> str:
        """A text that changes when other versions are refused; empty if none may be."""
        return "" if self.rules is None else self.rules.digest


@dataclass(frozen=True, slots=True)
class CatalogState:
    """A catalog and the repository version that it describes.

    It is covered if that version exists, and the same crate policies were in force: then only what
    has changed since is described again. `is_good` is whether it may be used for the requested version.
    """

    catalog: int
    described: UUID | None
    number: int
    is_covered: bool
    is_good: bool


def state_of(content: Content) -> CatalogState | None:
    """Return the state of the catalog for a repository version, None if there is none yet.

    A catalog that describes a newer version is good: this process will soon receive its notice.
    """
    query = OF_VERSION if content.pinned else OF_NEWEST
    values = {
        "repository": content.repository,
        "version": content.version,
        "registry": content.registry,
        "rules": content.digest,
    }
    rows = statements.ask(query, values).fetch()
    if not rows:
        return None
    ((catalog, described, number, is_covered, has_stale),) = rows
    is_good = described == content.version
    if not is_good and is_covered:
        served = number_of(content.version)
        is_good = served is not None and served <= number
    return CatalogState(catalog, described, number, is_covered, is_good and not has_stale)


def number_of(version: UUID) -> int | None:
    """Return the number of a complete repository version, None if it has been deleted."""
    row = first_row(NUMBER, {"version": version})
    return None if row is None else row[0]


def changed_since(state: CatalogState, repository: UUID) -> list[str]:
    """Return the names of the crates of which a catalog is out of date."""
    values = {"catalog": state.catalog, "repository": repository, "since": state.number}
    return [name for (name,) in all_rows(CHANGED, values)]


def names_in(repository: UUID, number: int) -> list[str]:
    """Return the canonical names of all crates in a version of a repository."""
    return [name for (name,) in all_rows(ALL, {"repository": repository, "number": number})]


def versions_of(
    repository: UUID, number: int, names: Collection[str]
) -> Mapping[str, list[CrateVersion]]:
    """Return the versions of some crates in a version of a repository, by canonical name."""
    values = {"repository": repository, "number": number, "names": list(names)}
    found: defaultdict[str, list[CrateVersion]] = defaultdict(list)
    for name, *columns in all_rows(VERSIONS, values):
        found[name].append(CrateVersion(*columns))
    return found


def index_lines(units: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the index lines of units, by id."""
    return dict(all_rows(LINES, {"units": list(units)}))
