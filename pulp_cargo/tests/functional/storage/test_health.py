"""The page for probes where domains are enabled."""

from pulp_cargo.tests.functional.endpoints.test_health import health
from pulp_cargo.tests.support.registry import Registry


def test_page_is_above_all_domains(registry: Registry):
    """At the same place as without domains, so that a probe needs to know none."""
    answer = health(registry)
    assert answer.status == 200
    assert answer.json()["status"] == "ok"
    assert registry.get("../").status == 404
