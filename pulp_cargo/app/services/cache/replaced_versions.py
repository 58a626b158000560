"""Accepting the new bytes of a version that an upstream has replaced."""

from django.db import transaction
from django.utils import timezone

from pulp_cargo.app.models import CargoRemote, ReplacedVersion
from pulp_cargo.app.notices import barrier, channel
from pulp_cargo.protocol.errors import BadRequest


class NotReplaced(BadRequest):
    """There is no record that an upstream replaced this file."""

    def __init__(self, remote: str, name: str, vers: str, cksum: str) -> None:
        super().__init__(
            f"`{remote}` is not known to have replaced the file of `{name} {vers}` with one that"
            f" has the checksum {cksum}"
        )


def accept(remote: CargoRemote, name: str, vers: str, cksum: str) -> ReplacedVersion:
    """Accept the new bytes of a version, from the next request for its index file on.

    Returns after every process has acknowledged it. Raises NotReplaced.
    """
    lower_name = name.lower()
    with transaction.atomic():
        found = remote.replaced_versions.select_for_update().filter(
            name=lower_name, vers=vers, cksum=cksum
        )
        row = found.first()
        if row is None:
            raise NotReplaced(remote.name, name, vers, cksum)
        if row.accepted_at is None:
            row.accepted_at = timezone.now()
            row.save(update_fields=["accepted_at"])
            channel.index_changed(remote.pk, lower_name)
            barrier.ask_after_commit()
    return row
