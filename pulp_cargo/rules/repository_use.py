"""Who may put what into a repository: the rights that each way in needs, and which uses conflict.

Serving a repository, or claiming the names in it, changes nothing there, so it needs the right to
view the repository. Uploads and the crates of a remote go into it, which needs the right to modify
it; so does letting another server answer for a remote whose crates go into it. Both never share a
repository, since the remote could add versions to published crates; and crates of a remote never
claim names.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID


class Use(Enum):
    """What a distribution does with a repository beyond serving it."""

    UPLOADS = "accepts uploads into it"
    CACHE = "stores crates of a remote in it"
    CLAIM = "claims the names in it"


WRITES = frozenset({Use.UPLOADS, Use.CACHE})
# The fields of a remote by which another server could answer for it. `headers` may have a `Host`.
SERVER_FIELDS = frozenset({"url", "proxy_url", "tls_validation", "ca_cert", "headers"})


@dataclass(frozen=True, slots=True)
class RepositoryUse:
    """One use of a repository; `remote` is set for caches only.

    `upstream` is the name of the entry in a list of upstreams, None for the distribution itself.
    """

    repository: UUID
    use: Use
    remote: UUID | None = None
    upstream: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class UpstreamUse:
    """The repository and remote of an entry in a list of upstreams."""

    name: str
    repository: UUID | None
    remote: UUID | None
    private: bool


@dataclass(frozen=True, slots=True)
class DistributionUse:
    """The references of a distribution; `repository` is not set for a pinned repository version."""

    repository: UUID | None = None
    remote: UUID | None = None
    allow_uploads: bool = False
    upstreams: tuple[UpstreamUse, ...] = ()

    def uses(self) -> frozenset[RepositoryUse]:
        """Return the uses of repositories by the distribution."""
        return frozenset(self._uses())

    def _uses(self) -> Iterable[RepositoryUse]:
        if self.repository is not None:
            if self.allow_uploads:
                yield RepositoryUse(self.repository, Use.UPLOADS)
            if self.remote is not None:
                yield RepositoryUse(self.repository, Use.CACHE, self.remote)
        for one in self.upstreams:
            if one.repository is None:
                continue
            if one.remote is not None:
                yield RepositoryUse(one.repository, Use.CACHE, one.remote, one.name)
            elif one.private:
                yield RepositoryUse(one.repository, Use.CLAIM, None, one.name)


NOTHING = DistributionUse()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A use that conflicts with another distribution's use of the same repository."""

    use: RepositoryUse
    sentence: str


def needs_right_to_modify(before: DistributionUse, after: DistributionUse) -> frozenset[UUID]:
    """Return the repositories that a change opens to new writers.

    Another remote is a new writer, even for the same repository.
    """
    return frozenset(one.repository for one in after.uses() - before.uses() if one.use in WRITES)


def is_another_server(before: Mapping[str, object], changes: Mapping[str, object]) -> bool:
    """Return whether another server may answer for a remote after a change of its fields.

    >>> is_another_server({"url": "sparse+https://a.example/"}, {"url": "sparse+https://b.example/"})
    True
    >>> is_another_server({"url": "sparse+https://a.example/"}, {"name": "a", "max_retries": 1})
    False
    """
    # Nothing has several forms: null, an empty text and an empty list.
    named = SERVER_FIELDS & changes.keys()
    return any((before.get(name) or None) != (changes[name] or None) for name in named)


def sync_needs_right_to_modify(remote: UUID, own_remote: UUID | None, *, mirror: bool) -> bool:
    """Return whether a sync takes more than the right to sync the repository.

    That right alone starts what those who may modify the repository have prepared: a sync with the
    repository's own remote. Another remote is a new writer, and a mirror removes other crates.
    """
    return mirror or remote != own_remote


def find_conflict(
    uses: Iterable[RepositoryUse], elsewhere: Mapping[UUID, Collection[Use]]
) -> Conflict | None:
    """Return the first use that conflicts with uses by other distributions."""
    for one in sorted(uses, key=lambda one: (one.upstream or "", one.use.name)):
        others = elsewhere.get(one.repository, ())
        if one.use is Use.CACHE and (Use.CLAIM in others or Use.UPLOADS in others):
            return Conflict(one, _why_no_cache(one, others))
        if one.use is not Use.CACHE and Use.CACHE in others:
            return Conflict(one, _why_no_crates_of_ours(one))
    return None


def _why_no_cache(one: RepositoryUse, others: Collection[Use]) -> str:
    if one.upstream is not None:
        return (
            f"Another registry uses the repository of `{one.upstream}` for crates of your own: a `remote`"
            " needs a separate repository."
        )
    if Use.CLAIM in others:
        return (
            "This repository is private in a list of upstreams, so it would claim the names of all"
            " crates from the `remote`. Use a separate repository for the cache."
        )
    return (
        "This repository accepts uploads through another registry, so the `remote` could add"
        " versions to your crates. Use a separate repository for the cache."
    )


def _why_no_crates_of_ours(one: RepositoryUse) -> str:
    if one.use is Use.CLAIM:
        return (
            f"The repository of `{one.upstream}` stores crates of a remote for another registry: as"
            " a private repository, it would claim all of their names."
        )
    return (
        "The `repository` stores crates of another registry's remote. Use a separate repository"
        " for uploads; otherwise, an upstream could add versions to your crates."
    )
