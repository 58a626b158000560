"""The page that says which versions of a crate policies refuse, and why."""

from pulp_cargo.tests.functional.cache.policies.conftest import Policy, Ruled, lines
from pulp_cargo.tests.functional.pages.conftest import visit
from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack

NONE = "No crate policy refuses a version of this crate."


def test_refused_versions_have_their_policy_and_reason(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """The highest first, with the sentence that a download gets; other versions are not there."""
    made = ruled(block=lines(name, versions=">=2", reason="a <b>bad</b> release"))
    upstream.have(Crate(name), Crate(name, "2.0.0"), Crate(name, "2.10.0"), Crate(name, "2.9.0"))
    page = visit(cache.registry, f"crates/{name}/refused")
    assert page.answer.status == 200
    assert "Crate policies refuse 3 versions, so cargo does not find them" in page.text
    places = [page.text.index(vers) for vers in ("2.10.0", "2.9.0", "2.0.0")]
    assert places == sorted(places)
    assert f"{name} 1.0.0" not in page.text
    for vers in ("2.0.0", "2.9.0", "2.10.0"):
        download = cache.registry.download(name, vers)
        assert download.status == 403
        sentence = download.detail.removesuffix(f" (crate policy `{made['name']}`)")
        assert sentence in page.text
    assert page.text.count(made["name"]) == 3
    assert page.text.count("a <b>bad</b> release") == 3
    assert "<b>bad</b>" not in page.html


def test_page_changes_with_the_policy(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """At once, and without a policy nothing is refused."""
    upstream.have(Crate(name))
    assert NONE in visit(cache.registry, f"crates/{name}/refused").text
    ruled(block=lines(name))
    page = visit(cache.registry, f"crates/{name}/refused")
    assert "Crate policies refuse 1 version, so cargo does not find it" in page.text
    ruled(block=lines(name), dry_run=True)
    assert NONE in visit(cache.registry, f"crates/{name}/refused").text


def test_unknown_crate_has_no_such_page(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """Nor has the page of a registry that does not exist."""
    assert visit(cache.registry, f"crates/{name}/refused").answer.status == 404


def test_page_of_a_crate_leads_there(
    stack: Stack, upstream: SparseUpstream, policy: Policy, name: str
) -> None:
    """Where a policy is in force, and nowhere else."""
    upstream.have(Crate(name), Crate(name, "2.0.0"))
    made = policy(block=lines(name, versions="2"))
    ruled = make_cache(stack, upstream.index_url, crate_policy=made["pulp_href"])
    assert ruled.registry.download(name).status == 200
    assert ruled.keeps(f"{name} 1.0.0")
    page = visit(ruled.registry, f"crates/{name}")
    (link,) = [one for one in page.links if one.endswith("/refused")]
    assert link.endswith(f"/crates/{name}/refused")


def test_registry_without_upstreams_refuses_nothing(registry: Registry, name: str) -> None:
    """So the page of a crate has no link, and a crate that it does not have has no page."""
    registry.publish(Crate(name))
    assert NONE in visit(registry, f"crates/{name}/refused").text
    assert not [one for one in visit(registry, f"crates/{name}").links if one.endswith("/refused")]
    assert visit(registry, f"crates/{name}-other/refused").answer.status == 404
