"""Who may put what beside whose crates, as a table."""

from uuid import UUID, uuid4

import pytest

from pulp_cargo.rules.repository_use import (
    NOTHING,
    DistributionUse,
    RepositoryUse,
    UpstreamUse,
    Use,
    find_conflict,
    needs_right_to_modify,
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
