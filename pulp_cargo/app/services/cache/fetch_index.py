"""Fetching an upstream's index file, and deciding what of it is stored.

Versions whose bytes the upstream has replaced keep their old lines until an administrator accepts
the new ones.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

from pulp_cargo.app.queries.upstreams.index_copy import CrateGone, IndexCopy, IndexFileCopy
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.upstream.answer import Fetched, Validators
from pulp_cargo.app.upstream.client import UpstreamClients
from pulp_cargo.protocol.packed_index import decode_sent, pack
from pulp_cargo.protocol.unavailable import UpstreamIndexEmpty
from pulp_cargo.protocol.upstream_index import UpstreamIndex, UpstreamVersion, parse_index_file
from pulp_cargo.rules.replaced_versions import Replaced, gone_from, replaced_in, version_key

Copy = IndexFileCopy | CrateGone


@dataclass(frozen=True, slots=True)
class Newest:
    """An upstream's latest answer for a crate; `is_new` means that it differs from the stored one.

    `parsed` has the versions if the file's bytes have changed.
    """

    copy: Copy
    is_new: bool
    parsed: UpstreamIndex | None = None


async def fetch(
    clients: UpstreamClients, remote: UpstreamRemote, name: str, before: Copy | None
) -> Newest | None:
    """Fetch a crate's index file from an upstream, by its lower-case name; `before` is what is stored.

    Returns None for a crate that the upstream does not have, and of which nothing is stored. Raises
    UpstreamUnreachable and UpstreamIndexInvalid.
    """
    asked = Validators()
    if isinstance(before, IndexFileCopy) and not before.is_outdated:
        asked = Validators(before.etag, before.last_modified)
    async with clients.in_use(remote) as client:
        fetched = await client.index_file(name, asked)
    now = datetime.now(UTC)
    if fetched.is_unchanged and before is not None:
        return Newest(replace(before, checked_at=now), is_new=False)
    if fetched.body is not None and (
        read := await threads.work(_read, name, fetched, fetched.body, before, now)
    ):
        return read
    if isinstance(before, IndexFileCopy):
        return Newest(await threads.work(_gone, before, now), is_new=True)
    return None if before is None else Newest(replace(before, checked_at=now), is_new=False)


def _read(
    name: str, fetched: Fetched, sent: bytes, before: Copy | None, now: datetime
) -> Newest | None:
    """Return a file as it is to be stored, and its versions if they have changed.

    Returns None for an empty file, by which an upstream may say that it has no such crate. Raises
    UpstreamIndexInvalid.
    """
    body, gzipped = decode_sent(sent, fetched.encoding, name)
    digest = hashlib.sha256(body).hexdigest()
    etag, modified = fetched.validators.etag, fetched.validators.last_modified
    if isinstance(before, IndexFileCopy) and before.digest == digest:
        same = replace(before, checked_at=now, etag=etag, last_modified=modified, replaced={})
        return Newest(same, is_new=_is_other(same, before))
    try:
        found = parse_index_file(body, name)
    except UpstreamIndexEmpty:
        return None
    known = _versions(before) if before else {}
    instead = replaced_in(found, known, before.accepted if before else ())
    if instead.lines:
        body, gzipped = found.with_lines(instead.lines), None
        digest, found = hashlib.sha256(body).hexdigest(), parse_index_file(body, name)
    copy = IndexFileCopy(
        name=name,
        gzipped=gzipped or pack(body),
        digest=digest,
        is_sound=found.is_sound,
        etag=etag,
        last_modified=modified,
        checked_at=now,
        first_seen=_first_seen(before, found, instead, now),
        gone=gone_from(found, known),
        replaced=dict(instead.cksums),
        accepted=before.accepted if before else frozenset(),
        unpacked=body,
    )
    return Newest(copy, is_new=before is None or _is_other(copy, before), parsed=found)


def _is_other(copy: Copy, before: Copy) -> bool:
    """Whether an answer differs from the last one in more than the time of its check."""
    return copy != replace(before, checked_at=copy.checked_at)


def _first_seen(
    before: Copy | None, found: UpstreamIndex, instead: Replaced, now: datetime
) -> dict[str, str]:
    """Return when versions without a valid `pubtime`, and replaced ones, were first seen."""
    seen = dict(before.first_seen) if before else {}
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    for vers, (_, cksum) in instead.cksums.items():
        seen.setdefault(version_key(vers, cksum), moment)
    for vers, entry in found.versions.items():
        # Times of this form sort as text; one in the future is not valid.
        if entry.pubtime is None or entry.pubtime > moment:
            seen.setdefault(vers, moment)
    return seen


def _versions(copy: Copy) -> Mapping[str, UpstreamVersion]:
    """Return the versions in a file, and those that it once had."""
    gone = "".join(f"{line}\n" for line in copy.gone.values()).encode()
    versions = dict(parse_index_file(gone, copy.name).versions) if gone else {}
    if isinstance(copy, IndexFileCopy):
        versions |= parse_index_file(copy.body(), copy.name).versions
    return versions


def _gone(before: IndexFileCopy, now: datetime) -> CrateGone:
    """Return the record that remains of a crate's file once the upstream has removed the crate."""
    shared = {one.name: getattr(before, one.name) for one in fields(IndexCopy)}
    return CrateGone(**shared | {"checked_at": now, "gone": gone_from(None, _versions(before))})
