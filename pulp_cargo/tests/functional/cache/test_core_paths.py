"""Pulp's own paths below `/pulp/content/`, which offer nothing of an upstream."""

import pytest
import requests

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream


@pytest.mark.parametrize("policy", ["on_demand", "streamed", "immediate"])
@pytest.mark.parametrize("path", ["x", "config.json", "se/rd/serde", "dir/"])
def test_what_a_cache_has_not_kept_is_not_found(
    cache_of: CacheOf, upstream: SparseUpstream, policy: str, path: str
) -> None:
    """For strangers, too; the upstream is not asked, as nothing would judge what it answers."""
    cache = cache_of(upstream, policy=policy)
    before = len(upstream.asked)
    base_path = cache.rest.get(cache.registry.href)["base_path"]
    answer = requests.get(f"{cache.stack.content_url}/pulp/content/{base_path}/{path}", timeout=60)
    assert (answer.status_code, len(upstream.asked)) == (404, before)
