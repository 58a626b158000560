"""Snapshots and bundles, where files are in an object storage."""

import pytest

from pulp_cargo.tests.functional.storage.conftest import Domain, fetched, must_have
from pulp_cargo.tests.support.bundles import bundle
from pulp_cargo.tests.support.crate import Crate


@pytest.mark.parametrize("kind", ["redirected", "passed"])
def test_bundle_and_snapshot(domains: dict[str, Domain], kind: str, name: str) -> None:
    """A bundle goes to the storage, and the lines of a snapshot come from there."""
    registry = domains[kind].make_registry()
    crate = Crate(name)
    file = bundle(contents={(name, "1.0.0"): crate.packed()})
    path = f"{registry.repository}import_bundle/"
    domains[kind].rest.call("POST", path, files={"file": ("b.tar", file)})
    must_have(registry, crate)
    assert registry.get("snapshot.json").json()["domain"] == domains[kind].name
    lines = fetched(registry.get("snapshot.jsonl"))
    assert lines.startswith(b'{"name":"%s","vers":"1.0.0","cksum":"' % name.encode())
