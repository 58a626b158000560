"""Where a package in a Cargo.lock comes from (Cargo Book, Package ID Specifications).

none, or path+…        the project itself, its workspace, or another folder
registry+<URL>         a registry by the URL of its git index; crates.io is always written so
sparse+<URL>           a registry by its sparse index
git+<URL>?branch=…#…   a repository: branch, tag or rev behind `?`, the commit behind `#`
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from pulp_cargo.protocol.errors import InvalidLockFile
from pulp_cargo.protocol.registry_url import is_crates_io, parse_registry_url
from pulp_cargo.protocol.urls import split_url

# In cargo `ref` is the old name of `branch`; the last one counts.
_REFERENCES = {"branch": "branch", "ref": "branch", "tag": "tag", "rev": "rev"}


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """A registry, by its URL as in an index or a manifest."""

    url: str

    @property
    def is_crates_io(self) -> bool:
        """Whether it is crates.io, under whichever of its names."""
        return is_crates_io(self.url)


@dataclass(frozen=True, slots=True)
class GitSource:
    """A repository; `reference` is such as `branch=main`, None for its default branch."""

    url: str
    reference: str | None
    commit: str | None


LockSource = RegistrySource | GitSource | None


def parse_lock_source(text: str | None) -> LockSource:
    """Return the source of a package, None for a path dependency.

    >>> parse_lock_source("sparse+https://r.example/i/")
    RegistrySource(url='sparse+https://r.example/i/')
    >>> parse_lock_source("git+https://g.example/a?branch=b%2Fc#1f").reference
    'branch=b/c'
    """
    if text is None:
        return None
    kind, plus, url = text.partition("+")
    if plus and kind == "registry":
        return RegistrySource(parse_registry_url(url))
    if plus and kind == "sparse":
        return RegistrySource(parse_registry_url(text))
    if plus and kind == "git":
        return _git(text, url)
    if plus and kind == "path":
        return None
    raise InvalidLockFile(
        f"the source {text!r} does not begin with `registry+`, `sparse+`, `git+` or `path+`"
    )


def _git(text: str, url: str) -> GitSource:
    try:
        parts = split_url(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError as error:
        raise InvalidLockFile(f"the source {text!r} is not a valid URL: {error}") from error
    if not parts.scheme:
        raise InvalidLockFile(f"the source {text!r} is not an absolute URL")
    reference = None
    for key, value in query:
        if key in _REFERENCES:
            reference = f"{_REFERENCES[key]}={value}"
    address = parts._replace(query="", fragment="").geturl()
    return GitSource(address, reference, parts.fragment or None)
