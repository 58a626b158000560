"""The changes that one commit makes to a repository, judged against what is in it.

A draft lives inside the transaction that holds the repository's lock, so what it has looked up
stays true until the commit. It asks the database once for all its changes together.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from pulp_cargo.app.models import CrateContent
from pulp_cargo.app.services.incoming import IncomingFile
from pulp_cargo.protocol.errors import NameTaken, VersionExists, VersionUsed

Key = tuple[str, str]

# The newest version's members are those that no version removed: nobody else is writing. The
# lateral joins keep the planner from starting with all members of the repository, as it does
# while PostgreSQL has no statistics of new tables.
FOUND = """
    SELECT 'spelling', wanted, unit.name, NULL::uuid, NULL
    FROM unnest(%(names)s::text[]) wanted CROSS JOIN LATERAL (
        SELECT c.name FROM cargo_cratecontent c, LATERAL (
            SELECT 1 FROM core_repositorycontent rc
            WHERE rc.content_id = c.content_ptr_id AND rc.repository_id = %(repository)s
            AND rc.version_removed_id IS NULL OFFSET 0
        ) member
        WHERE c.canonical_name = wanted LIMIT 1
    ) unit
    UNION ALL
    SELECT found.kind, found.canonical_name, found.vers_key, found.content_ptr_id, found.detail
    FROM (
        SELECT 'version' AS kind, unit.canonical_name, unit.vers_key, unit.content_ptr_id,
            unit.vers || ' ' || unit.cksum AS detail
        FROM unnest(%(names)s::text[], %(versions)s::text[]) wanted (canonical_name, vers_key)
        JOIN cargo_cratecontent unit USING (canonical_name, vers_key)
        UNION ALL
        SELECT 'yank', unit.canonical_name, unit.vers_key, unit.content_ptr_id, NULL
        FROM unnest(%(names)s::text[], %(versions)s::text[]) wanted (canonical_name, vers_key)
        JOIN cargo_crateyank unit USING (canonical_name, vers_key)
        OFFSET 0
    ) found CROSS JOIN LATERAL (
        SELECT 1 FROM core_repositorycontent rc
        WHERE rc.content_id = found.content_ptr_id AND rc.repository_id = %(repository)s
        AND rc.version_removed_id IS NULL OFFSET 0
    ) member
    UNION ALL
    SELECT 'used', used.canonical_name, used.vers_key, NULL, used.cksum
    FROM unnest(%(names)s::text[], %(versions)s::text[]) wanted (canonical_name, vers_key)
    JOIN cargo_usedversion used USING (canonical_name, vers_key)
    WHERE used.repository_id = %(repository)s
"""


@dataclass(frozen=True, slots=True)
class Present:
    """A version that is in the repository, or will be."""

    vers: str
    cksum: str


class Draft:
    """What a commit will add to and remove from a repository."""

    def __init__(self, repository: UUID, keys: Collection[Key]) -> None:
        self.crates: list[tuple[CrateContent, IncomingFile]] = []
        # Units that are stored already, and their canonical names.
        self.adopted: dict[UUID, str] = {}
        self.aliases: set[str] = set()
        self._spellings: dict[str, str] = {}
        self._versions: dict[Key, Present] = {}
        self._used: defaultdict[Key, set[str]] = defaultdict(set)
        self._yanks: dict[Key, UUID] = {}
        self._look_up(repository, keys)
        self._yanked = set(self._yanks)

    @property
    def new_yanks(self) -> set[Key]:
        """The versions to be marked as yanked that were not before."""
        return self._yanked - set(self._yanks)

    @property
    def gone_yanks(self) -> list[UUID]:
        """The yank marks to be removed."""
        return [pk for key, pk in self._yanks.items() if key not in self._yanked]

    @property
    def changed_names(self) -> set[str]:
        """The canonical names of the crates whose index file will change."""
        names = {unit.canonical_name for unit, _ in self.crates}
        names.update(self.adopted.values())
        return names | {name for name, _ in self._yanked ^ set(self._yanks)}

    def spelling(self, canonical_name: str) -> str | None:
        """How the registry spells a crate, None when it has no version of it."""
        return self._spellings.get(canonical_name)

    def has_version(self, canonical_name: str, vers_key: str) -> bool:
        """Whether the version is there, or will be by an earlier change of this commit."""
        return (canonical_name, vers_key) in self._versions

    def vers(self, canonical_name: str, vers_key: str) -> str | None:
        """How the version is written, with its build metadata; None when it is not there."""
        there = self._versions.get((canonical_name, vers_key))
        return None if there is None else there.vers

    def require_unused(self, unit: CrateContent) -> None:
        """Raise VersionUsed where the version was here with other bytes, and is not any more."""
        key = unit.canonical_name, unit.vers_key
        if key not in self._versions and key in self._used and unit.cksum not in self._used[key]:
            raise VersionUsed(unit.name, unit.vers)

    def add_crate(self, unit: CrateContent, file: IncomingFile) -> None:
        """Add a new crate version; raises NameTaken or VersionExists."""
        self._take_place(unit)
        self.crates.append((unit, file))

    def adopt(self, unit: CrateContent) -> None:
        """Add a crate version that is stored already; raises NameTaken or VersionExists."""
        self._take_place(unit)
        self.adopted[unit.pk] = unit.canonical_name

    def _take_place(self, unit: CrateContent) -> None:
        existing = self.spelling(unit.canonical_name)
        if existing not in (None, unit.name):
            raise NameTaken(unit.name, existing)
        there = self._versions.get((unit.canonical_name, unit.vers_key))
        if there is not None:
            raise VersionExists(unit.name, unit.vers, same_bytes=there.cksum == unit.cksum)
        self._spellings[unit.canonical_name] = unit.name
        self._versions[unit.canonical_name, unit.vers_key] = Present(unit.vers, unit.cksum)

    def set_yanked(self, canonical_name: str, vers_key: str, *, yanked: bool) -> None:
        """Mark a version as yanked or not."""
        change = self._yanked.add if yanked else self._yanked.discard
        change((canonical_name, vers_key))

    def add_aliases(self, urls: Collection[str]) -> None:
        """Note further URLs that mean this registry."""
        self.aliases.update(urls)

    def _look_up(self, repository: UUID, keys: Collection[Key]) -> None:
        values = {
            "repository": repository,
            "names": [name for name, _ in keys],
            "versions": [vers for _, vers in keys],
        }
        with connection.cursor() as cursor:
            cursor.execute(FOUND, values)
            for kind, name, text, pk, detail in cursor.fetchall():
                match kind:
                    case "spelling":
                        self._spellings[name] = text
                    case "version":
                        self._versions[name, text] = Present(*detail.split(" "))
                    case "used":
                        self._used[name, text].add(detail)
                    case "yank":
                        self._yanks[name, text] = pk
