"""The allow list of other sources that packages in a lock file may come from."""

from collections.abc import Iterable

from pulp_cargo.protocol.errors import BadRequest, InvalidRegistryUrl
from pulp_cargo.protocol.lock_source import GitSource, RegistrySource
from pulp_cargo.protocol.registry_url import same_registry

# Longer than any real URL.
LONGEST = 2_000


def parse_source(text: str) -> str:
    """Validate an entry: a URL as in a lock file, or a prefix of URLs followed by `*`.

    The prefix must end with a slash, or it could match another host or organisation.

    >>> parse_source("https://git.example/our-team/*")
    'https://git.example/our-team/*'
    """
    scheme, _, rest = text.partition("://")
    begins = text.endswith("*")
    host, slash, _ = rest.partition("/")
    if not (scheme and host) or len(text) > LONGEST or "*" in text.removesuffix("*"):
        raise BadRequest(f"{text[:200]!r} is not the URL of a registry or a git repository")
    if begins and not (slash and text.endswith("/*")):
        raise BadRequest(f"{text!r} must end in `/*` to match all URLs with this prefix")
    return text


def is_allowed(source: RegistrySource | GitSource, allowed: Iterable[str]) -> bool:
    """Return whether the list has the source of a package.

    >>> is_allowed(RegistrySource("sparse+https://r.example/i/"), ["sparse+https://r.example/i"])
    True
    """
    return any(_means(line, source.url) for line in allowed)


def _means(line: str, url: str) -> bool:
    if line.endswith("*"):
        return url.startswith(line.removesuffix("*")) and _stays_below(url)
    try:
        return same_registry(line, url)
    except InvalidRegistryUrl:
        return line == url


def _stays_below(url: str) -> bool:
    """Return whether a URL stays below its prefix: cargo resolves dots, and turns `\\` into `/`."""
    plain = url.lower().replace("%2e", ".").replace("\\", "/")
    return not {".", ".."} & set(plain.partition("://")[2].split("/"))
