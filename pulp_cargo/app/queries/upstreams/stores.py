"""The repositories that store the crates of a remote; never those that accept uploads."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from pulpcore.plugin.models import Domain

from pulp_cargo.app.models.membership import has_row, is_in_newest
from pulp_cargo.app.runtime.rows import all_rows, first_row

# The repositories that store the crates of a remote, for `format`. The stores of another remote
# with the same URL are left out, because any user may create a remote with that URL.
STORES_OF_REMOTE = """
    SELECT d.repository_id FROM core_distribution d
    JOIN cargo_cargodistribution c ON c.distribution_ptr_id = d.pulp_id
    WHERE d.remote_id = {remote}
    UNION
    SELECT u.repository_id FROM cargo_cargoupstream u WHERE u.remote_id = {remote}
"""
# Each stored version of a crate, and whether it is marked as yanked.
STORED_VERSIONS = f"""
    WITH stores AS ({STORES_OF_REMOTE.format(remote="%(remote)s")})
    SELECT r.pulp_id, r.pulp_domain_id, unit.vers, EXISTS (
        SELECT 1 FROM cargo_crateyank y
        JOIN core_repositorycontent yc ON yc.content_id = y.content_ptr_id
        WHERE y.canonical_name = unit.canonical_name AND y.vers = unit.vers
        AND {is_in_newest("r.pulp_id", "yc")}
    )
    FROM stores JOIN core_repository r ON r.pulp_id = stores.repository_id
    JOIN cargo_cratecontent unit ON unit.canonical_name = %(name)s
    WHERE NOT EXISTS (
        SELECT 1 FROM core_distribution d
        JOIN cargo_cargodistribution c ON c.distribution_ptr_id = d.pulp_id
        WHERE d.repository_id = r.pulp_id AND c.allow_uploads
    ) AND {has_row("unit.content_ptr_id", is_in_newest("r.pulp_id"))}
"""
IS_IN_STORE = has_row("unit.content_ptr_id", is_in_newest("%(repository)s"))
CHECKSUMS = f"""
    SELECT unit.cksum FROM cargo_cratecontent unit
    JOIN core_contentartifact ca ON ca.content_id = unit.content_ptr_id
    WHERE unit.canonical_name = %(name)s AND ca.artifact_id IS NOT NULL AND {IS_IN_STORE}
"""
HAS_FILE = f"""
    SELECT 1 FROM cargo_cratecontent unit
    JOIN core_contentartifact ca ON ca.content_id = unit.content_ptr_id
    WHERE unit.cksum = %(cksum)s AND ca.artifact_id IS NOT NULL AND {IS_IN_STORE}
"""


@dataclass(frozen=True, slots=True)
class Store:
    """A repository with versions of a crate: whether each is yanked, by its `vers`."""

    repository: UUID
    domain: Domain
    yanked: dict[str, bool]


def stored_checksums(repository: UUID, canonical_name: str) -> frozenset[str]:
    """Return the checksums of a crate's files that a repository has."""
    rows = all_rows(CHECKSUMS, {"repository": repository, "name": canonical_name})
    return frozenset(row[0] for row in rows)


def has_file(repository: UUID, cksum: str) -> bool:
    """Return whether a repository has the file with a checksum."""
    return first_row(HAS_FILE, {"repository": repository, "cksum": cksum}) is not None


def stores_of(remote: UUID, canonical_name: str) -> list[Store]:
    """Return the repositories that store versions of a crate from a remote."""
    rows = all_rows(STORED_VERSIONS, {"remote": remote, "name": canonical_name})
    domains = Domain.objects.in_bulk({row[1] for row in rows}) if rows else {}
    found: defaultdict[tuple[UUID, UUID], dict[str, bool]] = defaultdict(dict)
    for repository, domain, vers, is_yanked in rows:
        found[repository, domain][vers] = is_yanked
    return [
        Store(repository, domains[domain], yanked) for (repository, domain), yanked in found.items()
    ]
