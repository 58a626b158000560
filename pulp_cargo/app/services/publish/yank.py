"""Yanking a version and taking that back (Cargo Book, Registry Web API, "Yank")."""

from dataclasses import dataclass

from pulp_cargo.app.queries.registry.grants import Grant
from pulp_cargo.app.services.crates.artifacts import Crates
from pulp_cargo.app.services.publish.draft import Draft
from pulp_cargo.protocol.errors import CrateNotFound, VersionNotFound
from pulp_cargo.protocol.names import CrateName, canonical_name
from pulp_cargo.protocol.semver import Version
from pulp_cargo.rules.owners import Actor


@dataclass(frozen=True, slots=True)
class Yank:
    """Keeps new lock files from choosing a version, or lets them again; those that hold it keep it.

    Asking for what already holds changes nothing.
    """

    name: CrateName
    vers: Version
    yanked: bool
    grant: Grant

    @property
    def keys(self) -> tuple[str, str]:
        """The crate, in canonical form, and the version that this changes."""
        return canonical_name(self.name), str(self.vers)

    @property
    def actor(self) -> Actor | None:
        """The sender, who has to own the crate."""
        return self.grant.actor

    @property
    def crates(self) -> Crates:
        """A yank stores no crate."""
        return ()

    def apply(self, draft: Draft) -> None:
        """Mark the version in what is being committed."""
        if draft.spelling(canonical_name(self.name)) is None:
            raise CrateNotFound(self.name)
        draft.require_owner(self.name, self.actor)
        # Exactly: crates.io has no `1.0.0` either where `1.0.0+1` was published.
        if not draft.has_version(*self.keys):
            raise VersionNotFound(self.name, str(self.vers))
        draft.set_yanked(*self.keys, yanked=self.yanked)
