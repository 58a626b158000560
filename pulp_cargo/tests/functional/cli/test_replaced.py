"""`pulp cargo remote replaced`: versions whose bytes an upstream has replaced."""

from typing import Any

import pytest

from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack

REPLACED = (
    "INSERT INTO cargo_replacedversion (remote_id, name, vers, cksum_before, cksum, found_at)"
    " VALUES (%s, %s, %s, %s, %s, now() + %s * interval '1 s')"
)
OLD, NEW = "a" * 64, "b" * 64


@pytest.fixture
def remote(stack: Stack, name: str) -> dict[str, Any]:
    """A remote that has replaced three versions."""
    remote = stack.rest.need("remotes/cargo/cargo/", name=name, url="sparse+https://x.example/")
    pk = remote["prn"].rpartition(":")[2]
    with stack.connect() as database:
        for number, crate in enumerate(("leaf", "leaf", "twig")):
            database.execute(REPLACED, [pk, crate, f"1.0.{number}", OLD, NEW, number])
    return remote


def test_replaced_versions_are_listed_and_accepted(pulp: Pulp, remote: dict[str, Any]) -> None:
    """The last first; an accepted one says when it was."""
    replaced, name = ("remote", "replaced"), remote["name"]

    def listed(*more: str) -> list[str]:
        found = pulp.cargo(*replaced, "list", "--name", name, *more)
        return [f"{one['name']} {one['vers']}" for one in found]

    assert listed() == ["twig 1.0.2", "leaf 1.0.1", "leaf 1.0.0"]
    assert listed("--limit", "1", "--offset", "1") == ["leaf 1.0.1"]
    wanted = ("--crate", "Leaf", "--vers", "1.0.1", "--checksum")
    for given in ("--remote", name), ("--href", remote["pulp_href"]):
        record = pulp.cargo(*replaced, "accept", *given, *wanted, NEW)
        checksums = record["checksum_before"], record["checksum"]
        assert (record["vers"], *checksums) == ("1.0.1", OLD, NEW)
        assert record["accepted_at"]
    assert listed("--accepted") == ["leaf 1.0.1"]
    assert listed("--not-accepted", "--crate", "leaf") == ["leaf 1.0.0"]
    assert listed("--vers", "1.0.2") == ["twig 1.0.2"]
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo(*replaced, "accept", "--name", name, *wanted, OLD)
    assert refused.value.said == (
        f"Error: `{name}` is not known to have replaced the file of `Leaf 1.0.1` with one that has the"
        f" checksum {OLD}.\n"
    )
