"""One stack for all settings that hold for a whole Pulp and are in nobody else's way.

It has an advisory database, and sends its numbers to a collector of ours.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf, cache_of
from pulp_cargo.tests.functional.cache.policies.conftest import policy, ruled
from pulp_cargo.tests.support import collector as collectors
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.collector import Collector
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack, started

# Fixtures that are used here as they are.
__all__ = ["cache_of", "policy", "ruled"]

RUSTSEC = """```toml
[advisory]
id = "{id}"
package = "{crate}"
{more}
[versions]
patched = [">= 1.0.1"]
```

# What is wrong with it
"""
OSV = """{"id": "GHSA-1", "affected": [{"package": {"ecosystem": "crates.io", "name": "in-osv"},
 "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.1"}]}]}]}"""
# All are about what is mended in 1.0.1.
FILES = {
    "in-rustsec/RUSTSEC-2031-0001.md": RUSTSEC.format(
        id="RUSTSEC-2031-0001", crate="in-rustsec", more=""
    ),
    "in-osv/GHSA-1.json": OSV,
    "withdrawn/RUSTSEC-2031-0002.md": RUSTSEC.format(
        id="RUSTSEC-2031-0002", crate="withdrawn", more='withdrawn = "2031-01-02"'
    ),
    "broken/RUSTSEC-2031-0003.md": "# no TOML",
}


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    """Where the numbers go."""
    with collectors.running() as running:
        yield running


@pytest.fixture(scope="package")
def advisories(open_directory: Path) -> Path:
    """An advisory database with both forms, and a file that is neither."""
    database = open_directory / "advisory-db"
    for path, text in FILES.items():
        file = database / "crates" / path
        file.parent.mkdir(parents=True)
        file.write_text(text)
    return database


@pytest.fixture(scope="package")
def stack(open_directory: Path, collector: Collector, advisories: Path) -> Iterator[Stack]:
    """A Pulp with both, and one content process."""
    environ = {
        "PULP_CARGO_ADVISORY_DB": str(advisories),
        "PULP_OTEL_ENABLED": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_METRIC_EXPORT_INTERVAL": "250",
    }
    with started(open_directory / "settings", environ=environ) as own:
        yield own


@pytest.fixture(scope="package")
def registry(stack: Stack) -> Registry:
    """The registry that is there from the start."""
    return stack.registry


@pytest.fixture
def cache(cache_of: CacheOf, upstream: SparseUpstream) -> Cache:
    """A cache that has served nothing yet: the crates have the names of the advisories."""
    return cache_of(upstream)
