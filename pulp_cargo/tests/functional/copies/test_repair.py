"""Files that the storage lost or spoilt, and what `repair` makes of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream import Upstream

CopyOf = Callable[..., Copy]
pytestmark = pytest.mark.faults


def stored(stack: Stack, crate: Crate, own_url: str = "") -> Path:
    """Return the file in the storage."""
    cksum = crate.cksum(own_url)
    return Path(stack.settings["MEDIA_ROOT"], "artifact", cksum[:2], cksum[2:])


def repair(stack: Stack, registry: Registry) -> dict[str, int]:
    """Repair the newest version, and return what was found."""
    version = stack.rest.get(registry.repository)["latest_version_href"]
    task = stack.rest.post(f"{version}repair/", verify_checksums=True)
    return {report["code"]: report["done"] for report in task["progress_reports"]}


@pytest.mark.parametrize(
    ("damage", "counted"),
    [(Path.unlink, "missing"), (lambda path: path.write_bytes(b"rot"), "corrupted")],
    ids=["lost", "spoilt"],
)
def test_file_that_the_upstream_has_comes_back(
    stack: Stack,
    upstream: Upstream,
    copy_of: CopyOf,
    name: str,
    damage: Callable[[Path], object],
    counted: str,
) -> None:
    """Until then it is 503 and never the wrong bytes, in processes that have not read it before."""
    crates = [Crate(name), Crate(name, "1.1.0")]
    upstream.have(*crates)
    copy = copy_of(upstream.index_url, policy="immediate")
    copy.sync()
    damage(stored(stack, crates[0]))
    answer = copy.registry.download(name)
    assert answer.status == 503
    assert "an administrator can repair the repository version" in answer.detail
    expected = {"repair.missing": 0, "repair.corrupted": 0, "repair.repaired": 1}
    assert repair(stack, copy.registry) == expected | {f"repair.{counted}": 1}
    for crate in crates:
        assert copy.registry.download(name, crate.vers).body == crate.packed()


def test_published_crate_cannot_be_repaired(stack: Stack, name: str) -> None:
    """There is no other place to get it from: the task tells that it is broken, others are well."""
    registry = stack.make_registry()
    lost, kept = Crate(name), Crate(name, "1.1.0")
    for crate in (lost, kept):
        registry.publish(crate)
    stored(stack, lost, registry.index_url).write_bytes(b"rot")
    found = repair(stack, registry)
    assert found == {"repair.missing": 0, "repair.corrupted": 1, "repair.repaired": 0}
    assert registry.download(name, "1.0.0").status == 503
    assert registry.download(name, "1.1.0").body == kept.packed(registry.index_url)
    assert [entry["vers"] for entry in registry.index(name)] == ["1.0.0", "1.1.0"]
    registry.publish(Crate(name, "1.2.0"))
