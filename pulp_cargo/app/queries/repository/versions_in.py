"""Which versions of some crates a repository has now, and which it ever had."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from pulp_cargo.app.models import CargoRepository, CrateContent, UsedVersion

# Maximum number of names in a query: PostgreSQL plans huge lists badly.
BATCH = 1_000


def versions_of(repository: CargoRepository, names: Collection[str]) -> Iterator[CrateContent]:
    """Return the versions of crates in the newest version of a repository, by canonical name.

    Only the columns that identify the units are read.
    """
    version = repository.latest_version()
    ordered = sorted(names)
    for start in range(0, len(ordered) if version else 0, BATCH):
        wanted = CrateContent.objects.filter(canonical_name__in=ordered[start : start + BATCH])
        found = version.get_content(wanted)
        yield from found.only("name", "canonical_name", "vers", "vers_key", "cksum").iterator()


def used_versions(
    repository: CargoRepository, names: Collection[str]
) -> defaultdict[tuple[str, str], set[str]]:
    """Return the checksums of all versions of crates that a repository ever had, by number."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    ordered = sorted(names)
    for start in range(0, len(ordered), BATCH):
        used = UsedVersion.objects.filter(
            repository=repository, canonical_name__in=ordered[start : start + BATCH]
        )
        for name, vers, cksum in used.values_list("canonical_name", "vers_key", "cksum"):
            found[name, vers].add(cksum)
    return found


def checksums_in(repository: CargoRepository, wanted: Collection[str]) -> set[str]:
    """Return which of these checksums are those of files in the newest version of a repository."""
    version = repository.latest_version()
    ordered, found = sorted(wanted), set[str]()
    for start in range(0, len(ordered) if version else 0, BATCH):
        units = CrateContent.objects.filter(cksum__in=ordered[start : start + BATCH])
        found |= set(version.get_content(units).values_list("cksum", flat=True))
    return found
