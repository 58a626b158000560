"""The config.json of another registry (Cargo Book, "Index Configuration")."""

from dataclasses import dataclass

from pulp_cargo.protocol.paths import index_prefix
from pulp_cargo.protocol.registry_url import UNPRINTABLE
from pulp_cargo.protocol.table import parse_json_object
from pulp_cargo.protocol.unavailable import UpstreamConfigInvalid
from pulp_cargo.protocol.urls import split_url

MAX_SIZE = 64 * 1024

_MARKERS = ("{crate}", "{version}", "{prefix}", "{lowerprefix}", "{sha256-checksum}")


@dataclass(frozen=True, slots=True)
class UpstreamConfig:
    """The parts of an upstream's config.json that downloads need."""

    dl: str
    auth_required: bool


def parse_upstream_config(body: bytes) -> UpstreamConfig:
    """Parse a config.json; raises UpstreamConfigInvalid. Unknown keys are ignored.

    >>> parse_upstream_config(b'{"dl":"https://r.example/dl","auth_required":true}')
    UpstreamConfig(dl='https://r.example/dl', auth_required=False)
    """
    if len(body) > MAX_SIZE:
        raise UpstreamConfigInvalid(f"it has {len(body)} bytes, more than {MAX_SIZE}")
    table = parse_json_object(body, "it", UpstreamConfigInvalid)
    # Cargo accepts null for `api`, but not for this.
    if table.values.get("auth-required", False) is None:
        raise UpstreamConfigInvalid("`auth-required` is null")
    dl = table.text("dl")
    _require_url(dl)
    # Not used here, but cargo rejects a config whose `api` is not a string.
    table.text_or_none("api")
    return UpstreamConfig(dl=dl, auth_required=table.flag("auth-required", default=False))


def download_url(config: UpstreamConfig, name: str, vers: str, cksum: str) -> str:
    """Return the URL of the file of a version; `name` and `vers` are those of the index line.

    Cargo inserts them unchanged: a `+` is not encoded, and a slash at the end of `dl` is doubled.

    >>> download_url(UpstreamConfig("https://r.example/dl", False), "Lab", "1.0.0+b", "")
    'https://r.example/dl/Lab/1.0.0+b/download'
    """
    if not any(marker in config.dl for marker in _MARKERS):
        return f"{config.dl}/{name}/{vers}/download"
    prefix = index_prefix(name)
    url = config.dl
    for marker, value in zip(_MARKERS, (name, vers, prefix, prefix.lower(), cksum), strict=True):
        url = url.replace(marker, value)
    return url


def _require_url(dl: str) -> None:
    try:
        parts = split_url(dl)
        _ = parts.port
    except ValueError as error:
        raise UpstreamConfigInvalid(f"its `dl` {dl!r} is not a valid URL: {error}") from error
    if parts.scheme not in ("https", "http") or not parts.hostname or UNPRINTABLE.search(dl):
        raise UpstreamConfigInvalid(f"its `dl` {dl!r} is not an http or https URL")
