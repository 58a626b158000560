"""Synchronizing a repository with a registry of another Pulp.

The listing is fetched and validated, units are created, files are downloaded if the remote's policy
is `immediate`, and one new repository version is created unless nothing changed.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models.expressions import RawSQL

from pulpcore.plugin.models import Content, ProgressReport, RepositoryVersion

from pulp_cargo.app.models import CargoRemote, CargoRepository
from pulp_cargo.app.models.membership import has_row, is_in_newest
from pulp_cargo.app.models.registry_urls import add_aliases
from pulp_cargo.app.models.sync_sources import SYNC_NOTE
from pulp_cargo.app.notices import channel
from pulp_cargo.app.queries.crate_policies import named_policy
from pulp_cargo.app.runtime.background_loop import BackgroundLoop
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.services.setup.repository_use import require_replaceable
from pulp_cargo.app.services.sync import replaced, units, upstream
from pulp_cargo.app.services.sync.listing_table import table_of
from pulp_cargo.app.services.sync.signed import require_signed
from pulp_cargo.protocol.listing import Head, ListedCrate
from pulp_cargo.protocol.registry_url import is_crates_io, same_registry
from pulp_cargo.rules.policies.policy_decision import AgelessRules

MEMBER = is_in_newest("%(repository)s")
NEW_CRATES = f"""
    SELECT l.content_id FROM cargo_listed l
    WHERE NOT {has_row("l.content_id", MEMBER)}
"""
NEW_YANKS = f"""
    SELECT y.content_ptr_id FROM cargo_listed l
    JOIN cargo_crateyank y USING (canonical_name, vers)
    WHERE l.yanked AND y._pulp_domain_id = %(domain)s
    AND NOT {has_row("y.content_ptr_id", MEMBER)}
"""
OTHER_CRATES = f"""
    SELECT c.content_ptr_id FROM core_repositorycontent rc
    JOIN cargo_cratecontent c ON c.content_ptr_id = rc.content_id
    WHERE {MEMBER} AND NOT EXISTS (
        SELECT 1 FROM cargo_listed l WHERE l.content_id = c.content_ptr_id
    )
"""
# Yank marks to remove: with `mirror` all others, otherwise those of versions in the listing.
OTHER_YANKS = f"""
    SELECT y.content_ptr_id FROM core_repositorycontent rc
    JOIN cargo_crateyank y ON y.content_ptr_id = rc.content_id
    LEFT JOIN cargo_listed l USING (canonical_name, vers)
    WHERE {MEMBER} AND l.yanked IS NOT TRUE AND (%(mirror)s OR l.at IS NOT NULL)
"""


def synchronize(
    loop: BackgroundLoop,
    disk: FreeSpace,
    repository: CargoRepository,
    remote: CargoRemote,
    *,
    mirror: bool,
) -> RepositoryVersion | None:
    """Bring a repository up to date with its upstream; returns None if nothing changed.

    Raises CannotCopy, CannotReplace and StorageFull.
    """
    disk.require_room()
    if mirror:
        require_replaceable(repository)
    policy = named_policy(remote.crate_policy)
    rules = AgelessRules([policy] if policy else [], datetime.now(UTC))
    made_of = _made_of(remote, rules, mirror=mirror)

    def lets_in(crate: ListedCrate) -> bool:
        return rules.let_in(crate.entry.name, crate.entry.vers, crate.texts["license"])

    with upstream.connected(loop, remote) as connected:
        fetched = upstream.fetch_listing(connected, _known_tag(repository, made_of))
        if fetched is None:
            return None
        with open(fetched.path, "rb") as file, table_of(file, remote.pk, lets_in) as head:
            require_signed(connected, remote)
            _refuse_replaced(repository, remote, mirror=mirror)
            units.make_units(file, repository, remote)
            if made_of["immediate"]:
                units.fetch_files(disk, repository, remote, connected)
            return _make_version(repository, head, made_of | {"etag": fetched.etag}, mirror=mirror)


def _refuse_replaced(repository: CargoRepository, remote: CargoRemote, *, mirror: bool) -> None:
    """Refuse other bytes for versions that the repository has, and report how many there are."""
    if count := replaced.refuse_replaced(repository, remote, mirror=mirror):
        message = "Refusing replaced versions"
        with ProgressReport(message=message, code="sync.cargo.replaced", done=count):
            pass


def _made_of(remote: CargoRemote, rules: AgelessRules, *, mirror: bool) -> dict[str, Any]:
    """Return everything besides the listing on which the content of a version depends.

    If the note of it is the same at the next sync, its request is conditional.
    """
    made_of = {
        "remote": str(remote.pk),
        "url": remote.url,
        "mirror": mirror,
        "immediate": remote.policy == CargoRemote.IMMEDIATE,
    }
    if accepted := replaced.count_accepted(remote):
        made_of["accepted"] = accepted
    if remote.snapshot_keys:
        made_of["keys"] = hashlib.sha256(remote.snapshot_keys.encode()).hexdigest()
    if rules.text:
        made_of["rules"] = hashlib.sha256(rules.text.encode()).hexdigest()
    return made_of


def _known_tag(repository: CargoRepository, made_of: dict[str, Any]) -> str | None:
    """Return the entity tag of the listing from which the newest version was created, if any."""
    note = dict(repository.latest_version().info.get(SYNC_NOTE) or {})
    etag = note.pop("etag", None)
    return etag if note == made_of else None


def _make_version(
    repository: CargoRepository, head: Head, note: dict[str, Any], *, mirror: bool
) -> RepositoryVersion | None:
    values = {
        "repository": repository.pk,
        "domain": repository.pulp_domain_id,
        "mirror": mirror,
        "remote": note["remote"],
    }
    # In one transaction, so that no reader sees the crates without the aliases that they need.
    with transaction.atomic():
        with repository.new_version(follows=True) as version:
            for query in (OTHER_YANKS, OTHER_CRATES if mirror else replaced.OUTDATED):
                version.remove_content(_units(query, values))
            for query in (NEW_CRATES, NEW_YANKS):
                version.add_content(_units(query, values))
        if add_aliases(repository.pk, _aliases(head, note["url"], mirror=mirror)):
            channel.registries_changed()
        newest = repository.latest_version()
        RepositoryVersion.objects.filter(pk=newest.pk).update(info=newest.info | {SYNC_NOTE: note})
    return version if version.complete else None


def _aliases(head: Head, upstream: str, *, mirror: bool) -> set[str]:
    """Return the URLs that will mean the registries of the repository, as they do upstream.

    Dependencies on such a URL are resolved here. The administrator has set the remote's own URL;
    the upstream claims the others. These are trusted only with `mirror`, where the repository has
    no crates but the upstream's.
    """
    claimed = {url for url in head.urls if mirror or same_registry(url, upstream)}
    return {url for url in claimed | {upstream} if not is_crates_io(url)}


def _units(query: str, values: dict[str, Any]) -> Any:
    # The ids are one parameter: core evaluates the query several times, and needs the same units.
    ids = [row[0] for row in all_rows(query, values)]
    return Content.objects.filter(pk__in=RawSQL("SELECT unnest(%s::uuid[])", [ids]))
