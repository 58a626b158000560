"""What becomes of a `cargo publish` between its bytes and the commit (Cargo Book, "Publish").

The Cargo.toml in the .crate file is the truth, since that is what consumers build; the JSON
beside it only has to agree.
"""

from dataclasses import dataclass

from django.utils import timezone

from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.queries.registry.grants import Grant
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.crates import build_unit, crate_reader, crate_unit
from pulp_cargo.app.services.crates.incoming_file import IncomingFile, settling
from pulp_cargo.app.services.publish.draft import Draft, NewCrate
from pulp_cargo.protocol.crate_file import CrateFile
from pulp_cargo.protocol.errors import Forbidden, InvalidRegistryUrl, RuleBroken
from pulp_cargo.protocol.manifest import Manifest
from pulp_cargo.protocol.publish import PublishMetadata, own_url_evidence, require_agreement
from pulp_cargo.rules.crates_io import complaints
from pulp_cargo.rules.owners import Actor
from pulp_cargo.rules.scopes import Scope


@dataclass(frozen=True, slots=True)
class Publish(NewCrate):
    """A crate version that is fit to be added, with what cargo should print about it."""

    grant: Grant
    warnings: tuple[str, ...]
    aliases: frozenset[str]

    @property
    def actor(self) -> Actor | None:
        """The sender, who has to own a crate that is not new."""
        return self.grant.actor

    def apply(self, draft: Draft) -> None:
        """Add the crate to what is being committed; raises what cargo should be told instead."""
        is_new = draft.spelling(self.unit.canonical_name) is None
        scope = Scope.PUBLISH_NEW if is_new else Scope.PUBLISH_UPDATE
        if not self.grant.allows(scope, self.unit.name):
            raise Forbidden(
                f"this token may not publish {'a new crate' if is_new else 'a new version'}"
                f" `{self.unit.name}`: it lacks the scope `{scope}`"
            )
        draft.require_owner(self.unit.name, self.actor)
        draft.publish(self.unit, self.file)
        if is_new:
            draft.add_first_owner(self.unit.name, self.actor)
        draft.add_aliases(self.aliases)


def examine(
    registry: Registry, grant: Grant, metadata: PublishMetadata, file: IncomingFile
) -> Publish:
    """Judge an uploaded crate by every rule that does not depend on what else is there."""
    with settling(file):
        manifest, crate_file = crate_reader.read_published(
            file.path,
            name=metadata.name,
            vers=metadata.vers,
            limits=crate_unit.limits(),
        )
    require_agreement(metadata, manifest)
    # In its domain a unit needs no query to find out which that is.
    with with_domain(registry.domain):
        unit = build_unit.of_manifest(
            manifest,
            cksum=file.cksum,
            readme=_readme(crate_file, manifest, metadata),
            pubtime=timezone.now(),
        )
    aliases = _proven_aliases(registry, metadata, manifest)
    return Publish(
        unit=unit,
        file=file,
        grant=grant,
        warnings=_crates_io_warnings(registry, manifest, aliases),
        aliases=aliases,
    )


def _readme(crate_file: CrateFile, manifest: Manifest, metadata: PublishMetadata) -> str | None:
    """Return the readme in the file, as by every other way in; or else what cargo has sent beside it."""
    sent = metadata.readme
    return crate_unit.readme_text(crate_file, manifest) or crate_unit.storable_text(
        None if sent is None else sent.encode("utf-8", "replace")
    )


def _crates_io_warnings(
    registry: Registry, manifest: Manifest, aliases: frozenset[str]
) -> tuple[str, ...]:
    broken = tuple(complaints(manifest, own_urls=aliases.union(registry.own_urls)))
    if broken and registry.crates_io_rules:
        raise RuleBroken(broken)
    return broken


def _proven_aliases(
    registry: Registry, metadata: PublishMetadata, manifest: Manifest
) -> frozenset[str]:
    """Return the URLs by which the publisher knows this registry, to be remembered as its own.

    They stand in the crates that are published for ever, and must go on meaning this registry
    when it gets another URL. One that is not ours yet is for those to add who may change the
    repository, and could change all its crates: a publisher, who may not, could otherwise turn the
    dependencies of other people's crates into ones from here.
    """
    proven = own_url_evidence(metadata, manifest)
    for url in proven:
        if not registry.is_own(url):
            raise InvalidRegistryUrl(
                f"a dependency on this registry names it `{url}`, which is none of its URLs: use"
                f" `{registry.index_url}`, or let whoever may change the repository add that URL"
                " to its `index_aliases`, or an administrator its host to the setting"
                " CARGO_ORIGIN_ALIASES"
            )
    return proven
