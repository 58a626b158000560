"""Versions whose bytes the upstream of a sync has replaced, as caches handle them.

A version must never change (Cargo Book, "Publishing"), so a sync keeps the bytes that the repository
has, or takes none if it had others before, and records the new ones, until an administrator accepts them.
"""

import logging
from collections.abc import Mapping

from django.db import connection

from pulpcore.plugin.models import ProgressReport

from pulp_cargo.app.models import CargoRemote, CargoRepository
from pulp_cargo.app.models.membership import has_row, is_in_newest
from pulp_cargo.app.models.sync_sources import last_sync
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.services.sync.listing_table import ALL
from pulp_cargo.app.upstream.events import Event, note
from pulp_cargo.rules.replaced_versions import MOST_RECORDS, replaced_sentence

log = logging.getLogger(__name__)

# At most so many are in the log of one sync.
MOST_LOGGED = 20

IN_REPOSITORY = "rc.repository_id = %(repository)s"
ACCEPTED = """
    SELECT 1 FROM cargo_replacedversion r
    WHERE r.remote_id = %(remote)s AND r.name = lower(l.name) AND r.vers = l.vers
    AND r.cksum = l.cksum AND r.accepted_at IS NOT NULL
"""
# The listed versions that the repository has or had with other bytes, and never with these; a unit
# that it has comes first.
FIND = f"""
    SELECT DISTINCT ON (l.at)
        l.at, l.name, l.vers, c.cksum, l.cksum, c.content_ptr_id, c.is_there, c.is_from_remote
    FROM cargo_listed l CROSS JOIN LATERAL (
        SELECT c.cksum, c.content_ptr_id,
            {has_row("c.content_ptr_id", is_in_newest("%(repository)s"))} AS is_there,
            EXISTS (
                SELECT 1 FROM core_contentartifact ca
                JOIN core_remoteartifact ra ON ra.content_artifact_id = ca.pulp_id
                WHERE ca.content_id = c.content_ptr_id AND ra.remote_id = %(remote)s
            ) AS is_from_remote
        FROM cargo_cratecontent c
        WHERE c.canonical_name = l.canonical_name AND c.vers_key = split_part(l.vers, '+', 1)
        AND c.vers = l.vers AND c.cksum <> l.cksum
        AND {has_row("c.content_ptr_id", IN_REPOSITORY)} OFFSET 0
    ) c
    WHERE l.at >= %(first)s AND l.at < %(end)s AND NOT EXISTS (
        SELECT 1 FROM cargo_cratecontent same
        WHERE same.canonical_name = l.canonical_name
        AND same.vers_key = split_part(l.vers, '+', 1) AND same.vers = l.vers
        AND same.cksum = l.cksum AND {has_row("same.content_ptr_id", IN_REPOSITORY)} OFFSET 0
    ) AND NOT EXISTS ({ACCEPTED})
    ORDER BY l.at, c.is_there DESC, c.content_ptr_id
"""
# The units in the repository that accepted bytes take the place of.
OUTDATED = f"""
    SELECT c.content_ptr_id FROM cargo_listed l CROSS JOIN LATERAL (
        SELECT c.content_ptr_id FROM cargo_cratecontent c
        WHERE c.canonical_name = l.canonical_name AND c.vers_key = split_part(l.vers, '+', 1)
        AND c.vers = l.vers AND c.cksum <> l.cksum
        AND {has_row("c.content_ptr_id", is_in_newest("%(repository)s"))} OFFSET 0
    ) c
    WHERE EXISTS ({ACCEPTED})
"""
# The line stands for the unit that the repository has, but says nothing about its file.
USE_OLD_UNIT = """
    UPDATE cargo_listed SET content_id = %s, is_found = true, is_replaced = true WHERE at = %s
"""
LEAVE_OUT = "DELETE FROM cargo_listed WHERE at = %s"
RECORD = f"""
    INSERT INTO cargo_replacedversion (remote_id, name, vers, cksum_before, cksum, found_at)
    SELECT %(remote)s, %(name)s, %(vers)s, %(before)s, %(cksum)s, now() WHERE (
        SELECT count(*) FROM cargo_replacedversion r
        WHERE r.remote_id = %(remote)s AND r.name = %(name)s
    ) < {MOST_RECORDS}
    ON CONFLICT DO NOTHING
"""


def refuse_replaced(
    repository: CargoRepository,
    remote: CargoRemote,
    *,
    url: str,
    mirror: bool,
    only: Mapping[str, object] = ALL,
) -> int:
    """Replace or leave out the listing's versions whose bytes are others than before.

    `url` is that of the registry, whichever state of it is listed. `only` limits the versions by `at`:
    from `first` to before `end`. Returns how many there are. A mirror that was not synced from this
    upstream before, but for instance from another URL, takes all of it. Without `mirror`, other bytes
    than those of another source are left to the invariants of a repository version, which fail the
    sync. The table `cargo_listed` (services/sync/listing_table) must exist.
    """
    before = last_sync(repository.pk)
    is_same = (before.get("remote"), before.get("url")) == (str(remote.pk), url)
    if mirror and not is_same:
        return 0
    found = [
        row
        for *row, is_from_remote in all_rows(
            FIND, {"repository": repository.pk, "remote": remote.pk, **only}
        )
        if not row[-1] or mirror or (is_same and is_from_remote)
    ]
    with connection.cursor() as cursor:
        for at, name, vers, old, cksum, unit, is_there in found:
            cursor.execute(*((USE_OLD_UNIT, [unit, at]) if is_there else (LEAVE_OUT, [at])))
            values = {"remote": remote.pk, "name": name.lower(), "vers": vers}
            cursor.execute(RECORD, values | {"before": old, "cksum": cksum})
            note(Event.REPLACED)
    for _, name, vers, old, cksum, *_ in found[:MOST_LOGGED]:
        sentence = replaced_sentence(vers, old, cksum)
        log.warning("%s has replaced bytes of `%s`: %s.", remote.name, name, sentence)
    return len(found)


def note_replaced(count: int) -> None:
    """Report how many versions have other bytes than before, if there are any."""
    if count:
        message = "Refusing replaced versions"
        with ProgressReport(message=message, code="sync.cargo.replaced", done=count):
            pass
