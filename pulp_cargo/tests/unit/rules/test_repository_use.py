"""Who may put what beside whose crates, as a table."""

from collections.abc import Iterable
from uuid import UUID, uuid4

import pytest

from pulp_cargo.rules.repository_use import (
    NOTHING,
    DistributionUse,
    RepositoryUse,
    UpstreamUse,
    Use,
    find_conflict,
    is_another_server,
    needs_right_to_modify,
    sync_needs_right_to_modify,
)

VAULT, OTHER = uuid4(), uuid4()
NEAR, FAR = uuid4(), uuid4()


def listed(
    repository: UUID | None, remote: UUID | None = None, *, private: bool = False
) -> DistributionUse:
    """Return a distribution with a list of one upstream."""
    return DistributionUse(upstreams=(UpstreamUse("one", repository, remote, private),))


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (NOTHING, DistributionUse(VAULT), set()),
        (NOTHING, DistributionUse(remote=FAR), set()),
        (NOTHING, DistributionUse(VAULT, FAR), {VAULT}),
        (NOTHING, DistributionUse(VAULT, allow_uploads=True), {VAULT}),
        (DistributionUse(VAULT), DistributionUse(VAULT, FAR), {VAULT}),
        (DistributionUse(remote=FAR), DistributionUse(VAULT, FAR), {VAULT}),
        (DistributionUse(VAULT, NEAR), DistributionUse(VAULT, FAR), {VAULT}),
        (DistributionUse(OTHER, FAR), DistributionUse(VAULT, FAR), {VAULT}),
        (DistributionUse(VAULT, FAR), DistributionUse(VAULT, FAR), set()),
        (DistributionUse(VAULT, FAR), DistributionUse(VAULT), set()),
        (NOTHING, listed(VAULT), set()),
        (NOTHING, listed(VAULT, private=True), set()),
        (NOTHING, listed(VAULT, FAR), {VAULT}),
        (listed(VAULT), listed(VAULT, FAR), {VAULT}),
        (listed(VAULT, NEAR), listed(VAULT, FAR), {VAULT}),
        (listed(VAULT, FAR), listed(VAULT, FAR), set()),
        (DistributionUse(VAULT, FAR), listed(VAULT, FAR), set()),
    ],
)
def test_right_to_modify_is_asked_for_each_new_way_in(
    before: DistributionUse, after: DistributionUse, wanted: set[UUID]
) -> None:
    """A way in is a repository with uploads, or with a remote; what was there before stays."""
    assert needs_right_to_modify(before, after) == wanted


@pytest.mark.parametrize("use", Use)
@pytest.mark.parametrize("other", Use)
def test_crates_of_a_remote_are_alone(use: Use, other: Use) -> None:
    """A repository is a remote's for any number of caches, or takes uploads and claims names."""
    ours = RepositoryUse(VAULT, use, FAR if use is Use.CACHE else None)
    conflict = find_conflict([ours], {VAULT: {other}})
    assert (conflict is None) is ((use is Use.CACHE) == (other is Use.CACHE))
    assert find_conflict([ours], {OTHER: {other}}) is None


def told(uses: Iterable[RepositoryUse]) -> set[tuple[UUID, Use, UUID | None, str | None]]:
    """Return uses with the name of the entry, by which two of them are not told apart."""
    return {(one.repository, one.use, one.remote, one.upstream) for one in uses}


def test_uses_are_named_by_their_entry_in_the_list() -> None:
    """One without a repository uses none, and neither does a public one without a remote."""
    distribution = DistributionUse(
        VAULT,
        NEAR,
        allow_uploads=True,
        upstreams=(
            UpstreamUse("remote", None, FAR, False),
            UpstreamUse("public", OTHER, None, False),
            UpstreamUse("cache", OTHER, FAR, False),
            UpstreamUse("own", VAULT, None, True),
        ),
    )
    assert told(distribution.uses()) == {
        (VAULT, Use.UPLOADS, None, None),
        (VAULT, Use.CACHE, NEAR, None),
        (OTHER, Use.CACHE, FAR, "cache"),
        (VAULT, Use.CLAIM, None, "own"),
    }


UPLOADS = RepositoryUse(VAULT, Use.UPLOADS)
CACHE = RepositoryUse(VAULT, Use.CACHE, FAR)
LISTED_CACHE = RepositoryUse(VAULT, Use.CACHE, FAR, "ALPHA")
CLAIM = RepositoryUse(VAULT, Use.CLAIM, None, "ALPHA")
OF_YOUR_OWN = (
    "Another registry uses the repository of `ALPHA` for crates of your own: a `remote` needs a"
    " separate repository."
)
KEEPS = (
    "The `repository` stores crates of another registry's remote. Use a separate repository for"
    " uploads; otherwise, an upstream could add versions to your crates."
)


@pytest.mark.parametrize(
    ("use", "elsewhere", "sentence"),
    [
        (
            CACHE,
            {Use.CLAIM},
            "This repository is private in a list of upstreams, so it would claim the names of"
            " all crates from the `remote`. Use a separate repository for the cache.",
        ),
        (
            CACHE,
            {Use.UPLOADS},
            "This repository accepts uploads through another registry, so the `remote` could add"
            " versions to your crates. Use a separate repository for the cache.",
        ),
        (LISTED_CACHE, {Use.CLAIM}, OF_YOUR_OWN),
        (LISTED_CACHE, {Use.UPLOADS}, OF_YOUR_OWN),
        (
            CLAIM,
            {Use.CACHE},
            "The repository of `ALPHA` stores crates of a remote for another registry: as a"
            " private repository, it would claim all of their names.",
        ),
        (UPLOADS, {Use.CACHE}, KEEPS),
    ],
)
def test_conflict_says_what_stands_in_the_way(
    use: RepositoryUse, elsewhere: set[Use], sentence: str
) -> None:
    """Where it is about an entry of a list, the entry is named."""
    conflict = find_conflict([use], {VAULT: elsewhere})
    assert conflict is not None
    assert (conflict.use, conflict.use.upstream) == (use, use.upstream)
    assert conflict.sentence == sentence


@pytest.mark.parametrize(
    ("uses", "elsewhere", "first"),
    [
        ([CLAIM, UPLOADS], {Use.CACHE}, UPLOADS),
        ([UPLOADS, CLAIM], {Use.CACHE}, UPLOADS),
        ([UPLOADS, CACHE], {Use.CACHE, Use.UPLOADS}, CACHE),
        ([CACHE, UPLOADS], {Use.CACHE, Use.UPLOADS}, CACHE),
        ([RepositoryUse(VAULT, Use.CLAIM, None, "beta"), CLAIM], {Use.CACHE}, CLAIM),
    ],
)
def test_first_conflict_is_always_the_same(
    uses: list[RepositoryUse], elsewhere: set[Use], first: RepositoryUse
) -> None:
    """That of the distribution itself comes before its list's, and those by their names."""
    conflict = find_conflict(uses, {VAULT: elsewhere})
    assert conflict is not None
    assert (conflict.use, conflict.use.upstream) == (first, first.upstream)


@pytest.mark.parametrize(
    ("before", "changes", "other"),
    [
        ({"url": "a"}, {"url": "b"}, True),
        ({"url": "a"}, {"url": "a", "name": "x", "token": "t", "policy": "streamed"}, False),
        ({"proxy_url": None}, {"proxy_url": "http://p.example"}, True),
        ({"proxy_url": None}, {"proxy_url": ""}, False),
        ({"tls_validation": True}, {"tls_validation": False}, True),
        ({"tls_validation": False}, {"tls_validation": False}, False),
        ({"ca_cert": "a"}, {"ca_cert": None}, True),
        ({"headers": None}, {"headers": []}, False),
        ({"headers": []}, {"headers": [{"Host": "b.example"}]}, True),
        ({}, {}, False),
    ],
)
def test_what_lets_another_server_answer(
    before: dict[str, object], changes: dict[str, object], other: bool
) -> None:
    """Credentials do not: they decide what the same server shows."""
    assert is_another_server(before, changes) is other


@pytest.mark.parametrize(
    ("remote", "own", "mirror", "takes_more"),
    [
        (FAR, FAR, False, False),
        (FAR, FAR, True, True),
        (NEAR, FAR, False, True),
        (FAR, None, False, True),
    ],
)
def test_sync_that_takes_more_than_the_right_to_sync(
    remote: UUID, own: UUID | None, mirror: bool, takes_more: bool
) -> None:
    """That right starts what was prepared by those who may modify the repository."""
    assert sync_needs_right_to_modify(remote, own, mirror=mirror) is takes_more
