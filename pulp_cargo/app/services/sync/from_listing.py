"""Synchronizing with a registry of another Pulp, which has a listing of everything."""

from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any

from pulpcore.plugin.models import RepositoryVersion

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.models.sync_sources import newest_note
from pulp_cargo.app.queries.crate_policies import named_policy
from pulp_cargo.app.services.sync import files, listing_table, listing_units, replaced, upstream
from pulp_cargo.app.services.sync.order import Order, Services, Synced
from pulp_cargo.app.services.sync.report import SyncReport
from pulp_cargo.app.services.sync.signed import require_signed
from pulp_cargo.app.services.sync.upstream import ConnectedUpstream
from pulp_cargo.app.services.sync.version import (
    Change,
    make_labelled,
    make_version,
    version_with_listed,
)
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.protocol.listing import Head, ListedCrate
from pulp_cargo.protocol.registry_url import is_crates_io, same_registry
from pulp_cargo.rules.mirror_selection import Offered, Selection
from pulp_cargo.rules.policies.policy_decision import AgelessRules


def synchronize(services: Services, order: Order, connected: ConnectedUpstream) -> Synced:
    """Add what the listing has; raises CannotCopy, NoListing and StorageFull."""
    remote, repository, report = order.remote, order.repository, SyncReport()
    report.leave_out(order.selection)
    policy = named_policy(remote.crate_policy)
    rules = AgelessRules([policy] if policy else [], datetime.now(UTC))
    made_of = order.made_of(rules.text)
    fetched = upstream.fetch_listing(connected, _known_tag(repository, made_of))
    if fetched is None:
        return Synced(None, report)
    with (
        open(fetched.path, "rb") as file,
        listing_table.table_of(
            file, remote.pk, partial(_lets_in, order.selection, rules, report)
        ) as head,
    ):
        snapshot = require_signed(connected, order)
        if order.label is not None and remote.snapshot_keys:
            return Synced(_existing(order), report)
        # All files are below the remote's own URL.
        upstream.note_file_origin(remote, None)
        if order.selection.newest is not None:
            _drop_older(order.selection)
        report.require_selected(order.selection, *listing_table.LOOKUPS)
        _refuse_replaced(order)
        listing_units.make_units(file, repository, remote)
        if order.is_immediate:
            files.fetch_files(
                services.disk, repository, remote, connected, refuse=files.refuse_by_failing
            )
        aliases = _aliases(head, order)
        # What is selected, and missing, is reported by every sync.
        note = made_of | ({"etag": fetched.etag} if report.is_complete else {})
        change = Change(
            order.mirror, is_partial=False, aliases=aliases, note=note, snapshot=snapshot
        )
        return Synced(_make_version(order, change), report)


def _make_version(order: Order, change: Change) -> RepositoryVersion | None:
    """Create the version; for the state of a label only if none has its content."""
    if order.label is None:
        return make_version(order.repository, change)
    same = version_with_listed(order.repository)
    return same or make_labelled(order.repository, change, order.label, order.origin)


def _refuse_replaced(order: Order) -> None:
    """Replace or leave out versions with other bytes than before; raises CannotCopy for a label.

    Without them, its state would be another one than upstream.
    """
    count = replaced.refuse_replaced(
        order.repository, order.remote, url=order.upstream_url, mirror=order.mirror
    )
    replaced.note_replaced(count)
    if count and order.label is not None:
        raise CannotCopy(
            f"{count} of its versions have other bytes than this repository has or had for them, which"
            " the remote's `replaced` lists: accept those that are right"
        )


def _existing(order: Order) -> RepositoryVersion:
    """Return the version that has the signed state of a label; raises CannotCopy if there is none.

    None is made: the snapshot of a label may have any age (`require_signed`), so versions for
    labels would let somebody replay any old state.
    """
    listing_table.find_units(order.repository.pulp_domain_id, order.repository.pk)
    version = version_with_listed(order.repository)
    if version is None:
        raise CannotCopy(
            "no version of this repository has the same crates and yanks, and none is created for an older"
            " state if the remote has `snapshot_keys`"
        )
    return version


def _lets_in(
    selection: Selection, rules: AgelessRules, report: SyncReport, crate: ListedCrate
) -> bool:
    """Return whether a listed version is selected and not refused; what is refused is reported."""
    name, vers = crate.entry.name, crate.entry.vers
    if not selection.wants(Offered(name, vers, crate.yanked)):
        return False
    reason = rules.refusal(name, vers, crate.texts["license"])
    if locked := selection.other_checksum(name, vers, crate.entry.cksum):
        reason = f"a lock file has the checksum {locked}"
        report.is_complete = False
    if reason is not None:
        report.refuse(name, vers, reason)
    return reason is None


def _drop_older(selection: Selection) -> None:
    """Remove the versions that are not among the newest of their crate from the table."""
    outdated: list[int] = []
    for name, group in groupby(listing_table.rows(), key=lambda row: row[0]):
        rows = list(group)
        chosen = selection.choose(name, (Offered(one, vers, is_) for _, one, vers, is_, _ in rows))
        outdated += [at for *_, vers, _, at in rows if vers not in chosen]
    listing_table.drop(outdated)


def _known_tag(repository: CargoRepository, made_of: dict[str, Any]) -> str | None:
    """Return the entity tag of the listing from which the newest version was created, if any."""
    note = dict(newest_note(repository.pk))
    etag = note.pop("etag", None)
    return etag if note == made_of else None


def _aliases(head: Head, order: Order) -> set[str]:
    """Return the URLs that will mean the registries of the repository, as they do upstream.

    Dependencies on such a URL are resolved here. The administrator has set the remote's own URL;
    the upstream claims the others. These are trusted only with `mirror`, where the repository has
    no crates but the upstream's. The URL of a labelled state means nothing else, and no crate has it.
    """
    upstream = order.upstream_url
    claimed = {url for url in head.urls if order.mirror or same_registry(url, upstream)}
    if order.label is not None:
        claimed = {url for url in claimed if not url.endswith(f"/@{order.label}/")}
    return {url for url in claimed | {upstream} if not is_crates_io(url)}
