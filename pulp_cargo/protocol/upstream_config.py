"""The config.json of another registry (Cargo Book, "Index Configuration")."""

from dataclasses import dataclass
from urllib.parse import quote

from pulp_cargo.protocol.paths import index_prefix
from pulp_cargo.protocol.registry_url import UNPRINTABLE
from pulp_cargo.protocol.table import parse_json_object
from pulp_cargo.protocol.unavailable import UpstreamConfigInvalid
from pulp_cargo.protocol.urls import split_url

MAX_SIZE = 64 * 1024
# Maximum length of `dl`, in characters: every version has a URL, in which a marker grows ninefold.
LONGEST_DL = 2048

_MARKERS = ("{crate}", "{version}", "{prefix}", "{lowerprefix}", "{sha256-checksum}")


@dataclass(frozen=True, slots=True)
class UpstreamConfig:
    """The parts of an upstream's config.json that are used here.

    `api` is None for a registry whose web API cannot be used.
    """

    dl: str
    auth_required: bool
    api: str | None = None


def parse_upstream_config(body: bytes) -> UpstreamConfig:
    """Parse a config.json; raises UpstreamConfigInvalid. Unknown keys are ignored.

    >>> parse_upstream_config(b'{"dl":"https://r.example/dl","auth_required":true}')
    UpstreamConfig(dl='https://r.example/dl', auth_required=False, api=None)
    """
    if len(body) > MAX_SIZE:
        raise UpstreamConfigInvalid(f"it has {len(body)} bytes, more than {MAX_SIZE}")
    table = parse_json_object(body, "it", UpstreamConfigInvalid)
    # Cargo accepts null for `api`, but not for this.
    if table.values.get("auth-required", False) is None:
        raise UpstreamConfigInvalid("`auth-required` is null")
    dl, api = table.text("dl"), table.text_or_none("api")
    if len(dl) > LONGEST_DL:
        raise UpstreamConfigInvalid(f"its `dl` has {len(dl)} characters, more than {LONGEST_DL}")
    if fault := _fault_of(dl):
        raise UpstreamConfigInvalid(f"its `dl` {dl!r} is {fault}")
    return UpstreamConfig(
        dl=dl,
        auth_required=table.flag("auth-required", default=False),
        # Downloads do not need it, so a wrong one is no reason to refuse the file.
        api=None if api is None or _fault_of(api) else api,
    )


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


def has_one_host(config: UpstreamConfig) -> bool:
    """Whether all files are on the same host.

    >>> has_one_host(UpstreamConfig("https://{crate}.r.example/{version}", False))
    False
    """
    host = split_url(config.dl).netloc
    return not any(marker in host for marker in _MARKERS)


def search_url(api: str, text: str, per_page: int) -> str:
    """Return the URL of a search in a registry's web API, encoded as cargo does.

    >>> search_url("https://r.example", "a b/ü", 100)
    'https://r.example/api/v1/crates?q=a%20b%2F%C3%BC&per_page=100'
    """
    return f"{api}/api/v1/crates?q={quote(text, safe='')}&per_page={per_page}"


def _fault_of(url: str) -> str | None:
    """Return why a URL cannot be fetched from, None if it can."""
    try:
        parts = split_url(url)
        _ = parts.port
    except ValueError as error:
        return f"not a valid URL: {error}"
    if parts.scheme not in ("https", "http") or not parts.hostname or UNPRINTABLE.search(url):
        return "not an http or https URL"
    return None
