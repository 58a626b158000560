"""Yanking a version and taking that back (Cargo Book, Registry Web API, "Yank")."""

from dataclasses import dataclass

from pulp_cargo.app.services.draft import Draft
from pulp_cargo.protocol.errors import CrateNotFound, VersionNotFound
from pulp_cargo.protocol.names import CrateName, canonical_name
from pulp_cargo.protocol.semver import Version


@dataclass(frozen=True, slots=True)
class Yank:
    """Keeps new lock files from choosing a version, or lets them again; those that hold it keep it.

    Asking for what already holds changes nothing.
    """

    name: CrateName
    vers: Version
    yanked: bool

    @property
    def keys(self) -> tuple[str, str]:
        """The crate and version that this changes, in canonical form."""
        return canonical_name(self.name), self.vers.without_build

    def apply(self, draft: Draft) -> None:
        """Mark the version in what is being committed."""
        if draft.spelling(canonical_name(self.name)) is None:
            raise CrateNotFound(self.name)
        # Exactly: crates.io has no `1.0.0` either where `1.0.0+1` was published.
        if draft.vers(*self.keys) != str(self.vers):
            raise VersionNotFound(self.name, str(self.vers))
        draft.set_yanked(*self.keys, yanked=self.yanked)
