"""Sending a .crate file from memory, disk, object storage or upstream (RFC 9110, 14 "Range Requests")."""

from collections.abc import Mapping

from aiohttp import web

from pulp_cargo.app.endpoints.http.client_timeout import FileWithTimeout
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import (
    not_modified,
    part_of,
    remember,
    require_any_byte,
)
from pulp_cargo.app.endpoints.read import send_from_storage
from pulp_cargo.app.endpoints.read.send_on_demand import send_on_demand
from pulp_cargo.app.queries.crates.crate_file import OnDemandFile, StoredFile
from pulp_cargo.app.services.statistics.download_counts import Download
from pulp_cargo.protocol.names import canonical_name


async def send(
    cargo: CargoRequest,
    file: StoredFile | OnDemandFile,
    name: str,
    vers: str,
    headers: Mapping[str, str],
    fresh_for: float | None = None,
    download: Download | None = None,
) -> web.StreamResponse:
    """Send a file, and cache a small one for `fresh_for` seconds, without limit if that is None.

    `download` is counted for responses from memory.
    """
    require_any_byte(cargo.http, file.size if isinstance(file, StoredFile) else None)
    if isinstance(file, OnDemandFile):
        return await send_on_demand(cargo, file, name, vers, headers)
    file = await send_from_storage.with_small_content(cargo, file)
    if file.content is not None:
        etag = f'"{file.cksum}"'
        part = part_of(cargo.http, file.content, etag, headers)
        return part or remember(
            cargo,
            file.content,
            etag=etag,
            crate=canonical_name(name),
            headers=headers,
            fresh_for=fresh_for,
            download=download,
        )
    if file.path is not None:
        return FileWithTimeout(file.path, file.size, headers)
    return await _from_object_storage(cargo, file, f"{name}-{vers}.crate", headers)


async def _from_object_storage(
    cargo: CargoRequest, file: StoredFile, file_name: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send a file from the domain's object storage, by a redirect or through this process."""
    etag = f'"{file.cksum}"'
    caching = {name: headers[name] for name in ("Cache-Control", "Vary") if name in headers}
    if same := not_modified(cargo.http, etag, caching):
        return same
    if cargo.registry.domain.redirect_to_object_storage:
        return await send_from_storage.redirect(cargo, file, file_name, headers)
    return await send_from_storage.pass_on(cargo, file, {"ETag": etag, **headers})
