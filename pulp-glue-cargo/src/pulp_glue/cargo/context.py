"""The pulp-glue contexts of the objects of `pulp_cargo`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar

from pulp_glue.cargo.base import CargoEntityContext
from pulp_glue.common.context import (
    EntityDefinition,
    PulpRemoteContext,
    PulpRepositoryContext,
    PulpRepositoryVersionContext,
)
from pulp_glue.core.context import PulpUploadContext

# Page size for the changes between two versions.
DIFF_PAGE = 1000


class PulpCargoRemoteContext(CargoEntityContext, PulpRemoteContext):
    """Pulp's record of an upstream registry."""

    PLUGIN = "cargo"
    RESOURCE_TYPE = "cargo"
    ENTITY = "cargo remote"
    ENTITIES = "cargo remotes"
    HREF = "cargo_cargo_remote_href"
    HREF_PATTERN = r"remotes/(?P<plugin>cargo)/(?P<resource_type>cargo)/"
    ID_PREFIX = "remotes_cargo_cargo"
    NULLABLES: ClassVar[set[str]] = {
        *PulpRemoteContext.NULLABLES,
        "crate_policy",
        "index_max_age",
        "stale_for",
        "token",
    }
    CAPABILITIES = {"roles": []}

    def replaced(self, limit: int, offset: int = 0, **filters: Any) -> list[EntityDefinition]:
        """Return the versions whose bytes the upstream has replaced, the latest first."""
        return self.records("replaced", limit, offset, **filters)

    def accept_replaced(self, crate: str, vers: str, checksum: str) -> EntityDefinition:
        """Accept the bytes with this checksum for a replaced version; return its record."""
        body = {"name": crate, "vers": vers, "checksum": checksum}
        record: EntityDefinition = self.call(
            "accept", parameters={self.HREF: self.pulp_href}, body=body
        )
        return record


class PulpCargoRepositoryVersionContext(CargoEntityContext, PulpRepositoryVersionContext):
    """The content of a repository at one time."""

    ENTITY = "version of a cargo repository"
    ENTITIES = "versions of a cargo repository"
    HREF = "cargo_cargo_repository_version_href"
    HREF_PATTERN = r"repositories/(?P<plugin>cargo)/(?P<resource_type>cargo)/[-0-9a-f]+/versions/"
    ID_IN_HREF = r"\d+"
    ID_PREFIX = "repositories_cargo_cargo_versions"

    def _nothing_with(self, criteria: dict[str, Any]) -> str:
        return self._no_version(criteria.get("number"))

    def _nothing_at(self, href: str) -> str:
        return self._no_version(href.rstrip("/").rpartition("/")[2])

    def _no_version(self, number: Any) -> str:
        return (
            f"The repository `{self.repository_ctx.entity['name']}` has no version {number}:"
            " see `pulp cargo repository version list`."
        )


class PulpCargoRepositoryContext(CargoEntityContext, PulpRepositoryContext):
    """Crates and yank marks, in versions."""

    PLUGIN = "cargo"
    RESOURCE_TYPE = "cargo"
    ENTITY = "cargo repository"
    ENTITIES = "cargo repositories"
    HREF = "cargo_cargo_repository_href"
    HREF_PATTERN = r"repositories/(?P<plugin>cargo)/(?P<resource_type>cargo)/"
    ID_PREFIX = "repositories_cargo_cargo"
    VERSION_CONTEXT = PulpCargoRepositoryVersionContext
    NULLABLES: ClassVar[set[str]] = {*PulpRepositoryContext.NULLABLES, "signing_service"}
    CAPABILITIES = {"sync": [], "roles": [], "pulpexport": []}

    def import_crates(
        self, archive: IO[bytes], chunk_size: int
    ) -> tuple[EntityDefinition | None, list[dict[str, str]]]:
        """Add the .crate files of a tar archive in one new version.

        Return the version, None if all of them existed already; and the refused files,
        each as `file` with its `reason`. `archive` is an open file with
        a name; one that is larger than a chunk is sent in chunks, so that it is never in memory as
        a whole.
        """
        version, done = self.import_registry({}, archive, chunk_size)
        return version, done["problems"]

    def import_registry(
        self, options: Mapping[str, Any], archive: IO[bytes] | None = None, chunk_size: int = 0
    ) -> tuple[EntityDefinition | None, EntityDefinition]:
        """Add the crates of another registry in one new version, with the yanks in its index.

        Return the version, None if nothing changed; and the numbers of what was added, with the
        `problems`. The source is an open archive as for `import_crates`, or the `path` of a folder on
        the server in the options; others are `strict` and `owners`.
        """
        body = dict(options)
        if archive is not None and Path(archive.name).stat().st_size > chunk_size:
            body["upload"] = PulpUploadContext(self.pulp_ctx).upload_file(archive, chunk_size)
        elif archive is not None:
            body["file"] = archive
        done = self.call("import_crates", parameters={self.HREF: self.pulp_href}, body=body)
        href = done["repository_version"]
        version = href and self.VERSION_CONTEXT(self.pulp_ctx, self, pulp_href=href).entity
        return version, done

    def make_snapshot(self, number: int | None = None) -> EntityDefinition:
        """Make the snapshot of a version, by default the newest; return what it says.

        These are its `version`, `count` and `root`, and the fingerprint of its `signer`, if any.
        """
        body = {} if number is None else {"number": number}
        made: EntityDefinition = self.call(
            "snapshot", parameters={self.HREF: self.pulp_href}, body=body
        )
        return made

    def import_bundle(
        self, bundle: IO[bytes], chunk_size: int, *, mirror: bool = False
    ) -> tuple[EntityDefinition | None, EntityDefinition]:
        """Import a bundle in one new version; return it, None if nothing changed, and the result.

        `bundle` is an open file with a name; one that is larger than a chunk is sent in chunks.
        """
        body: dict[str, Any] = {"file": bundle, "mirror": mirror}
        if Path(bundle.name).stat().st_size > chunk_size:
            upload = PulpUploadContext(self.pulp_ctx).upload_file(bundle, chunk_size)
            body = {"upload": upload, "mirror": mirror}
        done: EntityDefinition = self.call(
            "import_bundle", parameters={self.HREF: self.pulp_href}, body=body
        )
        href = done["repository_version"]
        version = href and self.VERSION_CONTEXT(self.pulp_ctx, self, pulp_href=href).entity
        return version, done

    def rollback(self, number: int) -> EntityDefinition | None:
        """Create a version with the content of an older one; None if the newest has the same."""
        older = self.get_version_context(number).entity["pulp_href"]
        return self._version_made_by(self.modify(base_version=older))

    def set_yanked(self, crate: str, vers: str, *, yanked: bool) -> EntityDefinition | None:
        """Yank or unyank a version of a crate; None if there was nothing to change.

        `vers` is the exact version, with its build metadata.
        """
        body = {"name": crate, "vers": vers}
        operation = "yank" if yanked else "unyank"
        return self._version_made_by(
            self.call(operation, parameters={self.HREF: self.pulp_href}, body=body)
        )

    def remove_crates(self, crates: Sequence[Mapping[str, str]]) -> EntityDefinition | None:
        """Remove crate versions, each with `name` and `vers`, in one new version or not at all."""
        done = self.call(
            "remove",
            parameters={self.HREF: self.pulp_href},
            body={"crates": [dict(crate) for crate in crates]},
        )
        return self._version_made_by(done)

    def check_closure(
        self,
        crates: Sequence[Mapping[str, Any]],
        targets: Sequence[str] = (),
        *,
        all_features: bool = False,
    ) -> EntityDefinition:
        """Return the report on what crates need, each with `name`, `req` or `vers`, and `features`.

        Without crates it is about all of the repository. No `targets` stand for all.
        """
        body: dict[str, Any] = {"all_features": all_features}
        if targets:
            body["targets"] = list(targets)
        if crates:
            body["crates"] = [dict(crate) for crate in crates]
        operation = "check_closure" if crates else "check_dependencies"
        report: EntityDefinition = self.call(
            operation, parameters={self.HREF: self.pulp_href}, body=body
        )
        return report

    def promote(
        self,
        source: str,
        crates: Sequence[Mapping[str, str]],
        *,
        closure: bool = True,
        dry_run: bool = False,
    ) -> EntityDefinition:
        """Copy crate versions, each with `name` and `vers`, from another repository.

        Return the plan, which a `dry_run` does not carry out.
        """
        body = {
            "source": source,
            "crates": [dict(crate) for crate in crates],
            "closure": closure,
            "dry_run": dry_run,
        }
        plan: EntityDefinition = self.call(
            "promote", parameters={self.HREF: self.pulp_href}, body=body
        )
        return plan

    def owners(self, limit: int, offset: int = 0, **filters: Any) -> list[EntityDefinition]:
        """Return the owners of crates, in the order of the crates."""
        return self.records("owners", limit, offset, **filters)

    def add_owners(
        self, owners: Sequence[str], crates: Sequence[str], *, unowned: bool = False
    ) -> EntityDefinition:
        """Add owners to the crates that match patterns, `unowned` to those without owners only."""
        return self._change_owners("add_owners", owners, crates, unowned=unowned)

    def remove_owners(self, owners: Sequence[str], crates: Sequence[str]) -> EntityDefinition:
        """Remove owners from the crates that match patterns; each crate must have another one."""
        return self._change_owners("remove_owners", owners, crates)

    def _change_owners(
        self, operation: str, owners: Sequence[str], crates: Sequence[str], **how: bool
    ) -> EntityDefinition:
        body = {"owners": list(owners), "crates": list(crates), **how}
        done: EntityDefinition = self.call(
            operation, parameters={self.HREF: self.pulp_href}, body=body
        )
        return done

    def version_labels(self, limit: int, offset: int = 0) -> list[EntityDefinition]:
        """Return the labels of versions, in the order of their numbers."""
        return self.records("version_labels", limit, offset)

    def label_version(self, label: str, number: int | None = None) -> EntityDefinition:
        """Give a version a label, without a number the newest; return the label."""
        body = {"label": label} | ({} if number is None else {"number": number})
        made: EntityDefinition = self.call(
            "label_version", parameters={self.HREF: self.pulp_href}, body=body
        )
        return made

    def unlabel_version(self, label: str) -> None:
        """Remove the label of a version."""
        self.call("unlabel_version", parameters={self.HREF: self.pulp_href}, body={"label": label})

    def diff(self, old: str, new: str | None, limit: int, offset: int = 0) -> EntityDefinition:
        """Return what changed between two states, each a number, date, time or label.

        Without `new` the second is the newest. `results` are at most `limit` changes.
        """
        asked: dict[str, Any] = {self.HREF: self.pulp_href, "old": old}
        if new is not None:
            asked["new"] = new
        found: EntityDefinition = {}
        while not found or len(found["results"]) < min(limit, found["count"] - offset):
            done = found.get("results", [])
            page = {"limit": min(DIFF_PAGE, limit - len(done)), "offset": offset + len(done)}
            found = self.call("diff", parameters=asked | page)
            if not found["results"]:
                break
            found["results"] = done + found["results"]
        return found

    def sync_index(
        self, body: EntityDefinition
    ) -> tuple[EntityDefinition | None, EntityDefinition]:
        """Sync with an upstream registry.

        Return the version, None if there is nothing new, and the report with the crates and
        versions that were refused: all by number as `refused_count`, the first ones as `refused`.
        """
        report: EntityDefinition = self.sync(body=body)
        href = report.get("repository_version")
        version = href and self.VERSION_CONTEXT(self.pulp_ctx, self, pulp_href=href).entity
        return version or None, report

    def _version_made_by(self, done: EntityDefinition) -> EntityDefinition | None:
        """Return the version that a task created: its result, or one of its created resources."""
        if "number" in done:
            return done
        hrefs = [href for href in done.get("created_resources", []) if "/versions/" in href]
        if not hrefs:
            return None
        return self.VERSION_CONTEXT(self.pulp_ctx, self, pulp_href=hrefs[-1]).entity


class PulpCargoTokenContext(CargoEntityContext):
    """The record of a secret with which cargo acts for a user."""

    PLUGIN = "cargo"
    MODEL = "cargotoken"
    ENTITY = "cargo token"
    ENTITIES = "cargo tokens"
    HREF = "cargo_cargo_token_href"
    HREF_PATTERN = r"(?P<plugin>cargo)/(?P<resource_type>tokens)/"
    HREF_TEMPLATE = "cargo/tokens/{pulp_id}/"
    ID_PREFIX = "cargo_tokens"
    NULLABLES: ClassVar[set[str]] = {"distribution", "expires_at"}
    CAPABILITIES = {"roles": []}
    IF_NONE = "see the list of {entities}"
    IF_SEVERAL = "select a user with `--user`"

    def revoke(self) -> None:
        """Delete the token; without a user it must be one's own."""
        if "name" in self._entity_lookup and "user" not in self._entity_lookup:
            self.entity = {"user": self.pulp_ctx.call("login_read")["username"]}
        self.delete()

    def _nothing_with(self, criteria: dict[str, Any]) -> str:
        name = criteria.get("name")
        others = self.call("list", parameters={"name": name})["results"] if name else []
        if not others or "user" not in criteria:
            return super()._nothing_with(criteria)
        has = " and ".join(f"`{other['user']}`" for other in others)
        return (
            f"The user `{criteria['user']}` has no token {name!r}, but {has} has one:"
            " select a user with `--user`."
        )


class PulpCargoCratePolicyContext(CargoEntityContext):
    """Rules for crates from upstreams."""

    PLUGIN = "cargo"
    MODEL = "cargocratepolicy"
    ENTITY = "cargo crate policy"
    ENTITIES = "cargo crate policies"
    HREF = "cargo_cargo_crate_policy_href"
    HREF_PATTERN = r"(?P<plugin>cargo)/(?P<resource_type>crate-policies)/"
    HREF_TEMPLATE = "cargo/crate-policies/{pulp_id}/"
    ID_PREFIX = "cargo_crate_policies"
    NULLABLES: ClassVar[set[str]] = {"allow", "licenses"}
    CAPABILITIES = {"roles": []}

    def held(self, limit: int, offset: int = 0, **filters: Any) -> list[EntityDefinition]:
        """Return the records of refused versions, the latest first."""
        return self.records("held", limit, offset, **filters)
