"""A stack with an advisory database, which is a setting of a whole Pulp, and a cache in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack, started

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
def stack(open_directory: Path) -> Iterator[Stack]:
    """A Pulp whose database has advisories in both forms, and a file that is none."""
    database = open_directory / "advisory-db"
    for path, text in FILES.items():
        file = database / "crates" / path
        file.parent.mkdir(parents=True)
        file.write_text(text)
    environ = {"PULP_CARGO_ADVISORY_DB": str(database)}
    with started(open_directory / "advised", "--no-cache", environ=environ) as own:
        yield own


@pytest.fixture
def cache(cache_of: CacheOf, upstream: SparseUpstream) -> Cache:
    """A cache that has served nothing yet: the crates have the names of the advisories."""
    return cache_of(upstream)
