"""Examining the body of a `cargo publish` before the commit (Cargo Book, "Publish").

The .crate file is authoritative, since that is what consumers build; the JSON only has to agree with
its Cargo.toml. The readme, too, is that in the file, where cargo always puts it: units are shared, and
the text of one publisher would be shown for the same file elsewhere.
"""

from dataclasses import dataclass

from django.utils import timezone

from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.queries.registry.registry import Registry, RegistryUrls
from pulp_cargo.app.services.crates import build_unit, crate_unit
from pulp_cargo.app.services.crates.crate_reader import CrateReaders
from pulp_cargo.app.services.crates.incoming_file import IncomingFile, settling
from pulp_cargo.app.services.publish.draft import Draft, NewCrate
from pulp_cargo.protocol.errors import Forbidden, InvalidRegistryUrl, RuleBroken
from pulp_cargo.protocol.manifest import Manifest
from pulp_cargo.protocol.publish import PublishMetadata, own_url_evidence, require_agreement
from pulp_cargo.rules.crates_io import complaints
from pulp_cargo.rules.owners import Actor
from pulp_cargo.rules.token_scopes import Grant, Scope


@dataclass(frozen=True, slots=True)
class Publish(NewCrate):
    """A valid crate version, with the warnings that cargo prints."""

    grant: Grant
    warnings: tuple[str, ...]
    aliases: frozenset[str]

    @property
    def actor(self) -> Actor | None:
        """The sender, who has to own a crate that is not new."""
        return self.grant.actor

    def apply(self, draft: Draft) -> None:
        """Add the crate to the commit; raises RegistryError if it is refused."""
        is_new = draft.spelling(self.unit.canonical_name) is None
        scope = Scope.PUBLISH_NEW if is_new else Scope.PUBLISH_UPDATE
        if not self.grant.allows(scope, self.unit.name, now=timezone.now()):
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
    readers: CrateReaders,
    registry: Registry,
    grant: Grant,
    metadata: PublishMetadata,
    file: IncomingFile,
) -> Publish:
    """Apply all rules that do not depend on the content of the repository; raises RegistryError."""
    with settling(file):
        manifest, crate_file = readers.read_published(
            file.path,
            name=metadata.name,
            vers=metadata.vers,
            limits=crate_unit.limits(),
        )
    require_agreement(metadata, manifest)
    # In the context of its domain, a new unit needs no query for it.
    with with_domain(registry.domain):
        unit = build_unit.of_manifest(
            manifest,
            cksum=file.cksum,
            readme=crate_unit.readme_text(crate_file, manifest),
            pubtime=timezone.now(),
            time_source=str(registry.content.repository),
        )
    aliases = _proven_aliases(registry.urls, metadata, manifest)
    return Publish(
        unit=unit,
        file=file,
        grant=grant,
        warnings=_crates_io_warnings(registry, manifest, aliases),
        aliases=aliases,
    )


def _crates_io_warnings(
    registry: Registry, manifest: Manifest, aliases: frozenset[str]
) -> tuple[str, ...]:
    broken = tuple(complaints(manifest, own_urls=aliases.union(registry.urls.own)))
    if broken and registry.crates_io_rules:
        raise RuleBroken(broken)
    return broken


def _proven_aliases(
    urls: RegistryUrls, metadata: PublishMetadata, manifest: Manifest
) -> frozenset[str]:
    """Return the URLs that the publisher uses for this registry, to be recorded as its aliases.

    Published crates contain them for ever, so they must still mean this registry when it gets
    another URL. Publishers cannot add a new URL, which needs the right to modify the repository:
    otherwise they could redirect the dependencies of other crates to this registry.
    """
    proven = own_url_evidence(metadata, manifest)
    for url in proven:
        if not urls.is_own(url):
            raise InvalidRegistryUrl(
                f"a dependency on this registry names it `{url}`, which is not one of its URLs: use"
                f" `{urls.index}`. Otherwise, ask somebody who may change the repository to add"
                " this URL to its `index_aliases`, or an administrator to add its origin to the"
                " setting CARGO_ORIGIN_ALIASES"
            )
    return proven
