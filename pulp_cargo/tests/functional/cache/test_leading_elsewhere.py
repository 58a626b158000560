"""An upstream that leads elsewhere: what is there may be nothing that clients may read."""

import time

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import heavy
from pulp_cargo.tests.support.exchange import Page
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, file_path

pytestmark = pytest.mark.faults

# Services of clouds that know the keys of a machine answer there.
METADATA = "http://169.254.169.254"


@pytest.mark.parametrize("by", ["dl", "redirect"])
def test_nothing_of_a_wrong_file_elsewhere_reaches_a_client(
    upstream: SparseUpstream, elsewhere: SparseUpstream, cache_of: CacheOf, name: str, by: str
) -> None:
    """However large it is; the right file does, when all of it is there."""
    crate = heavy(name, 2_000_000)
    upstream.have(crate)
    path = file_path(crate)
    if by == "dl":
        upstream.configure(dl=f"{elsewhere.origin}/files")
    else:
        upstream.faults[path] = broken.redirects_to(elsewhere.origin)
    elsewhere.pages[path] = Page(crate.packed()[::-1])
    registry = cache_of(upstream).registry
    answer = registry.download(name)
    assert answer.status == 502, answer
    assert "checksum" in answer.detail
    elsewhere.pages[path] = Page(crate.packed())
    answer = registry.download(name)
    assert (answer.status, answer.body) == (200, crate.packed())


@pytest.mark.parametrize("host", [METADATA, "http://[::ffff:169.254.169.254]"])
def test_upstream_leads_to_no_metadata_of_a_cloud(
    upstream: SparseUpstream, cache_of: CacheOf, name: str, host: str
) -> None:
    """It is refused at once, with a sentence that names the setting; the index goes on."""
    crate = heavy(name, 10)
    upstream.have(crate)
    upstream.configure(dl=f"{host}/latest")
    cache: Cache = cache_of(upstream)
    begun = time.monotonic()
    for _ in range(8):
        answer = cache.registry.download(name)
        assert answer.status == 502
        assert "CARGO_UPSTREAM_PRIVATE_NETWORKS" in answer.detail
        assert "169.254" not in answer.detail
    assert time.monotonic() - begun < 5
    assert cache.registry.index_file(name).status == 200
