"""The changes of one commit, checked against the content of the repository.

A draft exists inside the transaction that has locked the repository, so what it has loaded remains
valid until the commit. One query loads everything for all of its changes.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.models import CrateContent
from pulp_cargo.app.models.invariants import IS_PUBLISHED_TO
from pulp_cargo.app.models.membership import member_of_newest
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.statements import Rows
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.save_crates import Crates
from pulp_cargo.protocol.errors import NameTaken, VersionExists, VersionUsed
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.rules import owners as rules
from pulp_cargo.rules.owners import Actor, Owner

# A canonical name and a version with build metadata.
Key = tuple[str, str]
# The same without build metadata, which can be published once.
Number = tuple[str, str]

# The members of the newest version are those that no version removed, since writers are locked out.
FOUND = f"""
    SELECT 'spelling', wanted, unit.name, NULL::uuid, NULL
    FROM unnest(%(names)s::text[]) wanted CROSS JOIN LATERAL (
        SELECT c.name FROM cargo_cratecontent c
        {member_of_newest("%(repository)s", unit="c")}
        WHERE c.canonical_name = wanted LIMIT 1
    ) unit
    UNION ALL
    SELECT found.kind, found.canonical_name, found.text, found.content_ptr_id, found.detail
    FROM (
        SELECT 'version' AS kind, unit.canonical_name, unit.vers_key AS text, unit.content_ptr_id,
            unit.vers || ' ' || unit.cksum AS detail
        FROM unnest(%(names)s::text[], %(numbers)s::text[]) wanted (canonical_name, vers_key)
        JOIN cargo_cratecontent unit USING (canonical_name, vers_key)
        UNION ALL
        SELECT 'yank', unit.canonical_name, unit.vers, unit.content_ptr_id, NULL
        FROM unnest(%(names)s::text[], %(versions)s::text[]) wanted (canonical_name, vers)
        JOIN cargo_crateyank unit USING (canonical_name, vers)
        OFFSET 0
    ) found {member_of_newest("%(repository)s", unit="found")}
    UNION ALL
    SELECT 'used', used.canonical_name, used.vers_key, NULL, used.cksum
    FROM unnest(%(names)s::text[], %(numbers)s::text[]) wanted (canonical_name, vers_key)
    JOIN cargo_usedversion used USING (canonical_name, vers_key)
    WHERE used.repository_id = %(repository)s
    UNION ALL
    SELECT 'published to', '', NULL, NULL, NULL WHERE {IS_PUBLISHED_TO}
"""


@dataclass(frozen=True, slots=True)
class NewCrate:
    """A crate version that a change adds, with its file."""

    unit: CrateContent
    file: IncomingFile

    @property
    def keys(self) -> Key:
        """The canonical name and the version that this adds."""
        return self.unit.canonical_name, self.unit.vers

    @property
    def crates(self) -> Crates:
        """The unit to store, with its file."""
        return [(self.unit, self.file)]

    @property
    def actor(self) -> Actor | None:
        """None: only users who may modify the repository can add a crate without cargo."""
        return None


def ask(repository: UUID, keys: Collection[Key]) -> Rows:
    """Query what a draft needs about the crates and versions that are changed."""
    values = {
        "repository": repository,
        "names": [name for name, _ in keys],
        "versions": [vers for _, vers in keys],
        "numbers": [parse_version(vers).without_build for _, vers in keys],
    }
    return statements.ask(FOUND, values)


class Draft:
    """What a commit will add to and remove from a repository.

    `owners` are those of the crates that changes by owners concern, by canonical names; None where
    crates have no owners.
    """

    def __init__(self, asked: Rows, owners: Mapping[str, Collection[Owner]] | None = None) -> None:
        self.crates: list[tuple[CrateContent, IncomingFile]] = []
        # Added units that are stored already, with their canonical names.
        self.adopted: dict[UUID, str] = {}
        self.aliases: set[str] = set()
        # The users who publish the first version of a crate, by its canonical name.
        self.new_owners: dict[str, int] = {}
        self._owners = None if owners is None else dict(owners)
        self._spellings: dict[str, str] = {}
        # The checksums of existing and added versions, by number and then by `vers`.
        self._versions: defaultdict[Number, dict[str, str]] = defaultdict(dict)
        self._used: defaultdict[Number, set[str]] = defaultdict(set)
        self._is_published_to = False
        self._yanks: dict[Key, UUID] = {}
        self._take(asked)
        self._yanked = set(self._yanks)

    @property
    def new_yanks(self) -> set[Key]:
        """The versions that get a yank mark."""
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
        """Return the registry's spelling of a crate, None if it has no version of it."""
        return self._spellings.get(canonical_name)

    def has_version(self, canonical_name: str, vers: str) -> bool:
        """Whether exactly this version exists, or an earlier change of this commit adds it."""
        return vers in self._versions[canonical_name, parse_version(vers).without_build]

    def require_owner(self, name: str, actor: Actor | None) -> None:
        """Raise NotAnOwner or HasNoOwner unless the actor may change the crate."""
        if self._owners is None:
            return
        if actor is None:
            # Owners were enabled after the rights of the sender were looked up.
            raise ServiceUnavailable(
                "owners of crates were just enabled for this repository; try again"
            )
        canonical = canonical_name(name)
        is_new = self.spelling(canonical) is None
        rules.require_owner(actor, name, self._owners.get(canonical, ()), is_new=is_new)

    def add_first_owner(self, name: str, actor: Actor | None) -> None:
        """Make the publisher of a new crate its owner, unless it has owners from before."""
        canonical = canonical_name(name)
        if self._owners is None or actor is None or self._owners.get(canonical):
            return
        self._owners[canonical] = {Owner(is_group=False, pk=actor.user, login=actor.username)}
        self.new_owners[canonical] = actor.user

    def publish(self, unit: CrateContent, file: IncomingFile) -> None:
        """Add a version that is published; raises NameTaken, VersionExists or VersionUsed.

        Versions that differ in build metadata only count as one. A version that was removed can only
        be published again with the same bytes.
        """
        self._require_spelling(unit)
        self._require_alone(unit)
        number = unit.canonical_name, unit.vers_key
        if number in self._used and unit.cksum not in self._used[number]:
            raise VersionUsed(unit.name, unit.vers)
        self.add_crate(unit, file)

    def add_crate(self, unit: CrateContent, file: IncomingFile) -> None:
        """Add a new crate version; raises NameTaken or VersionExists."""
        self._take_place(unit)
        self.crates.append((unit, file))

    def adopt(self, unit: CrateContent) -> None:
        """Add a crate version that is stored already; raises NameTaken or VersionExists."""
        self._take_place(unit)
        self.adopted[unit.pk] = unit.canonical_name

    def _take_place(self, unit: CrateContent) -> None:
        self._require_spelling(unit)
        if self._is_published_to or self.has_version(unit.canonical_name, unit.vers):
            self._require_alone(unit)
        self._spellings[unit.canonical_name] = unit.name
        self._versions[unit.canonical_name, unit.vers_key][unit.vers] = unit.cksum

    def _require_spelling(self, unit: CrateContent) -> None:
        existing = self.spelling(unit.canonical_name)
        if existing not in (None, unit.name):
            raise NameTaken(unit.name, existing)

    def _require_alone(self, unit: CrateContent) -> None:
        there = self._versions[unit.canonical_name, unit.vers_key]
        if there:
            same_bytes = there.get(unit.vers) == unit.cksum
            raise VersionExists(unit.name, unit.vers, same_bytes=same_bytes)

    def set_yanked(self, canonical_name: str, vers: str, *, yanked: bool) -> None:
        """Mark a version as yanked or not."""
        change = self._yanked.add if yanked else self._yanked.discard
        change((canonical_name, vers))

    def add_aliases(self, urls: Collection[str]) -> None:
        """Add URLs that mean this registry."""
        self.aliases.update(urls)

    def _take(self, asked: Rows) -> None:
        for kind, name, text, pk, detail in asked.fetch():
            match kind:
                case "spelling":
                    self._spellings[name] = text
                case "version":
                    vers, cksum = detail.split(" ")
                    self._versions[name, text][vers] = cksum
                case "used":
                    self._used[name, text].add(detail)
                case "yank":
                    self._yanks[name, text] = pk
                case "published to":
                    self._is_published_to = True
