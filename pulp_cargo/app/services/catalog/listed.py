"""Versions that are only in the index of a cache's upstream, beside those that are stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from pulp_cargo.app.queries.crates.details import VersionDetails
from pulp_cargo.protocol.listed_version import ListedVersion
from pulp_cargo.rules.metadata_source import FILE

# The upstreams that answer for a crate, in order, and what the indexes of remotes have of it;
# None for a repository, and for a remote that stored versions stand in for.
Listed = Mapping[str, Sequence[ListedVersion] | None]


def as_listed(
    stored: Iterable[VersionDetails], listed: Iterable[ListedVersion]
) -> list[VersionDetails]:
    """Return the versions in an upstream's index, described by what is stored of them.

    Whether a version is yanked is the upstream's word, which the store follows a little later.
    """
    by_vers = {one.vers: one for one in stored}
    found = []
    for one in listed:
        known = by_vers.get(one.vers)
        if known is None or known.cksum != one.cksum:
            known = _from_line(one)
        found.append(replace(known, yanked=one.yanked))
    return found


def _from_line(one: ListedVersion) -> VersionDetails:
    return VersionDetails(
        # There is no unit yet; that of the file will have another id.
        unit=UUID(hex=one.cksum[:32]),
        name=one.name,
        vers=one.vers,
        cksum=one.cksum,
        published=one.published,
        index_line=one.index_line,
        links=one.links,
        rust_version=one.rust_version,
        edition=None,
        description=None,
        license=None,
        license_file=None,
        keywords=[],
        categories=[],
        authors=[],
        homepage=None,
        documentation=None,
        repository_url=None,
        has_readme=False,
        metadata_source=FILE,
        size=None,
        yanked=one.yanked,
        is_stored=False,
    )
