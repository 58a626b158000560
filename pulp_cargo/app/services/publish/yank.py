"""Yanking and unyanking a version (Cargo Book, Registry Web API, "Yank" and "Unyank")."""

from dataclasses import dataclass

from pulp_cargo.app.services.crates.save_crates import Crates
from pulp_cargo.app.services.publish.draft import Draft
from pulp_cargo.protocol.errors import CrateNotFound, VersionNotFound
from pulp_cargo.protocol.names import CrateName, canonical_name
from pulp_cargo.protocol.semver import Version
from pulp_cargo.rules.owners import Actor
from pulp_cargo.rules.token_scopes import Grant


@dataclass(frozen=True, slots=True)
class Yank:
    """Keeps new lock files from selecting a version, or allows it again; existing ones still work.

    Yanking a yanked version changes nothing.
    """

    name: CrateName
    vers: Version
    yanked: bool
    grant: Grant

    @property
    def keys(self) -> tuple[str, str]:
        """The canonical name and the version that this changes."""
        return canonical_name(self.name), str(self.vers)

    @property
    def actor(self) -> Actor | None:
        """The sender, who has to own the crate."""
        return self.grant.actor

    @property
    def crates(self) -> Crates:
        """No crates, since a yank stores none."""
        return ()

    def apply(self, draft: Draft) -> None:
        """Add or remove the yank mark in the commit; raises RegistryError."""
        if draft.spelling(canonical_name(self.name)) is None:
            raise CrateNotFound(self.name)
        draft.require_owner(self.name, self.actor)
        # The exact version: as on crates.io, `1.0.0` does not mean `1.0.0+1`.
        if not draft.has_version(*self.keys):
            raise VersionNotFound(self.name, str(self.vers))
        draft.set_yanked(*self.keys, yanked=self.yanked)
